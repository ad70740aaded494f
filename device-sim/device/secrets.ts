import type { CommandHandler, CommandHandlers } from '../../clients/js/core/command.js';
import type { Ending } from '../../clients/js/core/reconnect.js';
import { closeCodes } from '../../schemas/tables/closeCodes.js';
import { limits } from '../../schemas/tables/limits.js';

/** A device's secrets, in the order in which it tries them. */
export interface Secrets {
  /** The secret for the next connection attempt. */
  current(): string;
  /** Takes a new secret, which is tried first from now on. */
  rotate(secret: string): void;
  /** This secret opened a link. The newest one replaces all others; if an older one works, the newer ones are kept for later. */
  worked(secret: string): void;
  /** This secret was refused. True if the next attempt uses a secret that was not refused in this round. */
  refused(secret: string): boolean;
}

/** The name of the command with which the gateway pushes a new secret. */
export const rotateSecret = 'tidegate.rotate_secret';

const secretsMax = 4;

/**
 * A new secret is used from the next connection attempt on, and the older ones are kept until it has worked: a device that dropped
 * the old one too early could not come back. `changed` gets the secrets to save, the newest first.
 */
export function createSecrets(
  first: string | readonly string[],
  changed: (secrets: readonly string[]) => void,
): Secrets {
  /** One secret, unless the newest has not worked yet. */
  let kept: readonly string[] = typeof first === 'string' ? [first] : first;
  let at = 0;

  function keep(secrets: readonly string[]): void {
    at = 0;
    if (secrets.length === kept.length && secrets.every((secret, i) => secret === kept[i])) return;
    kept = secrets;
    changed(kept);
  }

  return {
    current: () => kept[at],

    rotate(secret) {
      keep([secret, ...kept.filter((other) => other !== secret)].slice(0, secretsMax));
    },

    worked(secret) {
      keep(secret === kept[0] ? [secret] : [secret, ...kept.filter((other) => other !== secret)]);
    },

    refused(secret) {
      if (kept[at] !== secret) return true;
      at = (at + 1) % kept.length;
      return at !== 0;
    },
  };
}

/** Whether a link ended because of its secret, so that another secret may help. */
export function isAboutSecret(ending: Ending): boolean {
  if (ending.kind === 'refused') return ending.status === 401;
  return ending.kind === 'closed' && ending.code === closeCodes.credential_revoked.code;
}

/** The handlers of a device, with those that every device has. */
export function withBuiltIns(handlers: CommandHandlers, secrets: Pick<Secrets, 'rotate'>): CommandHandlers {
  const rotate: CommandHandler = {
    idempotent: true,
    refuse: ({ params }) =>
      typeof params.secret === 'string' && limits.secretPattern.test(params.secret)
        ? null
        : { code: 'params_invalid', message: `secret must match ${limits.secretPattern.source}` },
    run: ({ secret }) => secrets.rotate(secret as string),
  };
  if (typeof handlers === 'function') return (name) => (name === rotateSecret ? rotate : handlers(name));
  return { ...handlers, [rotateSecret]: rotate };
}

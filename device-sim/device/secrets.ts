import { closeCodes } from '../../schemas/tables/closeCodes.js';
import { limits } from '../../schemas/tables/limits.js';
import type { CommandHandler, CommandHandlers } from './command.js';
import type { Ending } from './reconnect.js';

export type Secrets = ReturnType<typeof createSecrets>;

/** A command that the gateway itself may send. */
export const rotateSecret = 'tidegate.rotate_secret';

const secretsMax = 4;

/**
 * A device's secrets. A new one is used from the next connect on, and those before it are kept until it has worked: a device
 * that threw away the old one too early could not come back.
 */
export function createSecrets(first: string | readonly string[], changed: (secrets: readonly string[]) => void) {
  /** In the order in which they are tried; one unless the newest has not worked yet. */
  let kept: readonly string[] = typeof first === 'string' ? [first] : first;
  let at = 0;

  function keep(secrets: readonly string[]): void {
    at = 0;
    if (secrets.length === kept.length && secrets.every((secret, i) => secret === kept[i])) return;
    kept = secrets;
    changed(kept);
  }

  return {
    current: (): string => kept[at],

    rotate(secret: string): void {
      keep([secret, ...kept.filter((other) => other !== secret)].slice(0, secretsMax));
    },

    /** An older one that still works is used further, and the newer ones are kept for the day when it does not. */
    worked(secret: string): void {
      keep(secret === kept[0] ? [secret] : [secret, ...kept.filter((other) => other !== secret)]);
    },

    /** True where the next attempt is with one that was not refused in this round. */
    refused(secret: string): boolean {
      if (kept[at] !== secret) return true;
      at = (at + 1) % kept.length;
      return at !== 0;
    },
  };
}

/** Whether another secret may help. */
export function isAboutSecret(ending: Ending): boolean {
  if (ending.kind === 'refused') return ending.status === 401;
  return ending.kind === 'close' && ending.code === closeCodes.credential_revoked.code;
}

/** The handlers, and those that every device has. */
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

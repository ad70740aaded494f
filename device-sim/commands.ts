import type { CommandUpdateState } from '../schemas/frame/types.js';

export interface Command {
  id: string;
  name: string;
  params: Record<string, unknown>;
  /** By the gateway's clock; 0: no limit. */
  expiresAt: number;
  known: number;
}

export interface CommandUpdate {
  id: string;
  state: CommandUpdateState;
  result?: unknown;
  error?: { code: string; message?: string };
}

/** Carries out a command; what it returns is the result, what it throws the error of `failed`. */
export interface CommandHandler {
  /** May be run again where the device does not remember having run it. */
  idempotent?: boolean;
  /** `progress`, from 0 to 1, may be told any number of times (C-6). */
  run(params: Record<string, unknown>, progress: (share: number) => void): unknown;
}

/** Outcomes kept; the contract asks for 8. */
const rememberedMax = 32;

/** What a device does with commands (PROTOCOL.md, Commands), apart from any socket. */
export function createCommands(
  handlers: Record<string, CommandHandler>,
  serverNow: () => number,
  send: (update: CommandUpdate) => void,
) {
  const outcomes = new Map<string, CommandUpdate>();

  function remember(update: CommandUpdate): void {
    outcomes.delete(update.id);
    outcomes.set(update.id, update);
    if (outcomes.size > rememberedMax) outcomes.delete(outcomes.keys().next().value as string);
    send(update);
  }

  /** The final word where there is nothing to run. */
  function refusal({ id, name, known, expiresAt }: Command, handler: CommandHandler | undefined): CommandUpdate | null {
    if (expiresAt > 0 && serverNow() > expiresAt) return { id, state: 'rejected', error: { code: 'expired' } };
    if (handler === undefined)
      return { id, state: 'rejected', error: { code: 'unknown_command', message: `there is no ${name}` } };
    return known !== 0 && !handler.idempotent ? { id, state: 'failed', error: { code: 'lost' } } : null;
  }

  /** A handler that tells of progress after its end must not undo the final word. */
  function progress(id: string, share: number): void {
    const state = outcomes.get(id)?.state;
    if (state === 'received' || state === 'running') remember({ id, state: 'running', result: { progress: share } });
  }

  return {
    async receive(command: Command): Promise<void> {
      const before = outcomes.get(command.id);
      if (before !== undefined) return send(before);
      const handler = Object.hasOwn(handlers, command.name) ? handlers[command.name] : undefined;
      const refused = refusal(command, handler);
      if (refused !== null || handler === undefined) return refused === null ? undefined : remember(refused);
      const { id } = command;
      remember({ id, state: 'received' });
      try {
        const result = await handler.run(command.params, (share) => progress(id, share));
        remember({ id, state: 'succeeded', ...(result === undefined ? {} : { result }) });
      } catch (error) {
        remember({ id, state: 'failed', error: { code: 'error', message: (error as Error).message } });
      }
    },
  };
}

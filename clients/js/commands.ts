import { type Command, type CommandUpdate, commandsKept } from './protocol.js';
import type { Change } from './storage.js';

/** Carries out a command. What it returns is the result; what it throws is the error of `failed`. */
export interface CommandHandler {
  /** May be run again where the device does not remember whether it ran. */
  idempotent?: boolean;
  run(params: Record<string, unknown>, progress: (share: number) => void): unknown;
}

/** To be thrown by a handler: its code goes into the error. */
export class CommandFailure extends Error {
  constructor(
    readonly code: string,
    message = code,
  ) {
    super(message);
  }
}

export interface CommandsOptions {
  handlers: Record<string, CommandHandler>;
  /** By the gateway's clock (C-13). */
  serverNow(): number;
  /** Resolves when the changes are written down. */
  write(changes: readonly Change[]): Promise<void>;
  /** To the gateway, where there is a link. */
  tell(update: CommandUpdate): void;
  /** The action is about to be run. */
  executed(command: Command): void;
  /** What was kept over a restart, by key. */
  kept?: ReadonlyMap<string, string>;
}

/** `update` null: begun, and not known how it ended. */
interface Known {
  order: number;
  update: CommandUpdate | null;
}

export const commandPrefix = 'command:';

/** What a device does with commands (PROTOCOL.md section 8), apart from any socket. */
export function createCommands({ handlers, serverNow, write, tell, executed, kept }: CommandsOptions) {
  const known = restored(kept ?? new Map());
  const running = new Set<string>();
  let order = Math.max(0, ...[...known.values()].map((one) => one.order));

  /** Written down, with what is forgotten for it. */
  function keep(id: string, update: CommandUpdate | null): Promise<void> {
    const entry: Known = { order: known.get(id)?.order ?? ++order, update };
    known.set(id, entry);
    const changes: Change[] = [{ key: commandPrefix + id, text: JSON.stringify(entry) }];
    for (const other of known.keys()) {
      if (known.size <= commandsKept) break;
      if (running.has(other) || other === id) continue;
      known.delete(other);
      changes.push({ key: commandPrefix + other, text: null });
    }
    return write(changes);
  }

  /** What could not be written down is told all the same: the gateway then does not ask again. */
  async function end(update: CommandUpdate): Promise<void> {
    try {
      await keep(update.id, update);
    } finally {
      tell(update);
    }
  }

  /** The final word where there is nothing to run. */
  function refusal({ id, name, known: sent, expiresAt }: Command, handler?: CommandHandler): CommandUpdate | null {
    const says = (state: 'failed' | 'rejected', code: string): CommandUpdate => ({
      type: 'command_update',
      id,
      state,
      error: { code },
    });
    if (handler === undefined)
      return {
        ...says('rejected', 'unknown_command'),
        error: { code: 'unknown_command', message: `there is no ${name}` },
      };
    const overdue = expiresAt > 0 && serverNow() > expiresAt;
    if (sent !== 0 && (overdue || !handler.idempotent)) return says('failed', 'lost');
    return overdue ? says('rejected', 'expired') : null;
  }

  function lost(id: string): Promise<void> {
    return end({ type: 'command_update', id, state: 'failed', error: { code: 'lost' } });
  }

  async function run(command: Command, handler: CommandHandler): Promise<void> {
    const { id } = command;
    running.add(id);
    tell({ type: 'command_update', id, state: 'received' });
    try {
      if (!handler.idempotent) await keep(id, null);
    } catch (error) {
      running.delete(id);
      await end({ type: 'command_update', id, state: 'failed', error: { code: 'not_saved' } }).catch(() => {});
      throw error;
    }
    executed(command);
    const outcome = await outcomeOf(handler, command, (share) => {
      if (running.has(id)) tell({ type: 'command_update', id, state: 'running', result: { progress: share } });
    });
    running.delete(id);
    await end({ type: 'command_update', id, ...outcome });
  }

  return {
    /** Resolves when its final word is told, or there is nothing to tell. */
    async receive(command: Command): Promise<void> {
      const { id, name } = command;
      if (running.has(id)) return tell({ type: 'command_update', id, state: 'running' });
      const handler = Object.hasOwn(handlers, name) ? handlers[name] : undefined;
      const before = known.get(id);
      if (before !== undefined) return before.update === null ? lost(id) : tell(before.update);
      const refused = refusal(command, handler);
      return refused === null ? run(command, handler as CommandHandler) : end(refused);
    },
  };
}

type Outcome = Pick<CommandUpdate, 'state' | 'result' | 'error'>;

async function outcomeOf(
  handler: CommandHandler,
  { params }: Command,
  progress: (share: number) => void,
): Promise<Outcome> {
  try {
    const result = await handler.run(params, progress);
    return result === undefined ? { state: 'succeeded' } : { state: 'succeeded', result };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { state: 'failed', error: { code: error instanceof CommandFailure ? error.code : 'error', message } };
  }
}

/** In the order in which they came, so that the oldest is forgotten first. */
function restored(kept: ReadonlyMap<string, string>): Map<string, Known> {
  const entries = [...kept]
    .filter(([key]) => key.startsWith(commandPrefix))
    .map(([key, text]): [string, Known] => [key.slice(commandPrefix.length), JSON.parse(text) as Known]);
  return new Map(entries.sort(([, a], [, b]) => a.order - b.order));
}

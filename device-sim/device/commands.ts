import type { Command, CommandFault, CommandHandler, CommandHandlers, CommandUpdate } from './command.js';
import { type CommandStore, createMemoryStore } from './commandStore.js';

/** Final words kept; the contract asks for 8. */
const rememberedMax = 32;

/** Commands that may run at a time; a gateway has one in flight unless told otherwise. */
const runningMax = 32;

/**
 * What a device does with commands (PROTOCOL.md, section 8), apart from any socket. A command is written down before it is
 * run, and its final word before it is told; so a device that crashed in between knows that it may have been run, and says
 * `lost` rather than run it again.
 */
export function createCommands(
  handlers: CommandHandlers,
  serverNow: () => number,
  send: (update: CommandUpdate) => void,
  store: CommandStore = createMemoryStore(),
) {
  /** What was last said of commands under way. */
  const running = new Map<string, CommandUpdate>();
  /** Final words, the newest last; null: begun before a crash. */
  const ended = new Map<string, CommandUpdate | null>();
  for (const { id, outcome } of store.load()) remember(id, outcome);

  function remember(id: string, outcome: CommandUpdate | null): void {
    ended.delete(id);
    ended.set(id, outcome);
    if (ended.size > rememberedMax) ended.delete(ended.keys().next().value as string);
  }

  function handlerOf(name: string): CommandHandler | undefined {
    if (typeof handlers === 'function') return handlers(name);
    return Object.hasOwn(handlers, name) ? handlers[name] : undefined;
  }

  /**
   * The final word where there is nothing to run. One that may have been run is lost before it is anything else: to call it
   * expired would say that it was not.
   */
  function refusal(command: Command, handler: CommandHandler | undefined): CommandUpdate | null {
    const { id, name, known, expiresAt } = command;
    const rejected = (error: CommandFault): CommandUpdate => ({ id, state: 'rejected', error });
    if (handler === undefined) return rejected({ code: 'unknown_command', message: `there is no ${name}` });
    const mayHaveRun = known !== 0 || ended.has(id);
    if (mayHaveRun && !handler.idempotent) return { id, state: 'failed', error: { code: 'lost' } };
    if (expiresAt > 0 && serverNow() > expiresAt) return rejected({ code: 'expired' });
    if (running.size >= runningMax) return rejected({ code: 'busy', message: `${runningMax} commands are running` });
    const fault = handler.refuse?.(command) ?? null;
    return fault === null ? null : rejected(fault);
  }

  /** Where the word cannot be written down it still is the truth, for as long as the device lives. */
  function finish(update: CommandUpdate): void {
    const { id } = update;
    running.delete(id);
    remember(id, update);
    try {
      store.keep({ id, outcome: update });
    } catch {
      // After a crash it is told as lost.
    }
    send(update);
  }

  function say(update: CommandUpdate): void {
    running.set(update.id, update);
    send(update);
  }

  async function run(command: Command, handler: CommandHandler): Promise<void> {
    const { id, params } = command;
    const progress = (share: number): void => {
      if (running.has(id)) say({ id, state: 'running', result: { progress: share } });
    };
    let outcome: CommandUpdate;
    try {
      const result = await handler.run(params, progress, command);
      outcome = { id, state: 'succeeded', ...(result === undefined ? {} : { result }) };
    } catch (error) {
      outcome = { id, state: 'failed', error: { code: 'error', message: (error as Error).message } };
    }
    finish(outcome);
    if (outcome.state === 'succeeded') handler.after?.(command);
  }

  return {
    async receive(command: Command): Promise<void> {
      const { id } = command;
      const before = running.get(id) ?? ended.get(id);
      if (before != null) return send(before);
      const handler = handlerOf(command.name);
      const refused = refusal(command, handler);
      if (refused !== null || handler === undefined) return refused === null ? undefined : finish(refused);
      if (!handler.idempotent) {
        try {
          store.keep({ id, outcome: null });
        } catch (error) {
          return send({ id, state: 'rejected', error: { code: 'not_kept', message: (error as Error).message } });
        }
      }
      say({ id, state: 'received' });
      await run(command, handler);
    },
  };
}

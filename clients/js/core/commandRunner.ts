import {
  CommandFailure,
  type CommandHandler,
  type CommandHandlers,
  type CommandMemory,
  type Outcome,
} from './command.js';
import type { Command, CommandError, CommandUpdate } from './messages.js';

/** Outcomes that are remembered; the protocol asks for 8 (C-3). */
const rememberedMax = 32;
/** Commands that may run at the same time. */
const runningMax = 32;

/** What a command runner needs from its device. */
export interface CommandRunnerOptions {
  handlers: CommandHandlers;
  memory: CommandMemory;
  /** Unix ms by the gateway's clock (C-13). */
  gatewayNow(): number;
  /** Sends an update to the gateway. It may be lost: the gateway then sends the command again (C-2). */
  report(update: CommandUpdate): void;
  /** The action of this command begins now. */
  executed?(command: Command): void;
  /** The memory could not save something. */
  memoryFailed?(error: unknown): void;
}

/**
 * What a device does with commands (PROTOCOL.md section 8), without any socket or disk. That a command began is saved before its
 * action runs, and the outcome before it is reported. So a device that crashed in between knows that the action may have run, and
 * reports `lost` instead of running it again.
 */
export class CommandRunner {
  readonly #options: CommandRunnerOptions;
  /** The last update of each command that runs. */
  readonly #running = new Map<string, CommandUpdate>();
  /** The oldest first. Null: the command began, and its end is unknown. */
  readonly #remembered = new Map<string, Outcome | null>();

  constructor(options: CommandRunnerOptions) {
    this.#options = options;
    for (const { id, outcome } of options.memory.load()) this.#remembered.set(id, outcome);
  }

  /** Handles a command of the gateway. Resolves when its outcome is reported, or when there is nothing to report. Never rejects. */
  async receive(command: Command): Promise<void> {
    const { id } = command;
    const latest = this.#running.get(id);
    if (latest !== undefined) return this.#options.report({ ...latest, state: 'running' });
    const outcome = this.#remembered.get(id);
    if (outcome === null) return this.#end(lost(id));
    if (outcome !== undefined) return this.#options.report(outcome);
    const handler = this.#handlerOf(command.name);
    if (handler === undefined)
      return this.#end(rejected(id, { code: 'unknown_command', message: `there is no command ${command.name}` }));
    const refusal = this.#refusalOf(command, handler);
    return refusal === null ? this.#run(command, handler) : this.#end(refusal);
  }

  #handlerOf(name: string): CommandHandler | undefined {
    const { handlers } = this.#options;
    if (typeof handlers === 'function') return handlers(name);
    return Object.hasOwn(handlers, name) ? handlers[name] : undefined;
  }

  /** The outcome of a command that the device does not remember and will not run. Null if it is to run. */
  #refusalOf(command: Command, handler: CommandHandler): Outcome | null {
    const { id, known, expiresAt } = command;
    const isOverdue = expiresAt > 0 && this.#options.gatewayNow() > expiresAt;
    // An action that may have run is lost (C-4, C-12). To call it expired would say that it did not run.
    if (known !== 0 && (isOverdue || !handler.idempotent)) return lost(id);
    if (isOverdue) return rejected(id, { code: 'expired' });
    if (this.#running.size >= runningMax)
      return rejected(id, { code: 'busy', message: `${runningMax} commands are running` });
    const error = handler.refuse?.(command) ?? null;
    return error === null ? null : rejected(id, error);
  }

  async #run(command: Command, handler: CommandHandler): Promise<void> {
    const { id } = command;
    this.#progress({ id, state: 'received' });
    if (!handler.idempotent && !(await this.#keep(id, null))) return this.#end(failed(id, { code: 'not_saved' }));
    this.#options.executed?.(command);
    const outcome = await outcomeOf(handler, command, (share) => {
      if (this.#running.has(id)) this.#progress({ id, state: 'running', result: { progress: share } });
    });
    await this.#end(outcome);
    if (outcome.state === 'succeeded') handler.after?.(command);
  }

  #progress(update: CommandUpdate): void {
    this.#running.set(update.id, update);
    this.#options.report(update);
  }

  /** An outcome that cannot be saved is reported all the same: the gateway then does not send the command again. */
  async #end(outcome: Outcome): Promise<void> {
    this.#running.delete(outcome.id);
    await this.#keep(outcome.id, outcome);
    this.#options.report(outcome);
  }

  /** Remembers, and forgets the oldest beyond the limit. False if it could not be saved. */
  async #keep(id: string, outcome: Outcome | null): Promise<boolean> {
    this.#remembered.set(id, outcome);
    const forgotten: string[] = [];
    for (const other of this.#remembered.keys()) {
      if (this.#remembered.size <= rememberedMax) break;
      if (this.#running.has(other) || other === id) continue;
      this.#remembered.delete(other);
      forgotten.push(other);
    }
    try {
      await this.#options.memory.keep({ id, outcome }, forgotten);
      return true;
    } catch (error) {
      this.#options.memoryFailed?.(error);
      return false;
    }
  }
}

const lost = (id: string): Outcome => failed(id, { code: 'lost' });
const failed = (id: string, error: CommandError): Outcome => ({ id, state: 'failed', error });
const rejected = (id: string, error: CommandError): Outcome => ({ id, state: 'rejected', error });

async function outcomeOf(
  handler: CommandHandler,
  command: Command,
  progress: (share: number) => void,
): Promise<Outcome> {
  const { id, params } = command;
  try {
    const result = await handler.run(params, progress, command);
    return result === undefined ? { id, state: 'succeeded' } : { id, state: 'succeeded', result };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return failed(id, { code: error instanceof CommandFailure ? error.code : 'error', message });
  }
}

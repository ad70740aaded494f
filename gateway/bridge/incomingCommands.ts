import { createAjv, late } from '../../schemas/ajv.js';
import type {
  BridgeCommand,
  BridgeCommandAnswer,
  BridgeCommandError,
  BridgeErrorCause,
} from '../../schemas/generated/bridge.js';
import { loadSchema } from '../../schemas/load.js';
import { roundedNumbers, roundedRule } from '../../schemas/message/numbers.js';
import { sentenceOf } from '../../schemas/sentenceOf.js';
import type { Commands } from '../command/commands.js';
import { newCommandOf } from '../command/creation.js';
import { CommandConflict, CommandError } from '../command/errors.js';
import type { CommandRecord } from '../domain/command.js';
import type { Device } from '../domain/device.js';
import type { Clock } from '../process/clock.js';
import type { CommandAnswer, IncomingCommand, Reply } from './calls.js';
import type { Topics } from './messages/topics.js';

/** The author of commands from MQTT. */
export const mqttAuthor = 'mqtt';

const payloadBytesMax = 65_536;

/** Commands whose MQTT 5 response topics are kept. If there are more, the oldest gets its answers on the usual topic only. */
const repliesMax = 10_000;

const errorName = 'error';

export interface BridgeCommandsOptions {
  clock: Clock;
  topics: Topics;
  commands: Pick<Commands, 'create' | 'hashOf'>;
  /** The command as it is on disk. */
  readCommand(id: string): Promise<CommandRecord | null>;
  deviceById(id: string): Device | undefined;
  isFinal(state: CommandRecord['state']): boolean;
  /** Counts a message by the code of its refusal, or as `created`. */
  counted(what: string): void;
}

const validate = late(() => createAjv({ allErrors: true }).compile<BridgeCommand>(loadSchema('bridge/command')));

/** Why a message creates no command. */
class Refusal extends Error {
  constructor(
    readonly code: BridgeErrorCause['code'],
    message: string,
    readonly errors?: { path: string; message: string }[],
  ) {
    super(message);
  }
}

/** Commands from MQTT. They have the same checks, states and audit as the ones from HTTP. Every message gets an answer. */
export interface BridgeCommands {
  /** Creates the command that a message asks for, or answers why not. Never rejects. */
  receive(message: IncomingCommand, answer: (answer: CommandAnswer) => void): Promise<void>;
  /** The answer for a command whose state is on disk; null: it is not from MQTT, or was answered when it was created. */
  moved(record: CommandRecord): CommandAnswer | null;
}

export function createBridgeCommands(options: BridgeCommandsOptions): BridgeCommands {
  const { clock, topics, commands } = options;
  const replies = new Map<string, Reply>();

  async function receive(message: IncomingCommand, answer: (answer: CommandAnswer) => void): Promise<void> {
    const device = topics.deviceOfCommand(message.topic) ?? '';
    let key: string | undefined;
    try {
      const body = bodyOf(message);
      key = body.idempotencyKey;
      const { id, record: fresh } = await create(device, body);
      keepReply(id, message.reply);
      options.counted('created');
      const record = fresh ?? (await options.readCommand(id));
      if (record !== null) answer(answerOf(record));
    } catch (error) {
      const refusal = refusalOf(error as Error);
      options.counted(refusal.code);
      answer({
        device,
        name: errorName,
        payload: JSON.stringify(errorBody(device, refusal, key)),
        reply: message.reply,
      });
    }
  }

  async function create(id: string, { idempotencyKey, ...body }: BridgeCommand) {
    const device = options.deviceById(id);
    if (device === undefined) throw new Refusal('device_unknown', `There is no device ${id.slice(0, 64)}`);
    return commands.create(
      device,
      newCommandOf(body),
      mqttAuthor,
      idempotencyKey ?? null,
      commands.hashOf(device, body),
    );
  }

  function errorBody(device: string, { code, message, errors }: Refusal, key: string | undefined): BridgeCommandError {
    return {
      device: device.slice(0, 64),
      error: { code, message, ...(errors === undefined ? {} : { errors }) },
      at: clock.now(),
      ...(key === undefined ? {} : { idempotencyKey: key }),
    };
  }

  function answerOf({ id, device, name, state, result, error, idempotencyKey }: CommandRecord): CommandAnswer {
    const body: BridgeCommandAnswer = {
      id,
      device,
      name,
      state,
      result: result as null,
      error: error as null,
      at: clock.now(),
      ...(idempotencyKey === null ? {} : { idempotencyKey }),
    };
    const reply = replies.get(id) ?? null;
    if (options.isFinal(state)) replies.delete(id);
    return { device, name: id, payload: JSON.stringify(body), reply };
  }

  function keepReply(id: string, reply: Reply | null): void {
    if (reply === null) return;
    replies.set(id, reply);
    if (replies.size <= repliesMax) return;
    for (const oldest of replies.keys()) return void replies.delete(oldest);
  }

  return {
    receive,
    moved: (record) => (record.by === mqttAuthor && record.state !== 'queued' ? answerOf(record) : null),
  };
}

/** Throws Refusal. */
function bodyOf({ payload, retained }: IncomingCommand): BridgeCommand {
  if (retained)
    throw new Refusal(
      'retained',
      'A retained message would be carried out again at every connect: send it without retain',
    );
  if (payload.byteLength > payloadBytesMax)
    throw new Refusal('body_too_large', `The message has ${payload.byteLength} bytes; the limit is ${payloadBytesMax}`);
  const text = Buffer.from(payload).toString();
  const body = parsed(text);
  const rounded = roundedNumbers(text).map((path) => ({ path, message: roundedRule }));
  if (rounded.length > 0) throw new Refusal('body_invalid', 'Some numbers are too large', rounded);
  if (!validate()(body))
    throw new Refusal('body_invalid', 'The message does not match the schema of this topic', faultsOf());
  return body;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Refusal('json_invalid', 'The message is not JSON');
  }
}

const faultsOf = (): { path: string; message: string }[] =>
  (validate().errors ?? []).map((error) => ({ path: error.instancePath, message: sentenceOf(error) }));

/** An error that is no refusal of the command comes from the store. */
function refusalOf(error: Error): Refusal {
  if (error instanceof Refusal) return error;
  if (error instanceof CommandError) return new Refusal(error.code, error.message, error.errors);
  if (error instanceof CommandConflict && error.code === 'idempotency_conflict')
    return new Refusal(error.code, error.message);
  return new Refusal('storage_unavailable', 'The store cannot be written to at present');
}

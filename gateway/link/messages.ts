import { decodeCommandUpdate, decodeTimeRequest } from '../../schemas/frame/decode.js';
import { createFrameBuffer, type FrameBuffer } from '../../schemas/frame/frameBuffer.js';
import { frameTypes } from '../../schemas/frame/layout.js';
import { checkPrefix, checkTelemetry, createTelemetryHeader, readableSeq } from '../../schemas/frame/telemetry.js';
import type { CommandUpdateFrame } from '../../schemas/frame/types.js';
import type { HelloMessage } from '../../schemas/generated/device.js';
import { type ParsedUp, parseUpMessage, type UpMessage } from '../../schemas/message/up.js';
import type { Fault } from '../../schemas/tables/faults.js';
import { limits } from '../../schemas/tables/limits.js';
import type { Encoding } from '../../schemas/tables/subprotocols.js';
import type { DeviceRates } from '../admission/deviceRates.js';
import type { Ingest } from '../ingest/ingest.js';
import type { Clock } from '../process/clock.js';
import type { Answers } from './answers.js';
import type { Link } from './link.js';

export interface MessagesOptions {
  clock: Clock;
  ingest: Ingest;
  answers: Answers;
  trace: { readonly on: boolean; follow(link: Link, message: Uint8Array, encoding: Encoding, take: () => void): void };
  rates: Pick<DeviceRates, 'admit'>;
  hello(link: Link, message: HelloMessage): void;
  /** Returns the fault if the update cannot be taken. */
  commandUpdate(link: Link, update: Pick<CommandUpdateFrame, 'id' | 'state' | 'result' | 'error'>): Verdict;
}

/** The fault of a message, or null; a promise if the store must be asked. */
type Verdict = Fault | null | Promise<Fault | null>;

/** From a WebSocket message to the stage that it concerns. What cannot be read is refused here. */
export class Messages {
  /** One buffer and one header for all frames, so that a frame allocates neither. */
  private readonly buffer: FrameBuffer = createFrameBuffer(limits.maxFrameBytes);
  private readonly header = createTelemetryHeader();

  constructor(private readonly options: MessagesOptions) {}

  /** Takes one WebSocket message of a link. `bytes` is valid during the call only. */
  readonly receive = (link: Link, bytes: Uint8Array, isBinary: boolean): void => {
    const { rates, trace } = this.options;
    const waitMs = rates.admit(link.source, bytes.length);
    if (waitMs > 0) return link.drain('rate_limited', waitMs);
    if (trace.on) trace.follow(link, bytes, isBinary ? 'binary' : 'json', () => this.take(link, bytes, isBinary));
    else this.take(link, bytes, isBinary);
  };

  private take(link: Link, bytes: Uint8Array, isBinary: boolean): void {
    const encoding = isBinary ? 'binary' : 'json';
    if (bytes.length > limits.maxFrameBytes) this.refuseLarge(link, bytes, encoding);
    else if (isBinary) this.takeBinary(link, bytes);
    else this.takeText(link, bytes);
  }

  private takeBinary(link: Link, message: Uint8Array): void {
    const { buffer, header } = this;
    const { ingest, commandUpdate } = this.options;
    const { length } = message;
    buffer.u8.set(message);
    const fault = checkPrefix(buffer, length);
    if (fault !== null) return ingest.refuse(link, 0, fault, message, 'binary');
    switch (message[1]) {
      case frameTypes.telemetry: {
        const problem = checkTelemetry(buffer, length, header);
        if (problem === null) ingest.binary(link, buffer, header, length);
        else ingest.refuse(link, readableSeq(buffer, length), problem, message, 'binary');
        return;
      }
      case frameTypes.commandUpdate:
        return this.use(link, message, decodeCommandUpdate(message), (update) => commandUpdate(link, update));
      case frameTypes.timeRequest:
        return this.use(link, message, decodeTimeRequest(message), ({ echo }) => this.answerTime(link, echo));
      default: {
        const type = `0x${message[1].toString(16).padStart(2, '0')}`;
        const unknown: Fault = { code: 'type_unknown', message: `type ${type} is not one a device may send` };
        ingest.refuse(link, 0, unknown, message, 'binary');
      }
    }
  }

  private takeText(link: Link, message: Uint8Array): void {
    const parsed = parseUpMessage(textOf(message));
    const follows = link.cutText;
    link.cutText = !parsed.ok && (parsed.piece === 'begins' || (follows && parsed.piece === 'continues'));
    if (!parsed.ok) {
      const fault = follows && parsed.piece === 'continues' ? partsFault : parsed.fault;
      return this.refuseText(link, parsed, fault, message);
    }
    this.refuseIf(link, this.takeMessage(link, parsed.message, message), message, 'json');
  }

  /** Text that is not UTF-8 has ended the link, and the transport keeps its bytes: the operator finds at least the reason. */
  readonly notUtf8 = (link: Link): void => this.options.ingest.refuse(link, 0, notUtf8Fault, new Uint8Array(0), 'json');

  private refuseText(link: Link, { seq, table }: RefusedUp, fault: Fault, message: Uint8Array): void {
    const { ingest } = this.options;
    if (table !== null) ingest.declarationRefused(link, table);
    ingest.refuse(link, seq, fault, message, 'json');
  }

  private takeMessage(link: Link, message: UpMessage, bytes: Uint8Array): Verdict {
    const { ingest, hello, commandUpdate } = this.options;
    switch (message.type) {
      case 'hello':
        link.countExtra();
        if (link.state === 'open') hello(link, message);
        return null;
      case 'metrics':
        link.countExtra();
        return link.state === 'open' ? ingest.declare(link, message) : null;
      case 'command_update':
        return commandUpdate(link, message);
      case 'time':
        return this.answerTime(link, message.echo);
      default:
        ingest.json(link, message, bytes);
        return null;
    }
  }

  private answerTime(link: Link, echo: number): null {
    const { answers, clock } = this.options;
    link.countExtra();
    if (link.state === 'open') link.send(answers.time(link.encoding, echo, clock.now()));
    return null;
  }

  private use<Frame extends object>(
    link: Link,
    message: Uint8Array,
    frame: Frame | Fault,
    handle: (frame: Frame) => Verdict,
  ): void {
    this.refuseIf(link, 'code' in frame ? (frame as Fault) : handle(frame as Frame), message, 'binary');
  }

  /** Refuses the message if the verdict is a fault. A verdict that takes a moment judges a copy, because the message is gone by then. */
  private refuseIf(link: Link, verdict: Verdict, message: Uint8Array, encoding: Encoding): void {
    const { ingest } = this.options;
    if (verdict === null) return;
    if (!(verdict instanceof Promise)) return ingest.refuse(link, 0, verdict, message, encoding);
    const copy = message.slice();
    verdict.then(
      (fault) => {
        if (fault !== null && link.state === 'open') ingest.refuse(link, 0, fault, copy, encoding);
      },
      // The store cannot be read: the device will send its word again.
      () => {},
    );
  }

  private refuseLarge(link: Link, message: Uint8Array, encoding: Encoding): void {
    const detail = `${message.length} bytes; at most ${limits.maxFrameBytes} are taken`;
    const fault: Fault = { code: 'frame_too_large', message: detail };
    if (encoding === 'binary') this.options.ingest.refuse(link, this.seqOfLarge(message), fault, message, encoding);
    else this.refuseText(link, refusedOf(message), fault, message);
  }

  private seqOfLarge(message: Uint8Array): number {
    this.buffer.u8.set(message.subarray(0, 8));
    return readableSeq(this.buffer, message.length);
  }
}

type RefusedUp = Pick<Extract<ParsedUp, { ok: false }>, 'seq' | 'table'>;

/** What a text that is too large would have been: without its seq the device would send it for ever. */
function refusedOf(message: Uint8Array): RefusedUp {
  const parsed = parseUpMessage(textOf(message));
  if (!parsed.ok) return parsed;
  const { message: known } = parsed;
  if (known.type === 'metrics') return { seq: 0, table: known.table ?? 0 };
  return { seq: 'seq' in known && typeof known.seq === 'number' ? known.seq : 0, table: null };
}

const partsFault: Fault = {
  code: 'json_invalid',
  message: 'parts of one message? It goes on where the text before ended: send each message whole, as one',
};

const notUtf8Fault: Fault = {
  code: 'json_invalid',
  message: 'a text that is not UTF-8 ended the link; its bytes are not known',
};

function textOf(message: Uint8Array): string {
  return Buffer.from(message.buffer, message.byteOffset, message.byteLength).toString();
}

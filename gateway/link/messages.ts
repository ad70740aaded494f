import { decodeCommandUpdate, decodeTimeRequest } from '../../schemas/frame/decode.js';
import { createFrameBuffer, type FrameBuffer } from '../../schemas/frame/frameBuffer.js';
import { frameTypes } from '../../schemas/frame/layout.js';
import { checkPrefix, checkTelemetry, createTelemetryHeader, readableSeq } from '../../schemas/frame/telemetry.js';
import type { CommandUpdateFrame } from '../../schemas/frame/types.js';
import type { HelloMessage } from '../../schemas/generated/device.js';
import { parseUpMessage } from '../../schemas/message/up.js';
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
  /** The fault where the update cannot be taken. */
  commandUpdate(
    link: Link,
    update: Pick<CommandUpdateFrame, 'id' | 'state' | 'result' | 'error'>,
  ): Fault | null | Promise<Fault | null>;
}

export interface Messages {
  /** Takes one WebSocket message of a link. `message` is valid during the call only. */
  receive(link: Link, message: ArrayBuffer, isBinary: boolean): void;
}

/** From a WebSocket message to the stage that it concerns. What cannot be read is refused here. */
export function createMessages({
  clock,
  ingest,
  answers,
  rates,
  trace,
  hello,
  commandUpdate,
}: MessagesOptions): Messages {
  const buffer: FrameBuffer = createFrameBuffer(limits.maxFrameBytes);
  const header = createTelemetryHeader();

  function receiveBinary(link: Link, message: Uint8Array): void {
    const { length } = message;
    if (length > limits.maxFrameBytes) return refuseLarge(link, message, 'binary');
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
        return use(link, message, decodeCommandUpdate(message), (update) => commandUpdate(link, update));
      case frameTypes.timeRequest:
        return use(link, message, decodeTimeRequest(message), ({ echo }) => answerTime(link, echo));
      default: {
        const type = `0x${message[1].toString(16).padStart(2, '0')}`;
        ingest.refuse(
          link,
          0,
          { code: 'type_unknown', message: `type ${type} is not one a device may send` },
          message,
          'binary',
        );
      }
    }
  }

  function use<Frame extends object>(
    link: Link,
    message: Uint8Array,
    frame: Frame | Fault,
    handle: (frame: Frame) => Fault | null | Promise<Fault | null>,
  ): void {
    refuseIf(link, 'code' in frame ? (frame as Fault) : handle(frame as Frame), message, 'binary');
  }

  /** A verdict that takes a moment is that of a copy, since the message is gone by then. */
  function refuseIf(
    link: Link,
    verdict: Fault | null | Promise<Fault | null>,
    message: Uint8Array,
    encoding: Encoding,
  ): void {
    if (verdict === null) return;
    if (!(verdict instanceof Promise)) return ingest.refuse(link, 0, verdict, message, encoding);
    const copy = message.slice();
    verdict.then(
      (fault) => {
        if (fault !== null && link.state === 'open') ingest.refuse(link, 0, fault, copy, encoding);
      },
      // The store cannot be read: the device will say it again.
      () => {},
    );
  }

  function answerTime(link: Link, echo: number): null {
    link.countExtra();
    if (link.state === 'open') link.send(answers.time(link.encoding, echo, clock.now()));
    return null;
  }

  function receiveText(link: Link, message: Uint8Array): void {
    if (message.length > limits.maxFrameBytes) return refuseLarge(link, message, 'json');
    const parsed = parseUpMessage(textOf(message));
    if (!parsed.ok) return ingest.refuse(link, parsed.seq, parsed.fault, message, 'json');
    refuseIf(link, takeMessage(link, parsed.message, message), message, 'json');
  }

  function takeMessage(
    link: Link,
    message: Extract<ReturnType<typeof parseUpMessage>, { ok: true }>['message'],
    bytes: Uint8Array,
  ): Fault | null | Promise<Fault | null> {
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
        return answerTime(link, message.echo);
      default:
        ingest.json(link, message, bytes);
        return null;
    }
  }

  function take(link: Link, bytes: Uint8Array, isBinary: boolean): void {
    if (isBinary) receiveBinary(link, bytes);
    else receiveText(link, bytes);
  }

  function refuseLarge(link: Link, message: Uint8Array, encoding: Encoding): void {
    const detail = `${message.length} bytes; at most ${limits.maxFrameBytes} are taken`;
    const seq = encoding === 'binary' ? seqOfLarge(message) : seqOfLargeText(message);
    ingest.refuse(link, seq, { code: 'frame_too_large', message: detail }, message, encoding);
  }

  function seqOfLarge(message: Uint8Array): number {
    buffer.u8.set(message.subarray(0, 8));
    return readableSeq(buffer, message.length);
  }

  return {
    receive(link, message, isBinary) {
      const waitMs = rates.admit(link.source, message.byteLength);
      if (waitMs > 0) return link.drain('rate_limited', waitMs);
      const bytes = new Uint8Array(message);
      if (trace.on) trace.follow(link, bytes, isBinary ? 'binary' : 'json', () => take(link, bytes, isBinary));
      else take(link, bytes, isBinary);
    },
  };
}

/** Too large to be checked, but the device must learn which frame it is: else it would send it for ever. */
function seqOfLargeText(message: Uint8Array): number {
  const parsed = parseUpMessage(textOf(message));
  if (!parsed.ok) return parsed.seq;
  return 'seq' in parsed.message && typeof parsed.message.seq === 'number' ? parsed.message.seq : 0;
}

function textOf(message: Uint8Array): string {
  return Buffer.from(message.buffer, message.byteOffset, message.byteLength).toString();
}

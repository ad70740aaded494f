import { strict as assert } from 'node:assert';
import { type Message, payloadOf } from '../messages/message.js';
import type { FeedEntry } from './feed.js';

/** Beyond so many bytes of payload in flight the window is taken for full. */
const bytesMax = 8 * 1024 * 1024;

export interface OutboxOptions {
  /** Hands a message to the broker; `done` with null once it is acknowledged. */
  publish(message: Message, payload: string, done: (error: Error | null) => void): void;
  next(): FeedEntry | null;
  /** Everything up to here is acknowledged. */
  moved(position: number): void;
  /** The broker takes it no further for now: `resume` is to be called after a while. */
  refused(error: Error): void;
  /** Calls back when the events at hand are through: what many acks make room for is sent in one write. */
  soon(run: () => void): void;
  /** Unix ms. */
  now(): number;
}

interface Sent {
  message: Message;
  endOf: number;
  acked: boolean;
}

export type Outbox = ReturnType<typeof createOutbox>;

/**
 * What is on its way, as a window over the log: sent in order, and after any loss again from the first that was not
 * acknowledged, those behind it included, so that the order holds for every device. The position moves over the
 * acknowledged part at the head only.
 */
export function createOutbox(options: OutboxOptions) {
  /** From `head` on; what is before it is acknowledged, and cut off now and then. */
  let list: Sent[] = [];
  let head = 0;
  /** Those before it are sent in this round. */
  let unsent = 0;
  /** Answers to what was sent in an earlier round count no more. */
  let round = 0;
  let connection = 0;
  /** Of this connection, of all rounds: what the broker has yet to answer. */
  let unanswered = 0;
  let bytes = 0;
  let open = false;
  let caughtUp = false;
  let window = 0;
  const counts = { acked: 0, resent: 0, refused: 0 };

  function pump(): void {
    while (open && unanswered < window) {
      if (unsent === list.length && !pull()) return;
      send(list[unsent++]);
    }
  }

  /** Takes the next message of the log into the list. False where there is none, or no room. */
  function pull(): boolean {
    while (list.length - head < window && bytes < bytesMax) {
      const entry = options.next();
      caughtUp = entry === null;
      if (entry === null) return false;
      const { message, endOf } = entry;
      if (message !== null) {
        list.push({ message, endOf, acked: false });
        bytes += message.body.length;
        return true;
      }
      // With nothing on the way before it, the row is done; else it is with the last message before it.
      if (list.length === head) options.moved(endOf);
      else list[list.length - 1].endOf = endOf;
    }
    return false;
  }

  function send(sent: Sent): void {
    const mine = { round, connection };
    unanswered++;
    options.publish(sent.message, payloadOf(sent.message, options.now()), (error) => {
      if (mine.connection !== connection) return;
      unanswered--;
      if (mine.round !== round) pumpSoon();
      else if (error === null) acknowledged(sent);
      else refused(error);
    });
  }

  let pumping = false;
  function pumpSoon(): void {
    if (pumping) return;
    pumping = true;
    options.soon(() => {
      pumping = false;
      pump();
    });
  }

  function acknowledged(sent: Sent): void {
    sent.acked = true;
    counts.acked++;
    let position = 0;
    for (; head < list.length && list[head].acked; head++) {
      bytes -= list[head].message.body.length;
      if (list[head].endOf > 0) position = list[head].endOf;
    }
    assert(unsent >= head, 'what is acknowledged was sent');
    if (head >= window) cutHead();
    if (position > 0) options.moved(position);
    pumpSoon();
  }

  function cutHead(): void {
    list = list.slice(head);
    unsent -= head;
    head = 0;
  }

  function refused(error: Error): void {
    counts.refused++;
    stopSending();
    options.refused(error);
  }

  function stopSending(): void {
    open = false;
    round++;
    cutHead();
    counts.resent += unsent;
    unsent = 0;
    for (const sent of list) sent.acked = false;
  }

  return {
    /** There is a connection that takes so many at a time. Begins with the first that is not acknowledged. */
    connected(most: number): void {
      stopSending();
      connection++;
      unanswered = 0;
      window = most;
      open = true;
      pump();
    },
    /** Answers of the connection that was count no more. */
    disconnected(): void {
      stopSending();
      connection++;
      unanswered = 0;
    },
    /** Goes on after a refusal. */
    resume(): void {
      open = true;
      pump();
    },
    /** Sends nothing more; what is on the way may still be acknowledged. */
    pause(): void {
      open = false;
    },
    /** There may be more in the log. */
    pump,
    /** Forgets what is on the way: it was given up. */
    clear(): void {
      const wasOpen = open;
      stopSending();
      list = [];
      bytes = 0;
      open = wasOpen;
    },
    isCaughtUp: (): boolean => caughtUp,
    inFlight: (): number => list.length - head,
    counts,
  };
}

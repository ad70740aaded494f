import { strict as assert } from 'node:assert';
import { type Message, payloadOf } from '../messages/message.js';
import type { FeedEntry } from './feed.js';

/** With more bytes of payload than this in flight the window counts as full. */
const bytesMax = 8 * 1024 * 1024;

export interface OutboxOptions {
  /** Hands a message to the broker; `done` with null once it is acknowledged. */
  publish(message: Message, payload: string, done: (error: Error | null) => void): void;
  next(): FeedEntry | null;
  /** Everything up to this position is acknowledged. */
  moved(position: number): void;
  /** The broker has refused a message, so nothing more is sent until `resume` is called. */
  refused(error: Error): void;
  /** Calls back after the present events, so that what many acknowledgements make room for is sent in one write. */
  soon(run: () => void): void;
  /** Unix ms. */
  now(): number;
}

interface Sent {
  message: Message;
  endOf: number;
  acked: boolean;
}

/**
 * The messages that are on their way: a window over the log. They are sent in order. After a loss, everything from the first
 * message without an acknowledgement is sent again, so that each device's messages stay in order. The position moves only over
 * the acknowledged part at the head.
 */
export interface Outbox {
  /** Since the thread started. */
  readonly counts: { acked: number; resent: number; refused: number };
  /** There is a connection that takes `most` messages at a time. Starts with the first message without an acknowledgement. */
  connected(most: number): void;
  /** The connection is lost: its late answers do not count. */
  disconnected(): void;
  /** Continues after a refusal. */
  resume(): void;
  /** Sends nothing more; messages on their way may still be acknowledged. */
  pause(): void;
  /** Sends what the window has room for. To be called when there may be more in the log. */
  pump(): void;
  /** Forgets the messages on their way, because their rows were dropped. */
  clear(): void;
  /** True if everything in the log has been sent. */
  isCaughtUp(): boolean;
  /** Messages that wait for an acknowledgement. */
  inFlight(): number;
}

export function createOutbox(options: OutboxOptions): Outbox {
  /** The messages from `head` on. The ones before it are acknowledged, and are cut off now and then. */
  let list: Sent[] = [];
  let head = 0;
  /** Messages before this index are sent in this round. */
  let unsent = 0;
  /** Answers to messages of an earlier round do not count. */
  let round = 0;
  let connection = 0;
  /** Messages of this connection, in all rounds, that the broker has not answered. */
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

  /** Takes the next message of the log into the list. False if there is none, or no room. */
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
      // The row has no further message, so it is done with the last message before it: at once if that is acknowledged.
      if (list.length === head) options.moved(endOf);
      else list[list.length - 1].endOf = endOf;
    }
    return false;
  }

  function send(sent: Sent): void {
    const sentIn = { round, connection };
    unanswered++;
    options.publish(sent.message, payloadOf(sent.message, options.now()), (error) => {
      if (sentIn.connection !== connection) return;
      unanswered--;
      if (sentIn.round !== round) pumpSoon();
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
    connected(most) {
      stopSending();
      connection++;
      unanswered = 0;
      window = most;
      open = true;
      pump();
    },
    disconnected() {
      stopSending();
      connection++;
      unanswered = 0;
    },
    resume() {
      open = true;
      pump();
    },
    pause() {
      open = false;
    },
    pump,
    clear() {
      const wasOpen = open;
      stopSending();
      list = [];
      bytes = 0;
      open = wasOpen;
    },
    isCaughtUp: () => caughtUp,
    inFlight: () => list.length - head,
    counts,
  };
}

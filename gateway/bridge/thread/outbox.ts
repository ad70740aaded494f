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
export class Outbox {
  /** Since the thread started. */
  readonly counts = { acked: 0, resent: 0, refused: 0 };
  /** The messages from `head` on. The ones before it are acknowledged, and are cut off now and then. */
  private list: Sent[] = [];
  private head = 0;
  /** Messages before this index are sent in this round. */
  private unsent = 0;
  /** Answers to messages of an earlier round do not count. */
  private round = 0;
  private connection = 0;
  /** Messages of this connection, in all rounds, that the broker has not answered. */
  private unanswered = 0;
  private bytes = 0;
  private open = false;
  private caughtUp = false;
  private window = 0;
  private pumping = false;

  constructor(private readonly options: OutboxOptions) {}

  /** There is a connection that takes `most` messages at a time. Starts with the first message without an acknowledgement. */
  connected(most: number): void {
    this.disconnected();
    this.window = most;
    this.open = true;
    this.pump();
  }

  /** The connection is lost: its late answers do not count. */
  disconnected(): void {
    this.stopSending();
    this.connection++;
    this.unanswered = 0;
  }

  /** Continues after a refusal. */
  resume(): void {
    this.open = true;
    this.pump();
  }

  /** Sends nothing more; messages on their way may still be acknowledged. */
  pause(): void {
    this.open = false;
  }

  /** Sends what the window has room for. To be called when there may be more in the log. */
  pump(): void {
    while (this.open && this.unanswered < this.window) {
      if (this.unsent === this.list.length && !this.pull()) return;
      this.send(this.list[this.unsent++]);
    }
  }

  /** Forgets the messages on their way, because their rows were dropped. */
  clear(): void {
    const wasOpen = this.open;
    this.stopSending();
    this.list = [];
    this.bytes = 0;
    this.open = wasOpen;
  }

  /** Whether everything in the log has been sent. */
  isCaughtUp(): boolean {
    return this.caughtUp;
  }

  /** Messages that wait for an acknowledgement. */
  inFlight(): number {
    return this.list.length - this.head;
  }

  /** Takes the next message of the log into the list. False if there is none, or no room. */
  private pull(): boolean {
    while (this.list.length - this.head < this.window && this.bytes < bytesMax) {
      const entry = this.options.next();
      this.caughtUp = entry === null;
      if (entry === null) return false;
      const { message, endOf } = entry;
      if (message !== null) {
        this.list.push({ message, endOf, acked: false });
        this.bytes += message.body.length;
        return true;
      }
      // The row has no further message, so it is done with the last message before it: at once if that is acknowledged.
      if (this.list.length === this.head) this.options.moved(endOf);
      else this.list[this.list.length - 1].endOf = endOf;
    }
    return false;
  }

  private send(sent: Sent): void {
    const { round, connection } = this;
    this.unanswered++;
    this.options.publish(sent.message, payloadOf(sent.message, this.options.now()), (error) => {
      if (connection !== this.connection) return;
      this.unanswered--;
      if (round !== this.round) this.pumpSoon();
      else if (error === null) this.acknowledged(sent);
      else this.refused(error);
    });
  }

  private pumpSoon(): void {
    if (this.pumping) return;
    this.pumping = true;
    this.options.soon(() => {
      this.pumping = false;
      this.pump();
    });
  }

  private acknowledged(sent: Sent): void {
    sent.acked = true;
    this.counts.acked++;
    let position = 0;
    for (; this.head < this.list.length && this.list[this.head].acked; this.head++) {
      const { message, endOf } = this.list[this.head];
      this.bytes -= message.body.length;
      if (endOf > 0) position = endOf;
    }
    assert(this.unsent >= this.head, 'what is acknowledged was sent');
    if (this.head >= this.window) this.cutHead();
    if (position > 0) this.options.moved(position);
    this.pumpSoon();
  }

  private cutHead(): void {
    this.list = this.list.slice(this.head);
    this.unsent -= this.head;
    this.head = 0;
  }

  private refused(error: Error): void {
    this.counts.refused++;
    this.stopSending();
    this.options.refused(error);
  }

  private stopSending(): void {
    this.open = false;
    this.round++;
    this.cutHead();
    this.counts.resent += this.unsent;
    this.unsent = 0;
    for (const sent of this.list) sent.acked = false;
  }
}

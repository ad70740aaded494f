/**
 * What a device does on a link and between links: it numbers, sends, resends, reconnects and runs commands. core/ holds the
 * protocol without sockets, clocks and storage; it imports nothing outside of itself, because a browser loads it as it is.
 */
import { GatewayClock } from './gatewayClock.js';
import { LinkWatch } from './linkWatch.js';
import type { Command, DownMessage } from './messages.js';
import type { Numbered, Outbox } from './outbox.js';
import { type Ending, type ReconnectDelay, reconnectDelayMs } from './reconnect.js';
import type { Timing } from './timing.js';

/** As much of a link as a session uses. */
export interface Link {
  /** Closes with a close frame. `ended` follows. */
  close(code: number, reason: string): void;
  /** Drops the socket without waiting for a close reply. `ended` follows. */
  drop(): void;
}

/** What a link reports to its session. */
export interface LinkEvents {
  /** A message of the gateway; null for a message that the device does not understand. */
  received(message: DownMessage | null): void;
  /** A ping of the gateway. */
  pinged(): void;
  /** The link ended, or was not opened. Called once per link. */
  ended(ending: Ending): void;
}

/** The program that a session belongs to: it opens sockets, encodes messages, and stores what must survive. */
export interface SessionOwner<Frame, OwnLink extends Link> {
  /** Opens a socket to the gateway. It must not call the events before it returns. */
  open(events: LinkEvents): OwnLink;
  /** A link has its welcome: the time to introduce the device (H-9) and to declare metric tables (J-5). Frames follow. */
  welcomed(link: OwnLink, lastSeq: number): void;
  /** Frames may be sent: take them from the outbox, and send them on this link. */
  transmit(link: OwnLink): void;
  /** Ask the gateway for the time on this link (H-10). */
  askTime(link: OwnLink): void;
  /** These frames are stored by the gateway. */
  stored(frames: readonly Numbered<Frame>[]): void;
  /** These frames got other numbers. */
  renumbered(frames: readonly Numbered<Frame>[]): void;
  /** The gateway refused a frame for good. `frame` is null if no frame in flight has this number. */
  nacked(frame: Numbered<Frame> | null, nack: { seq: number; code: string; message: string }): void;
  /** The gateway sent a command. */
  commanded(command: Command): void;
  /** The gateway answered a question for the time: Unix ms. */
  timeTold?(serverTime: number): void;
  /** The link ended, or was not opened. The wait for the next attempt is not computed yet. */
  ended(ending: Ending): void;
  /** After how many milliseconds the next attempt is made. */
  waits?(ms: number): void;
  /** The state changed. */
  entered?(state: SessionState): void;
}

/** What a session is made of. */
export interface SessionOptions<Frame, OwnLink extends Link> {
  owner: SessionOwner<Frame, OwnLink>;
  outbox: Outbox<Frame>;
  /** Whether the sockets show the gateway's pings. */
  seesPings: boolean;
  timing: Timing;
  /** A number in [0, 1). */
  random(): number;
  /** The wait before the next attempt; `reconnectDelayMs` by default. */
  delayMs?: ReconnectDelay;
}

/**
 * `idle`: not started. `connecting`: until the welcome. `linked`: from the welcome on. `waiting`: for the next attempt.
 * `asleep`: off the link for a time that the program chose. `stopped`: for good.
 */
export type SessionState = 'idle' | 'connecting' | 'linked' | 'waiting' | 'asleep' | 'stopped';

const checkEveryMs = 5_000;

/**
 * A device's side of the protocol over all its links: when it connects, sends, drops a link and comes back. It knows no sockets
 * and no encodings; time and chance are parameters.
 */
export class Session<Frame, OwnLink extends Link> {
  readonly #owner: SessionOwner<Frame, OwnLink>;
  readonly #outbox: Outbox<Frame>;
  readonly #timing: Timing;
  readonly #random: () => number;
  readonly #delayMs: ReconnectDelay;
  readonly #seesPings: boolean;
  readonly clock: GatewayClock;
  #state: SessionState = 'idle';
  #link: OwnLink | null = null;
  /** Belongs to the newest link. Events of an earlier link are ignored. */
  #watch: LinkWatch;
  /** Attempts and links that failed in a row. */
  #failures = 0;
  #cancelTimer = (): void => {};
  #stopping: Promise<void> | null = null;
  #resolveStopped = (): void => {};

  constructor({ owner, outbox, seesPings, timing, random, delayMs }: SessionOptions<Frame, OwnLink>) {
    this.#owner = owner;
    this.#outbox = outbox;
    this.#seesPings = seesPings;
    this.#timing = timing;
    this.#random = random;
    this.#delayMs = delayMs ?? reconnectDelayMs;
    this.clock = new GatewayClock(timing);
    this.#watch = new LinkWatch(timing.elapsedMs(), seesPings);
  }

  get state(): SessionState {
    return this.#state;
  }

  /** The link, from its welcome on; else null. */
  get link(): OwnLink | null {
    return this.#state === 'linked' ? this.#link : null;
  }

  /** Opens the first link. Without effect if the session was started before. */
  start(): void {
    if (this.#state === 'idle') this.#connect();
  }

  /** Lets the owner send what the window permits. To be called after each push to the outbox. */
  pump(): void {
    const { link } = this;
    if (link === null) return;
    if (this.#outbox.inFlight === 0) this.#watch.sendsFirst(this.#timing.elapsedMs());
    this.#owner.transmit(link);
  }

  /** Ends a wait or a sleep now. */
  wake(): void {
    if (this.#state === 'waiting' || this.#state === 'asleep') this.#connect();
  }

  /** Asks for the gateway's time. Without effect if there is no link. */
  askTime(): void {
    if (this.link !== null) this.#owner.askTime(this.link);
  }

  /** Drops the link, as a power cut does. The session comes back as after any lost link. */
  drop(): void {
    this.#link?.drop();
  }

  /** Closes with the time of the return, and comes back then. */
  sleep(ms: number): void {
    this.#leave(ms, (link) => link.close(1000, JSON.stringify({ backInMs: ms })));
  }

  /** Drops the link, and comes back after this time: a device without power. */
  outage(ms: number): void {
    this.#leave(ms, (link) => link.drop());
  }

  /** Closes the link for good. Resolves when it is closed. */
  stop(reason = ''): Promise<void> {
    this.#stopping ??= new Promise((resolve) => {
      this.#cancelTimer();
      this.#enter('stopped');
      this.#resolveStopped = resolve;
      if (this.#link === null) resolve();
      else this.#link.close(1000, reason);
    });
    return this.#stopping;
  }

  #enter(state: SessionState): void {
    this.#state = state;
    this.#owner.entered?.(state);
  }

  #connect(): void {
    this.#cancelTimer();
    this.#letGo();
    const watch = new LinkWatch(this.#timing.elapsedMs(), this.#seesPings);
    const isPresent = (): boolean => this.#watch === watch && this.#link !== null;
    this.#watch = watch;
    this.#enter('connecting');
    this.#link = this.#owner.open({
      received: (message) => isPresent() && this.#received(message),
      pinged: () => watch.heard(this.#timing.elapsedMs()),
      ended: (ending) => isPresent() && this.#ended(ending),
    });
    this.#cancelTimer = this.#timing.after(checkEveryMs, () => this.#check());
  }

  /** A link that is still closing when the device comes back is not waited for. */
  #letGo(): void {
    this.#link?.drop();
    if (this.#link === null) return;
    this.#link = null;
    this.#outbox.unlinked();
  }

  #leave(ms: number, end: (link: OwnLink) => void): void {
    if (this.#state === 'idle' || this.#state === 'stopped') return;
    const wasAsleep = this.#state === 'asleep';
    this.#cancelTimer();
    this.#enter('asleep');
    this.#cancelTimer = this.#timing.after(ms, () => this.#connect());
    if (this.#link !== null && !wasAsleep) end(this.#link);
  }

  #ended(ending: Ending): void {
    this.#link = null;
    this.#outbox.unlinked();
    if (this.#watch.hasHeld(this.#timing.elapsedMs())) this.#failures = 0;
    this.#owner.ended(ending);
    if (this.#state === 'stopped') return this.#resolveStopped();
    if (this.#state === 'asleep') return;
    this.#cancelTimer();
    const ms = this.#delayMs(ending, this.#failures++, this.#random);
    this.#cancelTimer = this.#timing.after(ms, () => this.#connect());
    this.#enter('waiting');
    this.#owner.waits?.(ms);
  }

  #check(): void {
    this.#cancelTimer = this.#timing.after(checkEveryMs, () => this.#check());
    const advice = this.#watch.advice(this.#timing.elapsedMs(), this.#outbox.inFlight);
    if (advice === 'drop') this.#link?.drop();
    else if (advice === 'ask') this.askTime();
  }

  #received(message: DownMessage | null): void {
    this.#watch.heard(this.#timing.elapsedMs());
    if (message === null || this.#state === 'stopped' || this.#state === 'asleep') return;
    switch (message.type) {
      case 'welcome':
        return this.#welcomed(message);
      case 'ack':
        this.#watch.answered(this.#timing.elapsedMs());
        this.#stored(this.#outbox.ack(message.seq, message.window ?? 0));
        return this.pump();
      case 'nack':
        this.#watch.answered(this.#timing.elapsedMs());
        this.#owner.nacked(this.#outbox.nack(message.seq), message);
        return this.pump();
      case 'time':
        this.clock.set(message.serverTime);
        return this.#owner.timeTold?.(message.serverTime);
      case 'command':
        return this.#owner.commanded(message);
      default:
        message satisfies never;
    }
  }

  #welcomed({ lastSeq, window, serverTime, keepaliveSeconds }: DownMessage & { type: 'welcome' }): void {
    if (this.#state !== 'connecting' || this.#link === null) return;
    this.#watch.welcomed(this.#timing.elapsedMs(), 1000 * keepaliveSeconds);
    this.clock.set(serverTime);
    this.#enter('linked');
    this.#owner.welcomed(this.#link, lastSeq);
    const { stored, renumbered } = this.#outbox.welcome(lastSeq, window);
    if (renumbered.length > 0) this.#owner.renumbered(renumbered);
    this.#stored(stored);
    this.pump();
  }

  #stored(frames: readonly Numbered<Frame>[]): void {
    if (frames.length > 0) this.#owner.stored(frames);
  }
}

/** Someone who waits until everything up to a position is sealed. */
export interface SealWaiter {
  position: number;
  resolve(): void;
  reject(error: Error): void;
}

/** How far the day files are behind the log, and who waits for them to catch up. */
export class Backlog {
  readonly #readingsMax: number;
  readonly #sealWaiters: SealWaiter[] = [];
  readonly #roomWaiters: (() => void)[] = [];
  /** The last commit. */
  #position: number;
  /** Everything up to it is in day files. */
  #sealedPosition: number;
  #unsealed: number;
  /** Someone waits for a seal up to this position. */
  #wanted = 0;
  /** Readings since the last seal began. */
  #arrived = 0;

  /** Beyond `readingsMax` unsealed readings commits wait. */
  constructor(
    {
      position,
      sealedPosition,
      replayedReadings,
    }: { position: number; sealedPosition: number; replayedReadings: number },
    readingsMax: number,
  ) {
    this.#position = position;
    this.#sealedPosition = sealedPosition;
    this.#unsealed = replayedReadings;
    this.#readingsMax = readingsMax;
  }

  get unsealedReadings(): number {
    return this.#unsealed;
  }

  get arrivedReadings(): number {
    return this.#arrived;
  }

  get isEmpty(): boolean {
    return this.#position <= this.#sealedPosition;
  }

  /** Whether someone waits for a seal. */
  get isWanted(): boolean {
    return this.#wanted > this.#sealedPosition;
  }

  committed(position: number, readings: number): void {
    this.#position = position;
    this.#unsealed += readings;
    this.#arrived += readings;
  }

  sealBegins(): void {
    this.#arrived = 0;
  }

  sealed(position: number, readings: number): void {
    this.#sealedPosition = Math.max(this.#sealedPosition, position);
    this.#unsealed = Math.max(0, this.#unsealed - readings);
    for (let i = this.#sealWaiters.length - 1; i >= 0; i--)
      if (this.#sealWaiters[i].position <= this.#sealedPosition) this.#sealWaiters.splice(i, 1)[0].resolve();
    if (this.#hasRoom()) this.giveRoom();
  }

  /** Resolves when everything that is committed by now is sealed. */
  untilSealed(): Promise<void> {
    const position = this.#position;
    this.#wanted = position;
    return new Promise((resolve, reject) => this.#sealWaiters.push({ position, resolve, reject }));
  }

  /** Null: there is room for another commit; else it resolves when there is. */
  untilRoom(): Promise<void> | null {
    return this.#hasRoom() ? null : new Promise((resolve) => this.#roomWaiters.push(resolve));
  }

  giveRoom(): void {
    for (const resolve of this.#roomWaiters.splice(0)) resolve();
  }

  /** Who waits for a seal by now. */
  sealWaiters(): ReadonlySet<SealWaiter> {
    return new Set(this.#sealWaiters);
  }

  /** A seal failed: rejects those who waited when it began. True if others have come since, for whom it is worth trying again. */
  sealFailed(waited: ReadonlySet<SealWaiter>, error: Error): boolean {
    const later = this.#sealWaiters.splice(0).filter((waiter) => !waited.has(waiter));
    this.#sealWaiters.push(...later);
    for (const waiter of waited) waiter.reject(error);
    return later.length > 0;
  }

  /** Rejects everyone who waits for a seal. */
  rejectAll(error: Error): void {
    this.sealFailed(this.sealWaiters(), error);
  }

  #hasRoom(): boolean {
    return this.#unsealed < this.#readingsMax;
  }
}

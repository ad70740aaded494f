/** A caller that waits until everything up to a position is sealed. */
export interface SealWaiter {
  position: number;
  resolve(): void;
  reject(error: Error): void;
}

/** The commits that are not in day files yet, and the callers that wait until they are. */
export class Backlog {
  readonly #readingsMax: number;
  readonly #sealWaiters: SealWaiter[] = [];
  readonly #roomWaiters: (() => void)[] = [];
  /** The last commit. */
  #position: number;
  /** Everything up to this position is in day files. */
  #sealedPosition: number;
  #unsealed: number;
  /** The highest position that a caller waits for. */
  #wanted = 0;
  /** Readings since the last seal began. */
  #arrived = 0;

  /** Commits wait while there are `readingsMax` unsealed readings or more. */
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

  /** Whether a caller waits for a seal. */
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

  /** Resolves when everything that was committed before this call is sealed. */
  untilSealed(): Promise<void> {
    const position = this.#position;
    this.#wanted = position;
    return new Promise((resolve, reject) => this.#sealWaiters.push({ position, resolve, reject }));
  }

  /** Null if there is room for another commit, else a promise that resolves when there is. */
  untilRoom(): Promise<void> | null {
    return this.#hasRoom() ? null : new Promise((resolve) => this.#roomWaiters.push(resolve));
  }

  giveRoom(): void {
    for (const resolve of this.#roomWaiters.splice(0)) resolve();
  }

  /** The callers that wait for a seal now. */
  sealWaiters(): ReadonlySet<SealWaiter> {
    return new Set(this.#sealWaiters);
  }

  /** Rejects the callers that waited when a failed seal began. Returns whether others wait, for whom it is worth trying again. */
  sealFailed(waited: ReadonlySet<SealWaiter>, error: Error): boolean {
    const later = this.#sealWaiters.splice(0).filter((waiter) => !waited.has(waiter));
    this.#sealWaiters.push(...later);
    for (const waiter of waited) waiter.reject(error);
    return later.length > 0;
  }

  /** Rejects all callers that wait for a seal. */
  rejectAll(error: Error): void {
    this.sealFailed(this.sealWaiters(), error);
  }

  #hasRoom(): boolean {
    return this.#unsealed < this.#readingsMax;
  }
}

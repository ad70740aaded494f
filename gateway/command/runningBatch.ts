import type { BatchRecord, CommandRecord } from '../domain/command.js';

/** A device of a batch; `position` is its place in the batch. */
export interface Member {
  position: number;
  deviceKey: number;
  device: string;
}

/** A batch that has not ended, with what must be known of its commands to bound and end it. */
export class RunningBatch {
  /** Its commands without an end. */
  open: number;
  /** Those of the open commands that are under way: attempted, and without an end. */
  underWay: number;
  /** Keys of devices whose command waits until fewer are under way. */
  readonly held = new Set<number>();
  /** True while one call makes its commands: there is never a second one. */
  making = false;
  /** Its state on disk; that of `batch` is what is decided. */
  stored: Pick<BatchRecord, 'state' | 'endedAt'>;

  constructor(
    readonly batch: BatchRecord,
    /** Members whose command is not made yet. */
    readonly waiting: Member[],
    /** Failed commands, and members whose device would not take the command. */
    public failures: number,
    /** Its commands without an end. */
    own: readonly CommandRecord[] = [],
  ) {
    this.stored = { state: batch.state, endedAt: batch.endedAt };
    this.open = own.length;
    this.underWay = own.filter(({ attempted }) => attempted).length;
  }

  get runs(): boolean {
    return this.batch.state === 'running';
  }

  /** True after the batch was aborted or is done, even if some of its commands are still under way. */
  get hasEnded(): boolean {
    return this.batch.endedAt !== null;
  }

  /** True if one more command may be under way. */
  get hasRoom(): boolean {
    return this.runs && this.underWay < this.batch.concurrency;
  }

  /** True if the batch runs and must be aborted, since more failed than its author allows. A batch of which nothing is left is done. */
  get tooManyFailed(): boolean {
    const { abortOnFailurePercent, total } = this.batch;
    const isLeft = this.open > 0 || this.waiting.length > 0;
    return isLeft && this.runs && abortOnFailurePercent !== null && this.failures * 100 > abortOnFailurePercent * total;
  }
}

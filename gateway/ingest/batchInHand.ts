import { type Batch, createBatch, emptyBatch } from '../columns/batch.js';

/** The batch that takes what arrives now. Series, streams and metric tables are declared in it before anyone can commit it. */
export class BatchInHand {
  batch: Batch = createBatch();
  private spare: Batch | null = null;

  /** Begins the next batch. It uses the memory of a batch that came back, if there is one. */
  turn(): void {
    this.batch = this.spare === null ? createBatch() : emptyBatch(this.spare);
    this.spare = null;
  }

  /** Keeps the memory of a committed batch for the next turn. */
  giveBack(batch: Batch): void {
    this.spare = batch;
  }
}

import type { Batch } from '../../columns/batch.js';

/** The answer to a commit. */
export interface Committed {
  /** The commit's place in the log. */
  position: number;
  /** The given batch, without the readings that were repeats. */
  batch: Batch;
  /** Readings of the batch that were not stored because their identity already was. */
  repeated: number;
  /** The number of bytes by which the log grew. */
  bytes: number;
  commitMs: number;
  /** The rids given to `batch.rejected`, in its order. */
  rids: string[];
  /** Rejected frames of these devices that were dropped because the quarantine was full. */
  rejectedDropped: number;
}

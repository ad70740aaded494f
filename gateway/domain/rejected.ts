/** A refused frame that the quarantine keeps. */
export interface RejectedFrame {
  rid: string;
  /** Unix ms. */
  receivedAt: number;
  seq: number;
  /** A code of the table of faults. */
  code: string;
  /** Where in the frame the fault is; null: in no single place. */
  path: string | null;
  message: string;
  encoding: 'json' | 'binary';
  bytes: Uint8Array;
  stream: string;
}

export interface NewRejectedFrame extends Omit<RejectedFrame, 'rid'> {
  deviceKey: number;
}

export interface RejectedQuery {
  deviceKey: number;
  /** The page, newest first, begins below this rid; null: at the newest. */
  before: string | null;
  limit: number;
}

export interface RejectedRow extends RejectedFrame {
  deviceKey: number;
  /** Unix ms when an operator stored the frame; null: not stored. */
  admittedAt: number | null;
}

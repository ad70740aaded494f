export interface RejectedFrame {
  rid: string;
  receivedAt: number;
  seq: number;
  code: string;
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
  /** Newest first; below this rid, or null: from the newest. */
  before: string | null;
  limit: number;
}

export interface RejectedRow extends RejectedFrame {
  deviceKey: number;
  admittedAt: number | null;
}

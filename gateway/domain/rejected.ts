import type { MetricDeclaration } from './declared.js';

/** What gave a refused frame its meaning when it was sent, beside its own bytes. Empty: nothing did. */
export interface FrameMeaning {
  /** The model whose metric numbers the frame has. */
  model?: string | null;
  /** The metrics of the frame as its link had declared them, with their numbers. */
  metrics?: (MetricDeclaration & { number: number })[];
}

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
  /** Null for a frame that a version before 0.2 kept. */
  meaning: FrameMeaning | null;
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

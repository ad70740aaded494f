/** The forms of exported files. */
export const exportFormats = ['parquet', 'csv', 'ndjson', 'sqlite'] as const;

export type ExportFormat = (typeof exportFormats)[number];

/** Which readings are exported, in which form, and where to. */
export interface ExportSpec {
  /** An absolute path. */
  folder: string;
  format: ExportFormat;
  /** Unix ms; `to` is exclusive. */
  from: number;
  to: number;
  /** Ids; null: all devices. */
  devices: readonly string[] | null;
}

/** How far an export, or the writing of the archive, is. */
export interface ExportProgress {
  /** Days that are done, of `total`. */
  done: number;
  total: number;
  /** What was written by this run: bytes and readings of the files that are complete. */
  bytes: number;
  readings: number;
  /** Damaged chunks that were left out. */
  damaged: number;
  finished: boolean;
}

/** What one run of the exporter does. */
export type ExportWork =
  | { type: 'export'; spec: ExportSpec }
  /** Writes the finished days that are not in the folder `archive` yet. `now` is Unix ms. */
  | { type: 'archive'; archive: string; now: number };

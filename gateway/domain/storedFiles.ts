/** The sizes of the files of one UTC day, in bytes; 0: there is no such file. */
export interface DaySizes {
  /** YYYY-MM-DD */
  day: string;
  /** Readings, with those that came after the day was finished. */
  readingsBytes: number;
  /** Aggregates per minute and per hour. */
  rollupBytes: number;
}

/** A day of which a file cannot be used. Everything else works. */
export interface DamagedDay {
  /** YYYY-MM-DD */
  day: string;
  /** The file, below the data folder. */
  file: string;
  /** What is wrong with it, in words. */
  fault: string;
  /** Readings of the day that wait in a file of their own until the day heals. */
  waiting: number;
}

/** The sizes of the files of the data folder, in bytes, as the file system counts them. */
export interface StoredFiles {
  /** The commit log, with the quarantine. */
  logBytes: number;
  /** tidegate.db: devices, keys, commands, audit. */
  registryBytes: number;
  /** What is given back to recover from a full disk. */
  ballastBytes: number;
  /** Oldest first. */
  days: DaySizes[];
}

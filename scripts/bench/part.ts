/** The options of the command line of `npm run bench`. */
export interface PartOptions {
  /** The rows to measure; all rows if this is empty. */
  names: string[];
  /** How long each row is measured. */
  seconds: number;
  /** How often all rows are measured, in turns; the median counts. */
  rounds: number;
  /** How many devices are connected. */
  links: number;
  /** How many devices the console part has in its registry; `links` of them are connected. */
  devices: number;
  /** How many readings the store part stores. */
  rows: number;
  /** How many days the year part has; 0: a year. */
  days: number;
  /** The folder of the earlier build that the beside part measures, from the top of this checkout; empty: its own choice. */
  beside: string;
  /** Print JSON instead of tables. */
  json: boolean;
}

/** A part of `npm run bench`: it measures, and prints its figures. parts/ has one file per part, with what only that part needs. */
export type Part = (options: PartOptions) => Promise<void>;

/** What the command line of `npm run bench` asks for. */
export interface PartOptions {
  /** Only these rows; none: all. */
  names: string[];
  /** Measured for each row. */
  seconds: number;
  /** How often all rows are measured, in turns; the median counts. */
  rounds: number;
  links: number;
  /** Devices that the console part has in its registry; the links are some of them. */
  devices: number;
  /** Readings that the store part fills in. */
  rows: number;
  json: boolean;
}

/** A part of the benches: measures, and prints what it found. */
export type Part = (options: PartOptions) => Promise<void>;

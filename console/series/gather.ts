import type { BucketItem, ReadingItem } from '../../schemas/generated/operator.js';
import type { Bucket } from '../chart/range.js';
import type { Row } from './rows.js';

/** A file holds this many rows at most, because the browser has it in memory. */
export const fileRowsMax = 1_000_000;
const pageRows = 10_000;

/** What goes into a file. */
export interface Wanted {
  series: readonly { device: string; metric: string; unit: string }[];
  from: number;
  to: number;
  /** null: single readings. */
  bucket: Bucket | null;
}

/** The route of readings: a page of one device's readings or buckets. */
export type ReadPage = (
  device: string,
  parameters: Record<string, string>,
) => Promise<{ items: (ReadingItem | BucketItem)[]; next: string | null }>;

export interface GatherOptions {
  readings: ReadPage;
  rowsMax: number;
  /** Called after each page with the rows so far. */
  progress(rows: number): void;
  signal: AbortSignal;
}

/** There are more rows than a file holds. */
export class TooManyRowsError extends Error {
  constructor(
    readonly rows: number,
    readonly rowsMax: number,
  ) {
    super();
  }
}

/**
 * Reads all rows page by page, series after series. Single readings are counted first: if there are more than `rowsMax`, it rejects with
 * TooManyRowsError before it reads any. Else it rejects with the errors of the API, and with the reason of the signal if it is aborted.
 */
export async function gather(wanted: Wanted, options: GatherOptions): Promise<Row[]> {
  const { rowsMax } = options;
  const refuseAbove = (rows: number): void => {
    if (rows > rowsMax) throw new TooManyRowsError(rows, rowsMax);
  };
  if (wanted.bucket === null) refuseAbove(await countReadings(wanted, options));
  const rows: Row[] = [];
  for (const { device, metric, unit } of wanted.series) {
    for await (const items of pagesOf(device, metric, wanted, wanted.bucket?.every ?? null, options)) {
      for (const item of items) rows.push({ device, unit, item });
      // What was stored since they were counted.
      refuseAbove(rows.length);
      options.progress(rows.length);
    }
  }
  return rows;
}

/** Buckets up to this span are a minute wide, so that a page has all of them. */
const minutesSpanMs = pageRows * 60_000;

/** The number of readings, by the counts of buckets, of which there are far fewer. */
async function countReadings(wanted: Wanted, options: GatherOptions): Promise<number> {
  const every = wanted.to - wanted.from <= minutesSpanMs ? '1m' : '1h';
  let count = 0;
  for (const { device, metric } of wanted.series)
    for await (const items of pagesOf(device, metric, wanted, every, options))
      for (const item of items) count += 'count' in item ? item.count : 1;
  return count;
}

async function* pagesOf(
  device: string,
  metric: string,
  { from, to }: Wanted,
  every: string | null,
  { readings, signal }: GatherOptions,
): AsyncGenerator<(ReadingItem | BucketItem)[]> {
  for (let cursor: string | null = ''; cursor !== null; ) {
    signal.throwIfAborted();
    const { items, next } = await readings(device, {
      metric,
      from: String(Math.floor(from)),
      to: String(Math.ceil(to)),
      limit: String(pageRows),
      ...(every === null ? {} : { every }),
      ...(cursor === '' ? {} : { cursor }),
    });
    signal.throwIfAborted();
    yield items;
    cursor = next;
  }
}

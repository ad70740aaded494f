import type { BucketItem, ReadingItem } from '../../schemas/generated/operator.js';
import { type Bucket, bucketOf } from '../chart/range.js';
import type { SeriesName } from '../chart/series.js';
import { currentApi } from '../session/session.js';

/** What is stored of a series in a range. */
export interface Stored {
  items: (ReadingItem | BucketItem)[];
  /** The width of its buckets; null: single readings. */
  bucket: Bucket | null;
  /** Of texts and booleans the readings before the range, oldest first: they say which state it begins with. Else none. */
  before: ReadingItem[];
}

/** Enough readings to see how often the metric is sent. */
const beforeItems = 20;

/** The most readings of a page, and so of a series that is drawn without buckets. */
const pageItems = 10_000;
const oneSecond: Bucket = { ms: 1_000, every: '1s' };

/** Reads a range: single readings if it is short, else buckets. If there are more readings than a page holds, buckets of 1 s. */
export async function readSeries(
  { device, metric }: SeriesName,
  { from, to }: { from: number; to: number },
): Promise<Stored> {
  const read = (bucket: Bucket | null) =>
    currentApi().readings(device, {
      metric,
      from: String(Math.floor(from)),
      to: String(Math.ceil(to) + 1),
      limit: String(pageItems),
      ...(bucket === null ? {} : { every: bucket.every }),
    });
  const bucket = bucketOf(to - from);
  const page = await read(bucket);
  const before = page.items.some(isNumber) ? [] : await readBefore({ device, metric }, from);
  if (page.next === null) return { items: page.items, bucket, before };
  return { items: (await read(oneSecond)).items, bucket: oneSecond, before };
}

const isNumber = (item: ReadingItem | BucketItem): boolean =>
  typeof ('value' in item ? item.value : item.last) === 'number';

async function readBefore({ device, metric }: SeriesName, to: number): Promise<ReadingItem[]> {
  const parameters = { metric, to: String(Math.floor(to)), limit: String(beforeItems), order: 'desc' };
  const { items } = await currentApi().readings(device, parameters);
  return (items as ReadingItem[]).filter((item) => !isNumber(item)).reverse();
}

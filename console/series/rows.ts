import { csvField } from '../../schemas/csv.js';
import type { BucketItem, ReadingItem } from '../../schemas/generated/operator.js';

/** A reading or a bucket with the device that it belongs to. */
export interface Row {
  device: string;
  /** The code of its unit; the empty text for none. */
  unit: string;
  item: ReadingItem | BucketItem;
}

const common = ['device', 'metric', 'unit', 'time', 'ts'] as const;
const ofBuckets = ['avg', 'min', 'max', 'sum', 'count', 'first', 'last'] as const;

/** The first line of a CSV, with its end. */
export const csvHeader = (bucketed: boolean): string =>
  `${[...common, ...(bucketed ? ofBuckets : ['value'])].join(',')}\r\n`;

/** A line of a CSV (RFC 4180). `time` is ISO 8601 in UTC, `ts` Unix ms. What a bucket does not have is empty. */
export function csvLine({ device, unit, item }: Row): string {
  const values = 'count' in item ? ofBuckets.map((name) => item[name] ?? '') : [item.value];
  return `${[device, item.metric, unit, new Date(item.ts).toISOString(), item.ts, ...values].map(csvField).join(',')}\r\n`;
}

/** An element of a JSON array, without a comma. */
export const jsonLine = ({ device, unit, item: { metric, ts, ...values } }: Row): string =>
  JSON.stringify({ device, metric, unit: unit === '' ? null : unit, time: new Date(ts).toISOString(), ts, ...values });

/** A column of a Parquet file. */
export interface Column {
  name: string;
  type: 'STRING' | 'DOUBLE' | 'BOOLEAN' | 'INT64' | 'TIMESTAMP';
  data: unknown[];
  nullable: boolean;
}

type Value = number | string | boolean | undefined;

/** The columns of a Parquet file. A column has one type, so a value is in the column of its kind: value, value_text or value_bool. */
export function columnsOf(rows: readonly Row[], bucketed: boolean): Column[] {
  const column = (name: string, type: Column['type'], of: (row: Row) => unknown): Column => {
    const data = rows.map((row) => of(row) ?? null);
    return { name, type, data, nullable: true };
  };
  const kinds = (name: string, of: (row: Row) => Value): Column[] => [
    column(name, 'DOUBLE', (row) => ofType(of(row), 'number')),
    column(`${name}_text`, 'STRING', (row) => ofType(of(row), 'string')),
    column(`${name}_bool`, 'BOOLEAN', (row) => ofType(of(row), 'boolean')),
  ];
  const bucket = ({ item }: Row): Partial<BucketItem> => ('count' in item ? item : {});
  return [
    column('device', 'STRING', ({ device }) => device),
    column('metric', 'STRING', ({ item }) => item.metric),
    column('unit', 'STRING', ({ unit }) => unit || null),
    column('time', 'TIMESTAMP', ({ item }) => new Date(item.ts)),
    ...(bucketed
      ? [
          ...(['avg', 'min', 'max', 'sum'] as const).map((name) => column(name, 'DOUBLE', (row) => bucket(row)[name])),
          column('count', 'INT64', (row) => BigInt(bucket(row).count ?? 0)),
          ...kinds('first', (row) => bucket(row).first),
          ...kinds('last', (row) => bucket(row).last),
        ]
      : kinds('value', ({ item }) => ('value' in item ? item.value : undefined))),
  ].filter(({ data }) => data.some((value) => value !== null) || rows.length === 0);
}

const ofType = (value: Value, type: 'number' | 'string' | 'boolean'): Value =>
  typeof value === type ? value : undefined;

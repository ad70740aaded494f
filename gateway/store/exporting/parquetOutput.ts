import { writeFileSync } from 'node:fs';
import { fileWriter, ParquetWriter } from 'hyparquet-writer';
import { seriesKinds } from '../../domain/series.js';
import type { DayOutput } from './dayOutput.js';

/** A group of this many rows takes about 150 MB while it is written. Larger ones gain a few percent of space. */
export const rowsPerGroup = 262_144;

const text = { type: 'BYTE_ARRAY', converted_type: 'UTF8', logical_type: { type: 'STRING' } } as const;

const time = {
  type: 'INT64',
  converted_type: 'TIMESTAMP_MILLIS',
  logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MILLIS' },
} as const;

const [required, optional] = [{ repetition_type: 'REQUIRED' }, { repetition_type: 'OPTIONAL' }] as const;

/** A reading has its value in the column of its kind: numbers in `value`, strings in `value_text`, booleans in `value_bool`. */
const schema = [
  { name: 'readings', num_children: 7 },
  { name: 'device', ...text, ...required },
  { name: 'metric', ...text, ...required },
  { name: 'unit', ...text, ...optional },
  { name: 'ts', ...time, ...required },
  { name: 'value', type: 'DOUBLE', ...optional },
  { name: 'value_text', ...text, ...optional },
  { name: 'value_bool', type: 'BOOLEAN', ...optional },
] as const;

/** The rows of a group, by column. */
const emptyGroup = () => ({
  device: [] as string[],
  metric: [] as string[],
  unit: [] as (string | null)[],
  ts: [] as bigint[],
  value: [] as (number | null)[],
  texts: [] as (string | null)[],
  flags: [] as (boolean | null)[],
  /** A dictionary would take -0 for 0. */
  hasMinusZero: false,
});

/** An Apache Parquet file, compressed by Snappy. Times differ little from one to the next, so they are stored as differences. */
export function openParquetOutput(path: string): DayOutput {
  writeFileSync(path, '', { flag: 'wx' });
  const writer = fileWriter(path);
  const parquet = new ParquetWriter({ writer, schema: schema.slice(), createdBy: 'tidegate' });
  let group = emptyGroup();

  function flush(): void {
    if (group.ts.length === 0) return;
    const { device, metric, unit, ts, value, texts, flags, hasMinusZero } = group;
    parquet.write({
      columnData: [
        { name: 'device', data: device, encoding: 'RLE_DICTIONARY' },
        { name: 'metric', data: metric, encoding: 'RLE_DICTIONARY' },
        { name: 'unit', data: unit, encoding: 'RLE_DICTIONARY' },
        { name: 'ts', data: ts, encoding: 'DELTA_BINARY_PACKED' },
        { name: 'value', data: value, ...(hasMinusZero ? { encoding: 'PLAIN' as const } : {}) },
        { name: 'value_text', data: texts },
        { name: 'value_bool', data: flags },
      ],
      rowGroupSize: rowsPerGroup,
    });
    group = emptyGroup();
  }

  return {
    add({ device, metric, unit, kind, readings, from, to }) {
      for (let i = from; i < to; i++) {
        const isNumber = kind === seriesKinds.number;
        const number = readings.value[i];
        group.device.push(device);
        group.metric.push(metric);
        group.unit.push(unit);
        group.ts.push(BigInt(readings.ts[i]));
        group.value.push(isNumber ? number : null);
        group.texts.push(kind === seriesKinds.string ? readings.texts[i] : null);
        group.flags.push(kind === seriesKinds.boolean ? number === 1 : null);
        if (isNumber && Object.is(number, -0)) group.hasMinusZero = true;
        if (group.ts.length === rowsPerGroup) flush();
      }
    },
    end() {
      flush();
      parquet.finish();
    },
    abandon() {},
  };
}

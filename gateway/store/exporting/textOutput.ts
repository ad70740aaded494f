import { closeSync, openSync, writeSync } from 'node:fs';
import { csvField } from '../../../schemas/csv.js';
import { type SeriesKind, seriesKinds } from '../../domain/series.js';
import type { SeriesReadings } from '../chunks/chunk.js';
import type { DayOutput } from './dayOutput.js';

const charactersPerWrite = 262_144;

const header = 'device,metric,unit,ts,value\n';

/** CSV (RFC 4180, with LF at the end of a row), or a JSON object per line. A boolean is true or false, and ts is Unix ms. */
export function openTextOutput(path: string, format: 'csv' | 'ndjson'): DayOutput {
  const file = openSync(path, 'wx', 0o644);
  let text = format === 'csv' ? header : '';

  function flush(): void {
    const bytes = Buffer.from(text);
    for (let written = 0; written < bytes.length; ) written += writeSync(file, bytes, written);
    text = '';
  }

  return {
    add({ device, metric, unit, kind, readings, from, to }) {
      const isCsv = format === 'csv';
      const start = isCsv
        ? `${csvField(device)},${csvField(metric)},${csvField(unit ?? '')},`
        : `{"device":${JSON.stringify(device)},"metric":${JSON.stringify(metric)},"unit":${JSON.stringify(unit)},"ts":`;
      const [between, end] = isCsv ? [',', '\n'] : [',"value":', '}\n'];
      const textOf = isCsv ? csvValue : jsonValue;
      for (let i = from; i < to; i++) text += start + readings.ts[i] + between + textOf(kind, readings, i) + end;
      if (text.length >= charactersPerWrite) flush();
    },
    end() {
      flush();
      closeSync(file);
    },
    abandon: () => closeSync(file),
  };
}

const csvValue = (kind: SeriesKind, readings: SeriesReadings, i: number): string =>
  kind === seriesKinds.string ? csvField(readings.texts[i]) : plainValue(kind, readings.value[i]);

const jsonValue = (kind: SeriesKind, readings: SeriesReadings, i: number): string =>
  kind === seriesKinds.string ? JSON.stringify(readings.texts[i]) : plainValue(kind, readings.value[i]);

/** JavaScript writes no sign before a zero. */
function plainValue(kind: SeriesKind, value: number): string {
  if (kind === seriesKinds.boolean) return value === 1 ? 'true' : 'false';
  return Object.is(value, -0) ? '-0' : String(value);
}

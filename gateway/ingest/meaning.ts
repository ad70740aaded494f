import type { FrameBuffer } from '../../schemas/frame/frameBuffer.js';
import type { TelemetryHeader } from '../../schemas/frame/telemetry.js';
import type { TelemetryMessage } from '../../schemas/generated/device.js';
import type { FrameMeaning } from '../domain/rejected.js';
import type { IngestLink } from './entries.js';
import { type Column, type MetricTable, tableOfNumbered } from './metricTable.js';

/** What gives a binary frame its meaning on its link. `table` is the one that it was read by; null if there was none. */
export function meaningOfBinary(
  link: IngestLink,
  table: MetricTable | null,
  { u16 }: FrameBuffer,
  header: TelemetryHeader,
): FrameMeaning {
  if (table !== null && header.table === 0 && link.table === null) return { model: link.source.device.model };
  const declared = table ?? link.refusedTables?.get(header.table) ?? null;
  if (declared === null) return {};
  const numbers = Array.from({ length: header.columns }, (_, c) => u16[header.metricsAt + c]);
  return { metrics: declaredAs(numbers, declared) };
}

/** What gives a JSON message its units on its link, beside what is kept with the device. */
export function meaningOfJson({ table }: IngestLink, { values, samples }: TelemetryMessage): FrameMeaning {
  if (table === null) return {};
  const sent = new Set((samples ?? [{ values }]).flatMap((sample) => Object.keys(sample.values ?? {})));
  const numbers = table.columns.flatMap(({ name }, number) => (sent.has(name) ? [number] : []));
  return { metrics: declaredAs(numbers, table) };
}

/** The table by which a frame of the quarantine was sent; null if none was kept with it. */
export function tableOfMeaning({ metrics }: FrameMeaning, number: number): MetricTable | null {
  return metrics === undefined ? null : tableOfNumbered(number, metrics);
}

function declaredAs(numbers: number[], { columns }: MetricTable): NonNullable<FrameMeaning['metrics']> {
  return numbers.flatMap((number) => {
    const column: Column | undefined = columns[number];
    return column === undefined ? [] : [{ number, name: column.name, unit: column.unit, scale: column.scale }];
  });
}

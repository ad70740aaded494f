import { type Scale, scaleOf } from '../../schemas/display/numbers.js';
import type { Line } from '../chart/chart.js';
import type { Lane } from '../chart/lanes.js';
import { noPoints, pointsOf, type Summary, summaryOf } from '../chart/points.js';
import type { Range } from '../chart/range.js';
import { seriesText } from '../chart/series.js';
import { coloursOf, runsOf, type StateRun } from '../chart/states.js';
import { deviceLabel } from '../fleet/deviceName.js';
import { valuesOf } from '../fleet/values.js';
import type { Read } from './useSeries.js';

/** A series as it is drawn: a line for numbers, bars for texts and booleans. */
export type View = {
  read: Read;
  /** As in the address, such as boiler-1:temperature. */
  text: string;
  /** For people: with the name of the device, if it has one. */
  label: string;
  /** A CSS variable, such as --series-1. */
  colour: string;
  /** The code of its unit; the empty text for none. */
  unit: string;
} & ({ kind: 'line'; line: Line; summary: Summary | null } | { kind: 'lane'; lane: Lane; runs: StateRun[] });

const colourCount = 12;

/** The view of the series that stands at this place in the address. */
export function viewOf(read: Read, index: number, range: Range, now: number): View {
  const { device, metric } = read.name;
  const text = seriesText(read.name);
  const unit = valuesOf(device)[metric]?.unit ?? '';
  const colour = `--series-${(index % colourCount) + 1}`;
  const label = `${deviceLabel(device)}:${metric}`;
  const common = { read, text, label, colour, unit };
  const bucketMs = read.stored?.bucket?.ms ?? null;
  if (!isState(read)) {
    const points = read.items.length === 0 ? noPoints : pointsOf(read.items, bucketMs);
    const line = { name: label, colour, unit, divisor: 1, points };
    return { ...common, kind: 'line', line, summary: summaryOf(points, range) };
  }
  const runs = runsOf([...(read.stored?.before ?? []), ...read.items], bucketMs, range, Math.min(range.to, now));
  return { ...common, kind: 'lane', runs, lane: { name: label, runs, colours: laneColours(runs) } };
}

/** Whether a series has texts or booleans. What was read decides, else the latest value. */
function isState({ name, items, stored }: Read): boolean {
  const [item] = [...items, ...(stored?.before ?? [])];
  const value =
    item === undefined ? valuesOf(name.device)[name.metric]?.value : 'value' in item ? item.value : item.last;
  return typeof value === 'string' || typeof value === 'boolean';
}

function laneColours(runs: StateRun[]): Map<string, string> {
  const values = new Set(runs.map(({ value }) => value));
  if ([...values].every((value) => value === 'yes' || value === 'no'))
    return new Map([
      ['yes', '--accent'],
      ['no', '--edge'],
    ]);
  return new Map(Array.from(coloursOf(values, colourCount), ([value, colour]) => [value, `--series-${colour + 1}`]));
}

/** Per unit the scale that suits all lines which have it, so that they share an axis and their values can be compared. */
export function scalesOf(views: readonly View[]): Map<string, Scale> {
  const values = new Map<string, number[]>();
  for (const view of views)
    if (view.kind === 'line' && view.summary !== null) {
      const { least, greatest, mean } = view.summary;
      values.set(view.unit, [...(values.get(view.unit) ?? []), least, greatest, mean]);
    }
  return new Map(Array.from(values, ([unit, those]) => [unit, scaleOf(those, unit === '' ? null : unit)]));
}

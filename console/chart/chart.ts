/**
 * chart/ draws series over time: lines, bars of states, and the range that they share. It knows neither the session nor the API;
 * series/ reads the readings and hands them over.
 */
import uPlot from 'uplot';
import { axisTexts } from './axisTexts.js';
import { type Frame, frameOptions, type Listeners, watchFrame, widthOf } from './frame.js';
import type { Points } from './points.js';
import type { Range, Zone } from './range.js';

/** A line of a chart. */
export interface Line {
  /** Unique in the chart. */
  name: string;
  /** A CSS variable, such as --series-1. */
  colour: string;
  /** Lines of one unit share an axis. */
  unit: string;
  /** The axis shows values divided by this, for example 1,000 for kW. */
  divisor: number;
  points: Points;
}

/** A chart on the page. */
export interface LineChart {
  /** Draws the lines within the range. They have at most two units; the second one has its axis on the right. */
  show(lines: readonly Line[], range: Range, zone: Zone): void;
  /** Removes the chart and its listeners. */
  end(): void;
}

const height = 280;
/** Single points are marked if a chart has fewer than this. */
const markedMax = 60;
/** More bands than this hide each other. */
const bandsMax = 3;

/** What a chart looks like; if it changes, the chart is made anew. */
interface Look {
  lines: (Omit<Line, 'points'> & { marked: boolean; banded: boolean })[];
  zone: Zone;
  bothSides: boolean;
}

/** A uPlot in the colours of the page: lines over their bands. This file is loaded when the first chart is shown. */
export function createLineChart(element: HTMLElement, bothSides: boolean, listeners: Listeners): LineChart {
  let plot: uPlot | null = null;
  let shown: { lines: readonly Line[]; range: Range; zone: Zone } | null = null;
  let look = '';

  function build(): void {
    if (shown === null) return;
    plot?.destroy();
    const frame: Frame = {
      element,
      height,
      bothSides,
      zone: shown.zone,
      range: () => (shown as { range: Range }).range,
    };
    plot = new uPlot(
      lineOptions(frame, lookOf(shown.lines, shown.zone, bothSides), listeners),
      dataOf(shown.lines),
      element,
    );
  }
  const endWatch = watchFrame(element, build, () => plot?.setSize({ width: widthOf(element), height }));

  return {
    show(lines, range, zone) {
      shown = { lines, range, zone };
      const next = JSON.stringify(lookOf(lines, zone, bothSides));
      if (next === look) return plot?.setData(dataOf(lines));
      look = next;
      build();
    },
    end() {
      endWatch();
      plot?.destroy();
    },
  };
}

function lookOf(lines: readonly Line[], zone: Zone, bothSides: boolean): Look {
  const banded = lines.length <= bandsMax;
  return {
    zone,
    bothSides,
    lines: lines.map(({ points, ...line }) => ({
      ...line,
      banded: banded && points.low.some((value) => value !== null),
      marked: points.x.length < markedMax,
    })),
  };
}

/** Per line three series: the least and the greatest value of the band, which are not drawn, and over the band the line. */
function lineOptions(frame: Frame, { lines }: Look, listeners: Listeners): uPlot.Options {
  const options = frameOptions(frame, listeners);
  const { colourOf, axis } = options;
  const units = [...new Set(lines.map(({ unit }) => unit))];
  const scaleOf = (unit: string): string => `y${units.indexOf(unit)}`;
  const divisorOf = (unit: string): number => lines.find((line) => line.unit === unit)?.divisor ?? 1;
  const edge = (unit: string): uPlot.Series => ({ scale: scaleOf(unit), width: 0, points: { show: false } });
  return {
    ...options.plot,
    // The edges of a band have no dot at the pointer.
    cursor: { ...options.plot.cursor, points: { size: (_, i) => (i % 3 === 0 ? 7 : 0) } },
    series: [
      {},
      ...lines.flatMap(({ colour, unit, marked }): uPlot.Series[] => [
        edge(unit),
        edge(unit),
        {
          scale: scaleOf(unit),
          stroke: colourOf(colour),
          width: 1.75,
          spanGaps: false,
          points: { show: marked, size: 5 },
        },
      ]),
    ],
    bands: lines.flatMap(({ colour, banded }, i): uPlot.Band[] =>
      banded ? [{ series: [3 * i + 2, 3 * i + 1], fill: colourOf(colour, 18) }] : [],
    ),
    axes: [
      options.timeAxis,
      ...units.map((unit, i) => ({
        ...axis,
        scale: scaleOf(unit),
        side: (i === 0 ? 3 : 1) as uPlot.Axis.Side,
        grid: { ...axis.grid, show: i === 0 },
        values: (_: uPlot, splits: number[]) => axisTexts(splits, divisorOf(unit)),
      })),
    ],
  };
}

/** The lines on one axis of times. A line has `undefined` at the times of the others, and null in its gaps. */
function dataOf(lines: readonly Line[]): uPlot.AlignedData {
  if (lines.length === 0) return [[]];
  return uPlot.join(lines.map(({ points: { x, line, low, high } }) => [x, low, high, line]));
}

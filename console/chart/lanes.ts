import uPlot from 'uplot';
import { type ColourOf, type Frame, frameOptions, type Listeners, watchFrame, widthOf } from './frame.js';
import type { Range, Zone } from './range.js';
import type { StateRun } from './states.js';

/** The states of one metric over time. */
export interface Lane {
  /** What stands above the bars. */
  name: string;
  runs: StateRun[];
  /** The CSS variable of each value's colour. */
  colours: ReadonlyMap<string, string>;
}

/** Bars of states on the page, one lane per metric. */
export interface LaneChart {
  /** Draws the lanes within the range. */
  show(lanes: readonly Lane[], range: Range, zone: Zone): void;
  /** Removes the bars and their listeners. */
  end(): void;
}

const laneHeight = 50;
const nameHeight = 20;
const barHeight = 24;
const axisHeight = 60;

/** The height of a chart with this many lanes, CSS pixels. */
const heightOf = (lanes: number): number => lanes * laneHeight + axisHeight;

/** Bars in the colours of the page, with their text where it fits. */
export function createLaneChart(element: HTMLElement, bothSides: boolean, listeners: Listeners): LaneChart {
  let plot: uPlot | null = null;
  let shown: { lanes: readonly Lane[]; range: Range; zone: Zone } | null = null;
  let look = '';

  function build(): void {
    if (shown === null) return;
    plot?.destroy();
    const current = (): { lanes: readonly Lane[]; range: Range } => shown as { lanes: readonly Lane[]; range: Range };
    const height = heightOf(shown.lanes.length);
    const frame: Frame = { element, height, bothSides, zone: shown.zone, range: () => current().range };
    plot = new uPlot(
      laneOptions(frame, () => current().lanes, listeners),
      dataOf(shown.range),
      element,
    );
  }
  const resize = (): void => plot?.setSize({ width: widthOf(element), height: heightOf(shown?.lanes.length ?? 0) });
  const endWatch = watchFrame(element, build, resize);

  return {
    show(lanes, range, zone) {
      shown = { lanes, range, zone };
      const next = `${zone} ${lanes.length}`;
      if (next === look) return plot?.setData(dataOf(range));
      look = next;
      build();
    },
    end() {
      endWatch();
      plot?.destroy();
    },
  };
}

/** uPlot draws only the time axis: its one series has no value. */
const dataOf = ({ from, to }: Range): uPlot.AlignedData => [
  [from / 1000, to / 1000],
  [null, null],
];

function laneOptions(frame: Frame, lanes: () => readonly Lane[], listeners: Listeners): uPlot.Options {
  const { plot, axis, timeAxis, colourOf, font } = frameOptions(frame, listeners);
  const empty = { ...axis, scale: 'y', grid: { show: false }, values: () => [] };
  const sides: uPlot.Axis[] = frame.bothSides ? [empty, { ...empty, side: 1 }] : [empty];
  return {
    ...plot,
    series: [{}, { scale: 'y', points: { show: false } }],
    scales: { ...plot.scales, y: { auto: false, range: [0, 1] } },
    axes: [timeAxis, ...sides],
    hooks: { ...plot.hooks, draw: [(self) => lanes().forEach((lane, i) => drawLane(self, lane, i, colourOf, font))] },
  };
}

function drawLane(self: uPlot, { name, runs, colours }: Lane, index: number, colourOf: ColourOf, font: string): void {
  const { ctx, bbox } = self;
  const ratio = devicePixelRatio;
  const top = bbox.top + index * laneHeight * ratio;
  const [barTop, height] = [top + nameHeight * ratio, barHeight * ratio];
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  ctx.textAlign = 'left';
  ctx.textBaseline = 'middle';
  ctx.font = `${12 * ratio}px ${font}`;
  ctx.fillStyle = colourOf('--soft');
  ctx.fillText(name, bbox.left, top + 9 * ratio);
  ctx.fillStyle = colourOf('--sunken');
  ctx.fillRect(bbox.left, barTop, bbox.width, height);
  const fills = new Map(
    [...colours].map(([value, colour]) => [value, { bar: colourOf(colour, 42), edge: colourOf(colour) }]),
  );
  const ink = colourOf('--ink');
  for (const { from, to, value } of runs) {
    const left = self.valToPos(from / 1000, 'x', true);
    const width = Math.max(ratio, self.valToPos(to / 1000, 'x', true) - left);
    ctx.fillStyle = fills.get(value)?.bar ?? ink;
    ctx.fillRect(left, barTop, width, height);
    ctx.fillStyle = fills.get(value)?.edge ?? ink;
    ctx.fillRect(left, barTop, Math.min(width, 2 * ratio), height);
    const text = fitted(ctx, value, width - 12 * ratio);
    ctx.fillStyle = ink;
    if (text !== '') ctx.fillText(text, left + 7 * ratio, barTop + height / 2 + ratio);
  }
  ctx.restore();
}

/** The text as long as it fits into this many pixels, with … if it was cut; nothing if fewer than three letters fit. */
function fitted(ctx: CanvasRenderingContext2D, text: string, width: number): string {
  if (width < 8 * devicePixelRatio) return '';
  const full = ctx.measureText(text).width;
  if (full <= width) return text;
  const letters = Math.floor((text.length * width) / full) - 1;
  return letters < 3 ? '' : `${text.slice(0, letters)}…`;
}

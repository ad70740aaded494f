/**
 * chart/ draws one metric over time: the plot, its points, and the range that it shows. It knows neither the session nor the API;
 * device/readings.tsx reads the readings and hands them over.
 */
import uPlot from 'uplot';
import { numberText } from './numberText.js';
import { type Points, spanOf } from './points.js';
import type { Range } from './range.js';

/** What a chart is made with. */
export interface ChartOptions {
  /** Where it is drawn; its width is followed. */
  element: HTMLElement;
  /** As text, such as °C. */
  unit: string;
  /** True if a value holds until the next one: the line is drawn as steps. */
  steps: boolean;
  /** The user dragged over this range, Unix ms. */
  zoomed(fromMs: number, toMs: number): void;
}

/** A chart on the page. */
export interface Chart {
  /** Draws the points within the range. */
  show(points: Points, within: Range): void;
  /** Removes the chart and its listeners. */
  end(): void;
}

const height = 300;
/** Single points are marked if there are fewer than this. */
const markedMax = 60;

/** A uPlot in the colours of the page: a line over a band, and zoom by dragging. This file is loaded when the first chart is shown. */
export function createChart({ element, unit, steps, zoomed }: ChartOptions): Chart {
  const readout = document.createElement('p');
  readout.className = 'readout';
  let plot: uPlot | null = null;
  let points: Points = { x: [], line: [], low: [], high: [] };
  let range: Range = { from: 0, to: 1, follow: false };

  function build(): void {
    plot?.destroy();
    const options = plotOptions(element, steps, points.x.length < markedMax, () => range);
    const hooks: uPlot.Hooks.Arrays = {
      setSelect: [(self) => takeSelection(self, zoomed)],
      setCursor: [
        (self) => {
          readout.textContent = readoutText(self, points, unit);
        },
      ],
    };
    plot = new uPlot({ ...options, hooks }, dataOf(points), element);
    plot.root.append(readout);
  }

  const resize = new ResizeObserver(() => plot?.setSize({ width: widthOf(element), height }));
  resize.observe(element);
  addEventListener('themechange', build);
  const dark = matchMedia('(prefers-color-scheme: dark)');
  dark.addEventListener('change', build);
  build();

  return {
    show(next, within) {
      const marksChange = points.x.length < markedMax !== next.x.length < markedMax;
      points = next;
      range = within;
      if (marksChange) build();
      else plot?.setData(dataOf(points));
    },
    end() {
      resize.disconnect();
      removeEventListener('themechange', build);
      dark.removeEventListener('change', build);
      plot?.destroy();
    },
  };
}

const widthOf = (element: HTMLElement): number => Math.max(200, element.clientWidth);

/** The colour of a CSS variable as the browser computes it, because a canvas takes no variables. */
function colourOf(element: HTMLElement, name: string): string {
  const probe = document.createElement('span');
  probe.style.color = `var(${name})`;
  element.append(probe);
  const value = getComputedStyle(probe).color;
  probe.remove();
  return value;
}

/**
 * How the plot looks. The series are: time, least of the band, greatest of the band, line. uPlot paints them in this order, so the line
 * comes last: before its band it would lie below it.
 */
function plotOptions(
  element: HTMLElement,
  steps: boolean,
  marked: boolean,
  range: () => Range,
): Omit<uPlot.Options, 'hooks'> {
  const font = getComputedStyle(element).getPropertyValue('--sans').trim() || 'system-ui';
  const axis = {
    stroke: colourOf(element, '--soft'),
    grid: { stroke: colourOf(element, '--line'), width: 1 },
    ticks: { show: false },
    font: `12px ${font}`,
  };
  // A faint edge keeps the band visible where it is only a pixel high.
  const edge = { stroke: colourOf(element, '--band-edge'), width: 1, points: { show: false } };
  const paths = steps ? uPlot.paths.stepped?.({ align: 1 }) : undefined;
  return {
    width: widthOf(element),
    height,
    legend: { show: false },
    cursor: { drag: { x: true, y: false, setScale: false }, points: { size: 7 }, y: false },
    scales: { x: { time: true, auto: false, range: () => [range().from / 1000, range().to / 1000] } },
    axes: [
      { ...axis, space: 84, values: timeLabels },
      {
        ...axis,
        size: axisWidth,
        values: (_, splits) => splits.map((value) => numberText(value, splits[1] - splits[0])),
      },
    ],
    series: [
      {},
      edge,
      edge,
      {
        stroke: colourOf(element, '--accent'),
        width: 1.75,
        spanGaps: false,
        points: { show: marked, size: 5 },
        ...(paths === undefined ? {} : { paths }),
      },
    ],
    bands: [{ series: [2, 1], fill: colourOf(element, '--band') }],
  };
}

/** Hands over the range that was dragged over, and clears the selection. A drag below 4 pixels is a click. */
function takeSelection(self: uPlot, zoomed: ChartOptions['zoomed']): void {
  const { left, width } = self.select;
  if (width < 4) return;
  const at = (px: number): number => self.posToVal(px, 'x') * 1000;
  const [from, to] = [at(left), at(left + width)];
  self.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
  zoomed(from, to);
}

/** The value under the pointer with its time, and its band if there is one; empty if the pointer is at no value. */
function readoutText({ cursor, data }: uPlot, points: Points, unit: string): string {
  const { idx } = cursor;
  const value = idx == null ? null : data[3][idx];
  if (idx == null || value == null) return '';
  const [low, high] = [data[1][idx], data[2][idx]];
  const step = spanOf(points) / 200;
  const band =
    low == null || high == null || low === high ? '' : ` (${numberText(low, step)} to ${numberText(high, step)})`;
  const time = new Date(data[0][idx] * 1000).toLocaleString([], { hourCycle: 'h23' });
  return `${time}   ${numberText(value, step)} ${unit}${band}`;
}

const dataOf = ({ x, line, low, high }: Points): uPlot.AlignedData => [x, low, high, line];

/** The width of the value axis: that of its longest label. */
function axisWidth(_: uPlot, labels: string[] | null): number {
  return 20 + 7.2 * Math.max(4, ...(labels ?? []).map((label) => label.length));
}

/** Labels of the time axis. The date is added at the first label of each day. */
function timeLabels(_: uPlot, splits: number[], __: number, ___: number, stepSeconds: number): string[] {
  let day = '';
  return splits.map((seconds) => {
    const date = new Date(seconds * 1000);
    const today = date.toLocaleDateString([], { day: 'numeric', month: 'short' });
    const hours = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const;
    const time = date.toLocaleTimeString([], stepSeconds < 60 ? { ...hours, second: '2-digit' } : hours);
    const text = stepSeconds >= 86_400 ? today : today === day ? time : `${time}\n${today}`;
    day = today;
    return text;
  });
}

import uPlot from 'uplot';
import { timeLabels } from './labels.js';
import { moved, type Range, type Zone } from './range.js';

/** What the user does in a chart. */
export interface Listeners {
  /** Dragged over this range, or moved it with Shift, Unix ms. */
  zoomed(fromMs: number, toMs: number): void;
  /** The time under the pointer, Unix ms; null if it left the chart. */
  pointed(ts: number | null): void;
}

/** What every chart of a page has in common, so that their time axes stand in line. */
export interface Frame {
  element: HTMLElement;
  height: number;
  /** True if there is room for an axis on the right, too. */
  bothSides: boolean;
  zone: Zone;
  range(): Range;
}

/** Charts of one page move their cursors together. */
const together = 'page';
const axisSize = 64;

export const widthOf = (element: HTMLElement): number => Math.max(200, element.clientWidth);

/** Calls `build` if the colours of the page change, and `resize` if the element does, until the returned function is called. */
export function watchFrame(element: HTMLElement, build: () => void, resize: () => void): () => void {
  const observer = new ResizeObserver(resize);
  observer.observe(element);
  addEventListener('themechange', build);
  const dark = matchMedia('(prefers-color-scheme: dark)');
  dark.addEventListener('change', build);
  return () => {
    observer.disconnect();
    removeEventListener('themechange', build);
    dark.removeEventListener('change', build);
  };
}

/** A colour of a CSS variable, with a share of transparency from 0 to 100 % if `percent` is given. */
export type ColourOf = (variable: string, percent?: number) => string;

/** The part of the options that every chart has, and what its own axes are made of. */
export function frameOptions({ element, height, bothSides, zone, range }: Frame, listeners: Listeners) {
  const colourOf: ColourOf = (variable, percent = 100) =>
    computedColour(element, `color-mix(in srgb, var(${variable}) ${percent}%, transparent)`);
  const font = getComputedStyle(element).getPropertyValue('--sans').trim() || 'system-ui';
  const axis = {
    stroke: colourOf('--soft'),
    grid: { stroke: colourOf('--line'), width: 1 },
    ticks: { show: false },
    font: `12px ${font}`,
    size: axisSize,
  } satisfies uPlot.Axis;
  const plot = {
    width: widthOf(element),
    height,
    padding: [10, bothSides ? 0 : 14, 0, 0] as uPlot.Padding,
    legend: { show: false },
    tzDate: (seconds: number) =>
      zone === 'utc' ? uPlot.tzDate(new Date(seconds * 1000), 'Etc/UTC') : new Date(seconds * 1000),
    cursor: {
      y: false,
      drag: { x: true, y: false, setScale: false },
      sync: { key: together, setSeries: false },
      bind: { mousedown: (self, _, select) => (event) => press(self, event, range, listeners, select) },
    },
    scales: { x: { time: true, auto: false, range: () => [range().from / 1000, range().to / 1000] } },
    hooks: {
      setSelect: [(self: uPlot) => takeSelection(self, listeners)],
      setCursor: [
        (self: uPlot) => {
          const { left } = self.cursor;
          listeners.pointed(left === undefined || left < 0 ? null : self.posToVal(left, 'x') * 1000);
        },
      ],
    },
  } satisfies Partial<uPlot.Options>;
  const timeAxis: uPlot.Axis = {
    ...axis,
    size: 46,
    space: 84,
    values: (_, splits, __, ___, step) => timeLabels(splits, step, zone),
  };
  return { plot, axis, timeAxis, colourOf, font };
}

/** The colour as the browser computes it, because a canvas takes no variables. */
function computedColour(element: HTMLElement, text: string): string {
  const probe = document.createElement('span');
  probe.style.color = text;
  element.append(probe);
  const value = getComputedStyle(probe).color;
  probe.remove();
  return value;
}

/** A press begins a selection; with Shift it moves the range. */
function press(
  self: uPlot,
  event: MouseEvent,
  range: () => Range,
  listeners: Listeners,
  select: (event: MouseEvent) => unknown,
): null {
  if (!event.shiftKey || event.button !== 0) {
    select(event);
    return null;
  }
  const [start, width, begin] = [range(), self.over.clientWidth, event.clientX];
  const move = ({ clientX }: MouseEvent): void => {
    const { from, to } = moved(start, (begin - clientX) / width, Date.now());
    listeners.zoomed(from, to);
  };
  const end = (): void => {
    removeEventListener('mousemove', move);
    removeEventListener('mouseup', end);
  };
  addEventListener('mousemove', move);
  addEventListener('mouseup', end);
  return null;
}

/** Hands over the range that was dragged over, and clears the selection. A drag below 4 pixels is a click. */
function takeSelection(self: uPlot, listeners: Listeners): void {
  const { left, width } = self.select;
  if (width < 4) return;
  const at = (px: number): number => self.posToVal(px, 'x') * 1000;
  const [from, to] = [at(left), at(left + width)];
  self.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
  listeners.zoomed(from, to);
}

import uPlot from 'uplot';
import { numberText } from './numberText.js';
import { type Points, spanOf } from './points.js';
import type { Range } from './range.js';

export interface ChartOptions {
  element: HTMLElement;
  unit: string;
  /** Drawn as steps: a value holds until the next. */
  steps: boolean;
  zoomed(fromMs: number, toMs: number): void;
}

export type Chart = ReturnType<typeof createChart>;

const height = 300;

/** A uPlot with the page's colours: a line, the band beneath it, zoom by dragging. Loaded only where one is shown. */
export function createChart({ element, unit, steps, zoomed }: ChartOptions) {
  const colour = (name: string): string => getComputedStyle(element).getPropertyValue(name).trim();
  const resolved = (name: string): string => {
    const probe = document.createElement('span');
    probe.style.color = `var(${name})`;
    element.append(probe);
    const value = getComputedStyle(probe).color;
    probe.remove();
    return value;
  };
  let plot: uPlot | null = null;
  let points: Points = { x: [], line: [], low: [], high: [] };
  let range: Range = { from: 0, to: 1, follow: false };

  function build(): void {
    plot?.destroy();
    const axis = {
      stroke: resolved('--soft'),
      grid: { stroke: resolved('--line'), width: 1 },
      ticks: { show: false },
      font: `12px ${colour('--sans') || 'system-ui'}`,
    };
    const paths = steps ? uPlot.paths.stepped?.({ align: 1 }) : undefined;
    const accent = resolved('--accent');
    plot = new uPlot(
      {
        width: Math.max(200, element.clientWidth),
        height,
        legend: { show: false },
        cursor: { drag: { x: true, y: false, setScale: false }, points: { size: 7 }, y: false },
        scales: { x: { time: true, auto: false, range: () => [range.from / 1000, range.to / 1000] } },
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
          {
            stroke: accent,
            width: 1.75,
            spanGaps: false,
            points: { show: points.x.length < 60, size: 5 },
            ...(paths === undefined ? {} : { paths }),
          },
          { width: 0, points: { show: false } },
          { width: 0, points: { show: false } },
        ],
        bands: [{ series: [3, 2], fill: resolved('--accent-soft') }],
        hooks: {
          setSelect: [
            (self) => {
              const { left, width } = self.select;
              if (width < 4) return;
              const at = (px: number): number => self.posToVal(px, 'x') * 1000;
              const [from, to] = [at(left), at(left + width)];
              self.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
              zoomed(from, to);
            },
          ],
          setCursor: [(self) => tell(self)],
        },
      },
      dataOf(points),
      element,
    );
    plot.root.append(readout);
  }

  const readout = document.createElement('p');
  readout.className = 'readout';

  function tell({ cursor, data }: uPlot): void {
    const { idx } = cursor;
    const value = idx == null ? null : (data[1][idx] as number | null);
    if (idx == null || value == null) {
      readout.textContent = '';
      return;
    }
    const [low, high] = [data[2][idx], data[3][idx]];
    const step = spanOf(points) / 200;
    const text = (one: number): string => numberText(one, step);
    const band = low == null || high == null || low === high ? '' : ` (${text(low)} to ${text(high)})`;
    readout.textContent = `${new Date(data[0][idx] * 1000).toLocaleString([], { hourCycle: 'h23' })}   ${text(value)} ${unit}${band}`;
  }

  const resize = new ResizeObserver(() => plot?.setSize({ width: Math.max(200, element.clientWidth), height }));
  resize.observe(element);
  const rebuild = (): void => build();
  addEventListener('themechange', rebuild);
  const dark = matchMedia('(prefers-color-scheme: dark)');
  dark.addEventListener('change', rebuild);
  build();

  return {
    show(next: Points, within: Range): void {
      const dots = points.x.length < 60 !== next.x.length < 60;
      points = next;
      range = within;
      if (dots) build();
      else plot?.setData(dataOf(points));
    },
    end(): void {
      resize.disconnect();
      removeEventListener('themechange', rebuild);
      dark.removeEventListener('change', rebuild);
      plot?.destroy();
    },
  };
}

const dataOf = ({ x, line, low, high }: Points): uPlot.AlignedData => [x, line, low, high];

/** As wide as the longest label. */
function axisWidth(_: uPlot, labels: string[] | null): number {
  return 20 + 7.2 * Math.max(4, ...(labels ?? []).map((label) => label.length));
}

/** The day stands where it changes. */
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

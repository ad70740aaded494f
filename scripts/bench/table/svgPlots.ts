import { quantity, timeSteps, timeTexts } from '../../../device-sim/report/page/figures.js';

/** A line with its points as [x, y]; a y that is not finite leaves a gap. */
interface Series {
  name: string;
  points: readonly (readonly [number, number])[];
}

/** What a plot of lines shows. */
interface PlotOptions {
  title: string;
  /** What follows a figure on the y axis. */
  unit: string;
  lines: readonly Series[];
}

const [width, height] = [760, 220];
const [left, right, top, bottom] = [64, 12, 40, 26];
const colours = ['#0969da', '#bc4c00', '#1a7f37', '#8250df', '#57606a'];
const gridSteps = 4;

/** An SVG of lines over the seconds of a run, without references to other files. The y axis begins at zero, so a flat line looks flat. */
export function linePlot({ title, unit, lines }: PlotOptions): string {
  const points = lines.flatMap((line) => line.points.filter(([, y]) => Number.isFinite(y)));
  const xMax = Math.max(...points.map(([x]) => x), 1);
  const yMax = niceMax(Math.max(...points.map(([, y]) => y), 0));
  const x = (value: number): number => left + (value / xMax) * (width - left - right);
  const y = (value: number): number => height - bottom - (value / yMax) * (height - top - bottom);
  const grid = Array.from({ length: gridSteps + 1 }, (_, i) => (i * yMax) / gridSteps).flatMap((value) => [
    `<line x1="${left}" x2="${width - right}" y1="${round(y(value))}" y2="${round(y(value))}" class="grid"/>`,
    label(left - 6, y(value) + 4, quantity(value, unit), 'end'),
  ]);
  const times = timeTicks(xMax).map(([at, text]) => label(x(at), height - 8, text, 'middle'));
  const drawn = lines.flatMap(({ name, points: all }, i) => [
    `<path d="${pathOf(all, x, y)}" fill="none" stroke="${colours[i % colours.length]}" stroke-width="1.5"/>`,
    `<rect x="${left + i * 150}" y="22" width="9" height="9" fill="${colours[i % colours.length]}"/>`,
    label(left + 13 + i * 150, 31, name, 'start'),
  ]);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escaped(title)}" font-family="sans-serif" font-size="11" fill="#1f2328">
<style>.grid{stroke:#d0d7de}</style>
<rect width="${width}" height="${height}" fill="#ffffff"/>
<text x="${left}" y="14" font-weight="bold">${escaped(title)}</text>
${[...grid, ...times, ...drawn].join('\n')}
</svg>
`;
}

function pathOf(
  points: readonly (readonly [number, number])[],
  x: (value: number) => number,
  y: (value: number) => number,
): string {
  let pen = 'M';
  return points
    .map(([px, py]) => {
      if (!Number.isFinite(py)) {
        pen = 'M';
        return '';
      }
      const step = `${pen}${round(x(px))} ${round(y(py))}`;
      pen = 'L';
      return step;
    })
    .join('');
}

const timeTicksMax = 8;

/** Round times of the axis up to `max` seconds, with their texts. */
function timeTicks(max: number): [number, string][] {
  const step = timeSteps.find((one) => max / one <= timeTicksMax) ?? 86_400 * Math.ceil(max / 86_400 / timeTicksMax);
  const times = Array.from({ length: Math.floor(max / step) + 1 }, (_, n) => n * step);
  const texts = timeTexts(times, step);
  return times.map((time, n) => [time, texts[n]]);
}

/** One bar of a plot. */
export interface Bar {
  name: string;
  value: number;
  /** Printed after the figure. */
  note?: string;
}

/** An SVG of bars from zero, one below the other. */
export function barPlot(title: string, unit: string, bars: readonly Bar[]): string {
  const rowHeight = 24;
  const from = 20 + charWidth * Math.max(...bars.map(({ name }) => name.length));
  const tall = 44 + rowHeight * bars.length;
  const most = Math.max(...bars.map(({ value }) => value), Number.MIN_VALUE);
  const rows = bars.flatMap(({ name, value, note }, i) => {
    const yTop = 30 + i * rowHeight;
    const long = (value / most) * (width - from - 150);
    return [
      label(from - 8, yTop + 13, name, 'end'),
      `<rect x="${from}" y="${yTop}" width="${round(long)}" height="17" fill="${colours[0]}"/>`,
      label(from + long + 6, yTop + 13, `${quantity(value, unit)}${note === undefined ? '' : ` ${note}`}`, 'start'),
    ];
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${tall}" role="img" aria-label="${escaped(title)}" font-family="sans-serif" font-size="12" fill="#1f2328">
<rect width="${width}" height="${tall}" fill="#ffffff"/>
<text x="8" y="18" font-weight="bold">${escaped(title)}</text>
${rows.join('\n')}
</svg>
`;
}

/** About the width of a character. */
const charWidth = 6.5;

const label = (x: number, y: number, text: string, anchor: string): string =>
  `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}">${escaped(text)}</text>`;

const round = (value: number): number => Math.round(value * 10) / 10;

function niceMax(value: number): number {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 4, 5, 8, 10].find((step) => step * power >= value) as number) * power;
}

/** The text for SVG. */
function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

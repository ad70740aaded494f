/** A line with its points as [x, y]; a y that is not finite leaves a gap. */
export interface Series {
  name: string;
  points: readonly (readonly [number, number])[];
}

/** What a plot of lines shows. */
export interface PlotOptions {
  title: string;
  /** What follows a figure on the y axis. */
  unit: string;
  lines: readonly Series[];
  /** Named stretches of the x axis: [name, from]. */
  stages?: readonly (readonly [string, number])[];
}

const [width, height] = [760, 220];
const [left, right, top, bottom] = [64, 12, 40, 26];
const colours = ['#0969da', '#bc4c00', '#1a7f37', '#8250df', '#57606a'];
const gridSteps = 4;

/** An SVG of lines over the seconds of a run, without references to other files. The y axis begins at zero, so a flat line looks flat. */
export function linePlot({ title, unit, lines, stages = [] }: PlotOptions): string {
  const points = lines.flatMap((line) => line.points.filter(([, y]) => Number.isFinite(y)));
  const xMax = Math.max(...points.map(([x]) => x), 1);
  const yMax = niceMax(Math.max(...points.map(([, y]) => y), 0));
  const x = (value: number): number => left + (value / xMax) * (width - left - right);
  const y = (value: number): number => height - bottom - (value / yMax) * (height - top - bottom);
  const grid = Array.from({ length: gridSteps + 1 }, (_, i) => (i * yMax) / gridSteps).flatMap((value) => [
    `<line x1="${left}" x2="${width - right}" y1="${round(y(value))}" y2="${round(y(value))}" class="grid"/>`,
    label(left - 6, y(value) + 4, quantity(value, unit), 'end'),
  ]);
  const marks = stages.map(
    ([, from]) =>
      `<line x1="${round(x(from))}" x2="${round(x(from))}" y1="${top}" y2="${height - bottom}" class="stage"/>`,
  );
  const names = stageLabels(stages.map(([name, from]) => [name, x(from)]));
  const times = timeTicks(xMax).map(([at, text]) => label(x(at), height - 8, text, 'middle'));
  const drawn = lines.flatMap(({ name, points: all }, i) => [
    `<path d="${pathOf(all, x, y)}" fill="none" stroke="${colours[i % colours.length]}" stroke-width="1.5"/>`,
    `<rect x="${left + i * 150}" y="22" width="9" height="9" fill="${colours[i % colours.length]}"/>`,
    label(left + 13 + i * 150, 31, name, 'start'),
  ]);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escaped(title)}" font-family="sans-serif" font-size="11" fill="#1f2328">
<style>.grid{stroke:#d0d7de}.stage{stroke:#8c959f;stroke-dasharray:3 3}</style>
<rect width="${width}" height="${height}" fill="#ffffff"/>
<text x="${left}" y="14" font-weight="bold">${escaped(title)}</text>
${[...grid, ...marks, ...times, ...drawn, ...names].join('\n')}
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

/** The names of the stages beside their lines, each in the first row in which it is free of the names before it. */
function stageLabels(stages: readonly (readonly [string, number])[]): string[] {
  const ends: number[] = [];
  return stages.map(([name, x]) => {
    const long = charWidth * name.length;
    const isLast = x + long > width - right;
    const from = isLast ? x - 3 - long : x + 3;
    const free = ends.findIndex((end) => end < from);
    const row = free === -1 ? ends.length : free;
    ends[row] = from + long + charWidth;
    return label(isLast ? x - 3 : x + 3, top + 10 + row * 12, name, isLast ? 'end' : 'start');
  });
}

/** Steps of the time axis in seconds: parts of a minute, an hour and a day. */
const timeSteps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 43_200, 86_400];
const timeTicksMax = 8;

/** Round times of the axis up to `max` seconds, with their texts: all in one unit. */
export function timeTicks(max: number): [number, string][] {
  const step = timeSteps.find((one) => max / one <= timeTicksMax) ?? 86_400 * Math.ceil(max / 86_400 / timeTicksMax);
  const [size, unit] = step >= 3_600 ? [3_600, 'h'] : step >= 60 ? [60, 'min'] : [1, 's'];
  return Array.from({ length: Math.floor(max / step) + 1 }, (_, n) => [n * step, `${(n * step) / size} ${unit}`]);
}

/** A figure with its unit; a second or more of milliseconds in seconds. */
export function quantity(value: number, unit: string): string {
  return unit === ' ms' && value >= 1_000 ? `${figure(value / 1_000)} s` : `${figure(value)}${unit}`;
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

/** A number with three significant digits, with k, M or G. */
export function figure(value: number): string {
  const [scale, letter] = (
    [
      [1e9, 'G'],
      [1e6, 'M'],
      [1e3, 'k'],
    ] as const
  ).find(([size]) => value >= size) ?? [1, ''];
  return `${Number((value / scale).toPrecision(3))}${letter}`;
}

/** The text for HTML and SVG. */
export function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

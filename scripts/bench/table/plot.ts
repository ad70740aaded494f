/** A line of the plot. Its points are [readings stored, readings per second]. */
export interface Line {
  name: string;
  points: [number, number][];
}

const [width, height] = [720, 380];
const [left, right, top, bottom] = [70, 20, 46, 48];
const colours = ['#0969da', '#bc4c00', '#1a7f37'];

/** An SVG plot of rates in millions over stored readings in millions. Both axes begin at zero, so that a steady rate looks flat. */
export function plotOf(title: string, lines: readonly Line[]): string {
  const all = lines.flatMap(({ points }) => points);
  const xMax = Math.max(...all.map(([x]) => x), 1);
  const yMax = niceMax(Math.max(...all.map(([, y]) => y), 1));
  const x = (value: number): number => left + (value / xMax) * (width - left - right);
  const y = (value: number): number => height - bottom - (value / yMax) * (height - top - bottom);
  const text = (at: [number, number], content: string, anchor = 'middle'): string =>
    `<text x="${at[0].toFixed(1)}" y="${at[1].toFixed(1)}" text-anchor="${anchor}">${content}</text>`;
  const grid = [0, 0.25, 0.5, 0.75, 1].flatMap((part) => [
    `<line x1="${left}" x2="${width - right}" y1="${y(part * yMax)}" y2="${y(part * yMax)}" stroke="#d0d7de"/>`,
    text([left - 8, y(part * yMax) + 4], `${((part * yMax) / 1e6).toFixed(2)} M/s`, 'end'),
    text([x(part * xMax), height - bottom + 18], `${((part * xMax) / 1e6).toFixed(0)} M`),
  ]);
  const drawn = lines.flatMap(({ name, points }, i) => {
    const path = points.map(([px, py]) => `${x(px).toFixed(1)},${y(py).toFixed(1)}`).join(' ');
    const dots = points.map(
      ([px, py]) => `<circle cx="${x(px).toFixed(1)}" cy="${y(py).toFixed(1)}" r="3" fill="${colours[i]}"/>`,
    );
    return [
      `<polyline points="${path}" fill="none" stroke="${colours[i]}" stroke-width="2"/>`,
      ...dots,
      `<rect x="${left + 6 + i * 300}" y="26" width="10" height="10" fill="${colours[i]}"/>`,
      text([left + 22 + i * 300, 35], name, 'start'),
    ];
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12" fill="#1f2328">
<rect width="${width}" height="${height}" fill="#ffffff"/>
${text([width / 2, 16], title)}
${grid.join('\n')}
${drawn.join('\n')}
${text([width / 2, height - 8], 'readings stored')}
</svg>
`;
}

function niceMax(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 4, 5, 8, 10].find((step) => step * power >= value) as number) * power;
}

/**
 * The script of the page that a run is reported on. page/ has what runs in the browser: it draws the plots from the figures in the page,
 * and knows nothing of the simulator. The build bundles it with uPlot, and the report carries it, so that the page needs no other file.
 */
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import './page.css';
import { figure, quantity, timeSteps, timeTexts } from './figures.js';
import type { RunPlot, RunPlots } from './runPlots.js';

/** Plots of one page move their cursors, and zoom, together. */
const together = 'run';
const height = 200;
/** Room for the names of the stages above the lines, CSS pixels. */
const stagesHeight = 22;
const colours = ['--line-1', '--line-2', '--line-3', '--line-4'];

const { seconds, stages, plots } = JSON.parse(document.querySelector('#figures')?.textContent ?? '') as RunPlots;
const place = document.querySelector('#plots') as HTMLElement;
let drawn: { plot: uPlot; element: HTMLElement }[] = [];

function drawAll(): void {
  for (const { plot } of drawn) plot.destroy();
  place.replaceChildren();
  drawn = plots.map((plot) => {
    const card = place.appendChild(document.createElement('figure'));
    const caption = card.appendChild(document.createElement('figcaption'));
    caption.textContent = plot.title;
    const element = card.appendChild(document.createElement('div'));
    const data = [seconds, ...plot.lines.map(({ values }) => values)] as uPlot.AlignedData;
    return { plot: new uPlot(optionsOf(plot, element), data, element), element };
  });
}

function optionsOf({ unit, lines }: RunPlot, element: HTMLElement): uPlot.Options {
  const font = `12px ${getComputedStyle(element).fontFamily}`;
  const axis = {
    stroke: colourOf('--soft'),
    grid: { stroke: colourOf('--rule'), width: 1 },
    ticks: { show: false },
    font,
  };
  return {
    width: element.clientWidth,
    height,
    padding: [stagesHeight, 16, 0, 0],
    cursor: { y: false, sync: { key: together } },
    scales: {
      x: { time: false },
      // From zero, so that a flat line looks flat.
      y: { range: (_, __, max) => [0, max > 0 ? max * 1.08 : 1] },
    },
    axes: [
      { ...axis, size: 30, space: 60, incrs: timeSteps, values: (_, at, __, ___, step) => timeTexts(at, step) },
      { ...axis, size: 64, values: (_, at) => at.map((value) => quantity(value, unit)) },
    ],
    series: [
      { label: 'time', value: (_, at) => (at === null ? '–' : timeText(at)) },
      ...lines.map(
        ({ name }, i): uPlot.Series => ({
          label: name,
          stroke: colourOf(colours[i % colours.length]),
          width: 1.75,
          points: { show: seconds.length < 40, size: 4 },
          value: (_, value) => (value === null ? '–' : quantity(value, unit)),
        }),
      ),
    ],
    hooks: { drawAxes: [(plot) => drawStages(plot, font)] },
  };
}

/** A time of the run with the stage that it is in: `12.0 s, steady`. */
function timeText(at: number): string {
  const stage = stages.findLast(({ from }) => from <= at);
  return `${figure(Number(at.toFixed(1)))} s${stage === undefined ? '' : `, ${stage.name}`}`;
}

/** A dashed line where each stage begins, with its name if there is room; the list above the plots has all of them. */
function drawStages(plot: uPlot, font: string): void {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.strokeStyle = colourOf('--edge');
  ctx.fillStyle = colourOf('--soft');
  ctx.setLineDash([3 * devicePixelRatio, 3 * devicePixelRatio]);
  ctx.font = font.replace('12px', `${11 * devicePixelRatio}px`);
  ctx.textBaseline = 'bottom';
  let free = bbox.left;
  for (const { name, from } of stages) {
    const x = plot.valToPos(from, 'x', true);
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    if (from > 0) {
      ctx.beginPath();
      ctx.moveTo(x, bbox.top);
      ctx.lineTo(x, bbox.top + bbox.height);
      ctx.stroke();
    }
    const { width } = ctx.measureText(name);
    const left = Math.min(x, bbox.left + bbox.width - width);
    if (left < free) continue;
    ctx.fillText(name, left, bbox.top - 4 * devicePixelRatio);
    free = left + width + 8 * devicePixelRatio;
  }
  ctx.restore();
}

/** A colour of the style as the browser computes it, because a canvas takes no variables. */
function colourOf(variable: string): string {
  const probe = document.body.appendChild(document.createElement('span'));
  probe.style.color = `var(${variable})`;
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

drawAll();
new ResizeObserver(() => {
  for (const { plot, element } of drawn)
    if (element.clientWidth !== plot.width) plot.setSize({ width: element.clientWidth, height });
}).observe(place);
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', drawAll);

import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dayOf } from '../../../gateway/store/dayFiles/days.js';
import type { GatewayBody } from '../../../schemas/generated/operator.js';
import { delayedSyncs, startGatewayOn } from '../servers/servers.js';
import type { Row } from '../table/measure.js';
import { rawAppend } from '../table/rawAppend.js';
import { against, sealing, sealReadings } from '../table/rows.js';
import { days, fillDays, firstDay, type Point, readingsPerDeviceDay } from './storeFill.js';
import { timeQueries } from './storeQueries.js';
import { type Ingest, report } from './storeReport.js';

/**
 * Fills a store through the store's own threads, a day of history after another, and measures at several sizes how fast the
 * gateway takes more, beside an empty one and a plain append of rows in the same minutes, and at the end how fast it answers.
 */
export interface StoreBenchOptions {
  rows: number;
  links: number;
  seconds: number;
}

const levels = [0, 0.25, 1];
const fullRows = 100_000_000;
const syncDelayMs = 5;
const pacedFrames = 20_000;

export async function benchStore({ rows, links, seconds }: StoreBenchOptions): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'tidegate-bench-'));
  try {
    const devices = Math.max(1, Math.round(rows / days / readingsPerDeviceDay));
    // With fewer rows it is a look at whether it runs.
    const [whole, sustained] = rows < fullRows ? [seconds, seconds] : [Math.max(20, seconds), Math.max(60, seconds)];
    const fill: Point[] = [];
    const ingest: Ingest[] = [];
    let filled = 0;
    let written = 0;
    const note = (text: string): void => console.error(text);
    for (const level of levels) {
      const wanted = Math.round(level * days);
      const { points, bytesWritten } = await fillDays(folder, devices, filled, wanted);
      fill.push(...points);
      written += bytesWritten;
      filled = wanted;
      const stored = filled * devices * readingsPerDeviceDay;
      note(`${(stored / 1e6).toFixed(0)} M readings stored; measuring …`);
      const raw = rawAppend(5).readingsPerSecond;
      const beside = { stored, raw };
      const empty = await onEmpty((at) => ingestOn(at, links, level === 0 ? sustained : whole, 0));
      const full = level === 0 ? empty : await ingestOn(folder, links, whole, 0);
      ingest.push({ ...beside, ...full, empty: empty.readingsPerSecond });
      const paced = (at: string) => ingestOn(at, links, whole, pacedFrames);
      ingest.push({ ...beside, ...(await (level === 0 ? onEmpty(paced) : paced(folder))), empty: null });
    }
    note(`syncs delayed by ${syncDelayMs} ms; measuring …`);
    for (const paced of [0, pacedFrames]) {
      const row = await onEmpty((at) =>
        ingestOn(at, links, paced === 0 ? sustained : whole, paced, delayedSyncs(syncDelayMs)),
      );
      ingest.push({ stored: 0, raw: null, empty: null, ...row, name: `${row.name}, syncs + ${syncDelayMs} ms` });
    }
    note('queries; measuring …');
    const queries = await timeQueries(folder, devices);
    const readings = filled * devices * readingsPerDeviceDay;
    report({ fill, ingest, queries, readings, written, sizes: sizesOf(folder), days });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function onEmpty<Result>(measure: (folder: string) => Promise<Result>): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), 'tidegate-bench-'));
  try {
    return await measure(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Also looks every second at how many readings are not sealed yet. */
async function ingestOn(
  folder: string,
  links: number,
  seconds: number,
  framesPerSecond: number,
  wrapper: string[] = [],
): Promise<Row & { backlog: [number, number] }> {
  const server = await startGatewayOn(folder, links, 'binary', [...sealing, 'store.retentionDays=40'], wrapper);
  const backlog: number[] = [];
  const look = (): void =>
    void server.gateway
      .api<GatewayBody>('GET', '/v1/gateway')
      .then(({ unsealedReadings }) => backlog.push(unsealedReadings))
      .catch(() => {});
  let timer: NodeJS.Timeout | undefined;
  const load = { framesPerSecond, firstAt: (dayOf(Date.now()) - 1) * 86_400_000 };
  const name = framesPerSecond === 0 ? 'as fast as it goes' : `${framesPerSecond.toLocaleString('en')} frames/s`;
  try {
    // What was measured before ended with a SIGKILL, and may have left the log full.
    await server.gateway.api('POST', '/v1/gateway/seal');
    timer = setInterval(look, 1_000);
    const row = await against(server, name, 'fsynced', load, { seconds, links }, 10);
    const half = backlog.length >> 1;
    const most = (values: number[]): number => Math.max(0, ...values) / sealReadings;
    return { ...row, backlog: [most(backlog.slice(0, half)), most(backlog.slice(half))] };
  } finally {
    clearInterval(timer);
  }
}

function sizesOf(folder: string): { readings: number; rollups: number } {
  const sizes = { readings: 0, rollups: 0 };
  for (const name of readdirSync(join(folder, 'readings'))) {
    const { size } = statSync(join(folder, 'readings', name));
    if (dayOf(Date.parse(name.slice(0, 10))) >= firstDay + days) continue;
    sizes[name.includes('.rollup.') ? 'rollups' : 'readings'] += size;
  }
  return sizes;
}

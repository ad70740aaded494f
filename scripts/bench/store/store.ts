/**
 * The part `store` of the benches. store/ has the parts about stored readings: filling a store, ingest and queries on it, and many
 * streams at once. Parts that only need a gateway are in parts/.
 */
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
import { flatOut, type Ingest, report } from './storeReport.js';

export interface StoreBenchOptions {
  /** How many readings are stored in the end. */
  rows: number;
  /** How many devices are connected. */
  links: number;
  /** How long each measurement takes. */
  seconds: number;
}

/** The sizes at which ingest is measured, as shares of all rows. */
const levels = [0, 0.25, 1];
/** A run with fewer rows is a short trial, whose measurements are not prolonged. */
const fullRows = 100_000_000;
const syncDelayMs = 5;
/** Frames per second of the measurements at a steady rate. */
const pacedFrames = 20_000;

/**
 * Fills a store day by day through the store's own threads. At each level it measures ingest of a gateway on that store, beside a
 * gateway on an empty store and a plain append of rows within the same minutes. At the end it measures queries.
 */
export async function benchStore({ rows, links, seconds }: StoreBenchOptions): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'tidegate-bench-'));
  try {
    const devices = Math.max(1, Math.round(rows / days / readingsPerDeviceDay));
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
      note(`${(stored / 1e6).toFixed(0)} M readings stored; measuring ingest …`);
      const raw = rawAppend(5).readingsPerSecond;
      const beside = { stored, raw };
      const empty = await onEmpty((at) => ingestOn(at, links, level === 0 ? sustained : whole, 0));
      const full = level === 0 ? empty : await ingestOn(folder, links, whole, 0);
      ingest.push({ ...beside, ...full, empty: empty.readingsPerSecond });
      const paced = (at: string) => ingestOn(at, links, whole, pacedFrames);
      ingest.push({ ...beside, ...(await (level === 0 ? onEmpty(paced) : paced(folder))), empty: null });
    }
    note(`measuring ingest with syncs delayed by ${syncDelayMs} ms …`);
    for (const paced of [0, pacedFrames]) {
      const row = await onEmpty((at) =>
        ingestOn(at, links, paced === 0 ? sustained : whole, paced, delayedSyncs(syncDelayMs)),
      );
      ingest.push({ stored: 0, raw: null, empty: null, ...row, name: `${row.name}, syncs + ${syncDelayMs} ms` });
    }
    note('measuring queries …');
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

/** Measures ingest, and asks every second how many readings are not sealed yet. The backlog is in seals, for each half of the time. */
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
  const name = framesPerSecond === 0 ? flatOut : `${framesPerSecond.toLocaleString('en')} frames/s`;
  try {
    // The measurement before ended with a SIGKILL and may have left many unsealed readings.
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

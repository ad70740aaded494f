import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Failure } from '../../../cli/api/failure.js';
import { tableOf } from '../../../cli/terminal/output.js';
import { dayMs, dayOf } from '../../../gateway/store/dayFiles/days.js';
import { packageRoot } from '../../../schemas/load.js';
import type { PartOptions } from '../part.js';
import { startGatewayOn, unsealed } from '../servers/servers.js';
import { fsyncP50Ms } from '../table/fsync.js';
import { machineOf } from '../table/machine.js';
import type { Row } from '../table/measure.js';
import { rawAppend } from '../table/rawAppend.js';
import { against, sealing } from '../table/rows.js';

/** The last commit whose finished days had a row per reading. */
const earlierCommit = 'fc5d6a1';

/** How many readings the day has that is finished while frames arrive at a steady rate. */
const dayReadings = 60_000_000;

const pacedFrames = 20_000;

/** A build that is measured. */
interface Build {
  name: string;
  /** Its command line program; null: the one of this build. */
  program: string | null;
}

/** A measurement of one build. */
interface Measured extends Row {
  build: string;
}

/**
 * Measures this build beside an earlier one, in turns: what it takes while nothing is sealed, what it takes with sealing and merging, and
 * the acks at a steady rate while a day of 60 million readings is being finished.
 */
export async function benchBeside({ seconds, rounds, links, beside, json }: PartOptions): Promise<void> {
  const builds = buildsIn(beside);
  const rows: Measured[] = [];
  const note = (text: string): void => console.error(text);
  for (let round = 1; round <= rounds; round++) {
    for (const build of builds) {
      note(`${build.name}, round ${round} of ${rounds}: flat out …`);
      const flat = { framesPerSecond: 0 };
      rows.push(await onNew(build, links, unsealed, 'nothing sealed', { seconds: Math.min(20, seconds), ...flat }));
      rows.push(await onNew(build, links, sealing, 'sealing and merging', { seconds, ...flat }));
      note(`${build.name}, round ${round} of ${rounds}: at a steady rate while a day is finished …`);
      rows.push(await whileFinishing(build, links, seconds));
    }
  }
  const raw = rawAppend(5).readingsPerSecond;
  const machine = `${machineOf(fsyncP50Ms())}; generator on the same machine`;
  if (json) console.log(JSON.stringify({ machine, raw, rows }, null, 2));
  else report(rows, builds, raw, machine);
}

function buildsIn(beside: string): Build[] {
  const folder = join(packageRoot, beside === '' ? `../tidegate-${earlierCommit}` : beside);
  const program = existsSync(folder) ? join(folder, binOf(folder)) : '';
  if (!existsSync(program))
    throw new Failure(
      69,
      `there is no build in ${folder}. Run: git worktree add ${folder} ${earlierCommit} && cd ${folder} && npm ci`,
    );
  return [
    { name: earlierCommit, program },
    { name: 'this build', program: null },
  ];
}

const binOf = (folder: string): string =>
  (JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { bin: { tidegate: string } }).bin.tidegate;

interface Load {
  seconds: number;
  framesPerSecond: number;
  /** Time of the first reading, epoch ms. */
  firstAt?: number;
}

async function onNew(build: Build, links: number, set: string[], name: string, load: Load): Promise<Measured> {
  const folder = mkdtempSync(join(tmpdir(), 'tidegate-bench-'));
  try {
    return await on(folder, build, links, set, name, load);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function on(
  folder: string,
  { name: build, program }: Build,
  links: number,
  set: string[],
  name: string,
  { seconds, ...load }: Load,
): Promise<Measured> {
  const server = await startGatewayOn(folder, links, 'binary', set, [], program);
  return { build, ...(await against(server, name, 'fsynced', load, { seconds, links }, 10)) };
}

/** Fills the day before yesterday, then sends readings of yesterday while the gateway finishes that day. */
async function whileFinishing(build: Build, links: number, seconds: number): Promise<Measured> {
  const folder = mkdtempSync(join(tmpdir(), 'tidegate-bench-'));
  const day = dayOf(Date.now()) - 2;
  try {
    const keep = [...sealing, 'store.finishAfterSeconds=86400'];
    let firstAt = day * dayMs;
    for (let stored = 0; stored < dayReadings; firstAt += dayMs / 8) {
      const row = await on(folder, build, links, keep, 'filling', { seconds: 15, framesPerSecond: 0, firstAt });
      stored += row.readingsPerSecond * 15;
    }
    const load = { seconds, framesPerSecond: pacedFrames, firstAt: (day + 1) * dayMs };
    return await on(folder, build, links, [...sealing, 'store.finishAfterSeconds=1'], 'a day being finished', load);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function report(rows: Measured[], builds: Build[], raw: number, machine: string): void {
  const whole = (rate: number): string => Math.round(rate).toLocaleString('en');
  const ms = (value: number | null): string => value?.toFixed(1) ?? '–';
  console.log(
    tableOf(
      ['BUILD', 'LOAD', 'READINGS/S', 'P50 MS', 'P99 MS', 'CPU S/M', 'B WRITTEN'],
      rows.map((row) => [
        row.build,
        row.framesPerSecond > 0 && row.name.startsWith('a day') ? `${row.name}, 20,000 frames/s` : row.name,
        whole(row.readingsPerSecond),
        ms(row.p50Ms),
        ms(row.p99Ms),
        row.serverCpuPerMillion?.toFixed(2) ?? '–',
        row.bytesWrittenPerReading?.toFixed(0) ?? '–',
      ]),
    ),
  );
  const middle = ({ name: build }: Build, name: string, of: (row: Row) => number): number => {
    const values = rows.filter((row) => row.build === build && row.name === name).map(of);
    return values.reduce((sum, value) => sum + value, 0) / values.length;
  };
  const [earlier, now] = builds;
  const rate = (row: Row): number => row.readingsPerSecond;
  const p99 = (row: Row): number => row.p99Ms ?? Number.NaN;
  const sealed = 'sealing and merging';
  console.log(
    [
      '',
      `with sealing and merging: ${(middle(now, sealed, rate) / middle(earlier, sealed, rate)).toFixed(2)} times the readings of ${earlier.name}, ${((100 * middle(now, sealed, rate)) / middle(now, 'nothing sealed', rate)).toFixed(0)} % of this build while nothing is sealed; p99 ${(middle(now, sealed, p99) / middle(earlier, sealed, p99)).toFixed(2)} times`,
      `while a day of ${dayReadings / 1e6} million is finished: p99 ${(middle(now, 'a day being finished', p99) / middle(earlier, 'a day being finished', p99)).toFixed(2)} times that of ${earlier.name}`,
      `plain better-sqlite3 row append in this run: ${whole(raw)} rows/s`,
      '',
      machine,
    ].join('\n'),
  );
}

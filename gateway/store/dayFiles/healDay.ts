import { dirname } from 'node:path';
import type Database from 'better-sqlite3';
import { createColumns, type ReadingColumns, reserveReadings } from '../../columns/readingColumns.js';
import { type SeriesRecord, seriesKinds } from '../../domain/series.js';
import { createReadings, readingsMax } from '../chunks/chunk.js';
import { statement } from '../sqlite/statement.js';
import { syncPath } from '../sqlite/syncPath.js';
import { inFile } from './damage.js';
import { openDayForReading } from './dayFile.js';
import { dayPath, removeDatabase } from './days.js';
import { kindOfName, readDaySeries, readRuns } from './dayTables.js';
import type { DayWriter, SealSource } from './dayWriter.js';
import type { DayWriterPool } from './dayWriterPool.js';
import { chunkSource } from './repack.js';

/** Readings per slice. */
const readingsPerSlice = 32_768;

/**
 * Moves the readings that waited in the aside file of a day into the day's own files, one slice per step of the generator, and removes the
 * aside file. What the day has already is a repeat. If the day still cannot be used, it throws, and the aside file stays as it is. After a
 * crash the readings that were moved before are found to be stored already. `at` is Unix ms.
 */
export function* healDay(folder: string, day: number, days: DayWriterPool, at: number): Generator<void, boolean> {
  const path = dayPath(folder, day, 'aside');
  const own = days.openOwn(day);
  let aside: Database.Database | null = null;
  try {
    aside = openDayForReading(path);
    const moved = new Set<number>();
    // A seal may add runs between two slices, and none between the last look and the removal.
    for (let next = nextRun(aside, moved); next !== null; next = nextRun(aside, moved)) {
      yield* moveRun(aside, path, next, own, at);
      moved.add(next.id);
    }
    aside.close();
    own.close();
    days.close(day);
    removeDatabase(path);
    syncPath(dirname(path));
    return true;
  } finally {
    aside?.close();
    own.close();
  }
}

interface SealedRun extends Omit<SealSource, 'at'> {
  id: number;
}

const nextRun = (aside: Database.Database, moved: ReadonlySet<number>): SealedRun | null =>
  statement<SealedRun>(aside, 'SELECT id, epoch, position FROM runs ORDER BY id')
    .all()
    .find(({ id }) => !moved.has(id)) ?? null;

function* moveRun(
  aside: Database.Database,
  path: string,
  { id, epoch, position }: SealedRun,
  own: DayWriter,
  at: number,
): Generator<void> {
  const known: SeriesRecord[] = [];
  for (const { kind, ...series } of readDaySeries(aside)) known[series.id] = { ...series, kind: kindOfName(kind) };
  const columns = createColumns(readingsPerSlice + readingsMax);
  const gathered = createReadings(readingsMax);
  const source = inFile(path, () => chunkSource(aside, '', id));
  const append = (): void => {
    const picked = Uint32Array.from({ length: columns.readings }, (_, i) => i);
    own.append(columns, picked, known, { epoch, position, at });
    columns.readings = 0;
    columns.strings = [];
  };
  while (source.piece !== null) {
    const { piece } = source;
    gathered.count = 0;
    gathered.texts.length = 0;
    inFile(path, () => piece.unpack(gathered));
    addReadings(columns, known[piece.series], gathered);
    inFile(path, () => source.advance());
    if (columns.readings < readingsPerSlice) continue;
    append();
    yield;
  }
  if (columns.readings > 0) append();
  yield;
}

function addReadings(
  to: ReadingColumns,
  { id, kind }: SeriesRecord,
  { count, ts, value, texts }: ReturnType<typeof createReadings>,
): void {
  reserveReadings(to, count);
  for (let i = 0; i < count; i++) {
    to.series[to.readings] = id;
    to.ts[to.readings] = ts[i];
    to.value[to.readings++] = kind === seriesKinds.string ? to.strings.push(texts[i]) - 1 : value[i];
  }
}

/** The readings that wait in an aside file. */
export function waitingIn(path: string): number {
  const db = openDayForReading(path);
  try {
    return readRuns(db).reduce((sum, { readings }) => sum + readings, 0);
  } finally {
    db.close();
  }
}

import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { type Batch, buffersOf } from '../../columns/batch.js';
import { openCursorTable } from '../logDb/cursorTable.js';
import { emptyFold, foldOfPart } from '../logDb/foldParts.js';
import { openFoldTables } from '../logDb/foldTables.js';
import { openLogTable } from '../logDb/logTable.js';
import { createScrub } from '../logDb/scrub.js';
import { openForWriting } from '../sqlite/openDatabase.js';
import type { Committed, Restored, WriterCalls } from '../threads/calls.js';
import { Moved, serveCalls } from '../threads/thread.js';
import { readOpenBatches, readOpenCommands } from '../tidegateDb/commandTables.js';
import { readPresence } from '../tidegateDb/presenceTable.js';
import { openRegistryTables, readDevices, readErasures, readKeys } from '../tidegateDb/registryTables.js';
import { createBallast } from './ballast.js';
import { databases } from './databases.js';
import { discoverSeries } from './discover.js';
import { createNewest } from './newest.js';
import { replayLog } from './replay.js';

export interface WriterData {
  folder: string;
  ballastBytes: number;
}

/** The writer thread: the only one that writes tidegate.db and log.db. */
function openWriter({ folder, ballastBytes }: WriterData) {
  const ballast = createBallast(folder, ballastBytes);
  const registryDb = openForWriting(join(folder, 'tidegate.db'), databases['tidegate.db']);
  const logDb = openForWriting(join(folder, 'log.db'), databases['log.db']);
  // Secrets of commands are gone from the file with the command's end, not only from its rows.
  registryDb.pragma('secure_delete = ON');
  const registry = openRegistryTables(registryDb);
  const log = openLogTable(logDb);
  const folds = openFoldTables(logDb);
  const cursors = openCursorTable(logDb);
  const scrub = createScrub(logDb);
  const newest = createNewest();
  ballast.restore();

  function restore(): Restored {
    const started = performance.now();
    const { devices, nextDeviceKey } = readDevices(registryDb);
    let { unnamedSeries, deviceKeyMax, ...replayed } = replayLog(logDb, devices);
    if (unnamedSeries.length > 0) folds.foldSeries(unnamedSeries);
    const discovered = discoverSeries(folder, logDb, devices, replayed.series, replayed.nextSeriesId);
    if (discovered !== null && discovered.latest.readings > 0) {
      folds.fold({ ...emptyFold(), ...discovered });
      ({ unnamedSeries, deviceKeyMax, ...replayed } = replayLog(logDb, devices));
    }
    for (const { id } of replayed.series) newest.reserve(id);
    for (let i = 0; i < replayed.latest.series.length; i++)
      newest.set(replayed.latest.series[i], replayed.latest.ts[i]);
    return {
      ...replayed,
      devices,
      // A registry older than the log must not give a key again that the log knows as another device's.
      nextDeviceKey: Math.max(nextDeviceKey, deviceKeyMax + 1),
      keys: readKeys(registryDb),
      cursors: cursors.all(),
      presence: readPresence(registryDb),
      erasures: readErasures(registryDb),
      commands: readOpenCommands(registryDb),
      batches: readOpenBatches(registryDb),
      replayMs: performance.now() - started,
      sqliteVersion: logDb.prepare('SELECT sqlite_version()').pluck().get() as string,
    };
  }

  function commit(batch: Batch, committedAt: number): Moved {
    const started = performance.now();
    const repeated = newest.dropRepeats(batch);
    try {
      const appended = log.append(batch, committedAt);
      const committed: Committed = { batch, repeated, ...appended, commitMs: performance.now() - started };
      return new Moved(committed, buffersOf(batch));
    } catch (error) {
      newest.undo();
      throw error;
    }
  }

  /** On a full disk the ballast goes, so that what is in the write-ahead logs can still be brought home. */
  function yieldSpace(): void {
    ballast.drop();
    for (const db of [logDb, registryDb]) {
      try {
        db.pragma('wal_checkpoint(PASSIVE)');
      } catch {
        // Still no room: the next probe tries again.
      }
    }
  }

  function orYieldSpace<Args extends unknown[], Result>(write: (...args: Args) => Result): (...args: Args) => Result {
    return (...args) => {
      try {
        return write(...args);
      } catch (error) {
        if ((error as { code?: string }).code === 'SQLITE_FULL') yieldSpace();
        throw error;
      }
    };
  }

  return {
    restore,
    commit: orYieldSpace(commit),
    change: orYieldSpace(registry.change),
    probe: orYieldSpace((at) => {
      if (!ballast.restore()) return false;
      log.touch(at);
      return true;
    }),
    markAdmitted: orYieldSpace(log.markAdmitted),
    fold: orYieldSpace((part) => folds.fold(foldOfPart(part))),
    cut: orYieldSpace(folds.cut),
    openCursor: orYieldSpace(cursors.open),
    moveCursor: orYieldSpace(cursors.move),
    removeCursor: orYieldSpace(cursors.remove),
    scrub: orYieldSpace(scrub),
    forget: orYieldSpace(folds.forget),
    confirmClock: orYieldSpace(folds.confirmClock),
    pauseRetention: orYieldSpace(folds.pauseRetention),
    close() {
      logDb.close();
      registryDb.close();
    },
  } satisfies { [Name in keyof WriterCalls]: (...args: Parameters<WriterCalls[Name]>) => unknown };
}

if (parentPort !== null) serveCalls(parentPort, () => openWriter(workerData as WriterData));

/**
 * The writer thread. writer/ holds what runs in this thread: commits, changes, and the replay at the start. The tables belong
 * into logDb/ and tidegateDb/.
 */
import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import type Database from 'better-sqlite3';
import { codeOf } from '../../../schemas/errors.js';
import { limits } from '../../../schemas/tables/limits.js';
import { type Batch, buffersOf } from '../../columns/batch.js';
import type { Device } from '../../domain/device.js';
import { clockStepBackMaxMs } from '../../process/clock.js';
import { openCursorTable } from '../logDb/cursorTable.js';
import { emptyFold } from '../logDb/fold.js';
import { foldOfPart } from '../logDb/foldParts.js';
import { openFoldTables } from '../logDb/foldTables.js';
import { openLogCut } from '../logDb/logCut.js';
import { openLogTable } from '../logDb/logTable.js';
import { createScrub } from '../logDb/scrub.js';
import { inDatabase, openForWriting } from '../sqlite/openDatabase.js';
import { columnStatement } from '../sqlite/statement.js';
import type { WriterCalls } from '../threads/calls.js';
import type { Committed } from '../threads/committed.js';
import type { Restored } from '../threads/restored.js';
import { type Handlers, Moved, serveCalls } from '../threads/thread.js';
import { readOpenBatches, readOpenCommands } from '../tidegateDb/openCommandsAndBatches.js';
import { readPresence } from '../tidegateDb/presenceTable.js';
import { openRegistryTables, readDevices, readErasures, readKeys } from '../tidegateDb/registryTables.js';
import { type Ballast, createBallast } from './ballast.js';
import { databases } from './databases.js';
import { discoverSeries } from './discover.js';
import { createNewest, type Newest } from './newest.js';
import { replayLog } from './replay.js';

export interface WriterData {
  folder: string;
  ballastBytes: number;
}

/** Opens the databases for their one writer. No other thread writes tidegate.db or log.db. */
function openWriter({ folder, ballastBytes }: WriterData): Handlers<WriterCalls> {
  const ballast = createBallast(folder, ballastBytes);
  const registryDb = openForWriting(join(folder, 'tidegate.db'), databases['tidegate.db']);
  const logDb = openForWriting(join(folder, 'log.db'), databases['log.db']);
  const registry = openRegistryTables(registryDb);
  const log = openLogTable(logDb);
  const folds = openFoldTables(logDb);
  const cursors = openCursorTable(logDb);
  const newest = createNewest();
  ballast.restore();

  function commit(batch: Batch, committedAt: number): Moved {
    const started = performance.now();
    const repeated = newest.dropRepeats(batch, committedAt + limits.timeAheadMaxMs);
    try {
      const appended = log.append(batch, committedAt);
      const committed: Committed = { batch, repeated, ...appended, commitMs: performance.now() - started };
      return new Moved(committed, buffersOf(batch));
    } catch (error) {
      newest.undo();
      throw error;
    }
  }

  function orYieldSpace<Args extends unknown[], Result>(write: (...args: Args) => Result): (...args: Args) => Result {
    return (...args) => {
      try {
        return write(...args);
      } catch (error) {
        if (codeOf(error) === 'SQLITE_FULL') yieldSpace(ballast, [logDb, registryDb]);
        throw error;
      }
    };
  }

  return {
    restore: () => restore(folder, registryDb, logDb, newest),
    commit: orYieldSpace(commit),
    change: orYieldSpace(registry.change),
    probe: orYieldSpace((at) => {
      if (!ballast.restore()) return false;
      log.touch(at);
      return true;
    }),
    markAdmitted: orYieldSpace(log.markAdmitted),
    fold: orYieldSpace((part) => folds.fold(foldOfPart(part))),
    cut: orYieldSpace(openLogCut(logDb, cursors)),
    openCursor: orYieldSpace(cursors.open),
    moveCursor: orYieldSpace(cursors.move),
    removeCursor: orYieldSpace(cursors.remove),
    scrub: orYieldSpace(createScrub(logDb)),
    forget: orYieldSpace((deviceKey) => {
      folds.forget(deviceKey);
      registry.forget(deviceKey);
    }),
    confirmClock: orYieldSpace((at) => {
      folds.confirmClock(at);
      newest.forgetAfter(at + limits.timeAheadMaxMs);
    }),
    noteExpired: orYieldSpace(folds.noteExpired),
    pauseRetention: orYieldSpace(folds.pauseRetention),
    clockStepped: orYieldSpace(folds.clockStepped),
    close() {
      logDb.close();
      registryDb.close();
    },
  };
}

/** Reads the stored state for the main thread, and notes the newest times. */
function restore(folder: string, registryDb: Database.Database, logDb: Database.Database, newest: Newest): Restored {
  const started = performance.now();
  const registry = inDatabase(registryDb.name, () => readRegistry(registryDb));
  const log = inDatabase(logDb.name, () => readLog(folder, logDb, registry.devices));
  for (const { id } of log.series) newest.reserve(id);
  for (let i = 0; i < log.latest.series.length; i++) newest.set(log.latest.series[i], log.latest.ts[i]);
  const { deviceKeyMax, ...replayed } = log;
  return {
    ...replayed,
    ...registry,
    // A registry that is older than the log must not use again a key that another device has in the log.
    nextDeviceKey: Math.max(registry.nextDeviceKey, deviceKeyMax + 1),
    replayMs: performance.now() - started,
  };
}

function readRegistry(db: Database.Database) {
  return {
    ...readDevices(db),
    keys: readKeys(db),
    presence: readPresence(db),
    erasures: readErasures(db),
    commands: readOpenCommands(db),
    batches: readOpenBatches(db),
  };
}

/** Replays the log, with what is found in day files that another log has sealed. */
function readLog(folder: string, db: Database.Database, devices: Device[]) {
  let replayed = replayLog(db);
  const discovered = discoverSeries(folder, db, devices, replayed);
  if (discovered !== null && discovered.latest.readings > 0) {
    openFoldTables(db).fold({ ...emptyFold(), ...discovered });
    replayed = replayLog(db);
  }
  if (replayed.newestCommitAt > 0) openFoldTables(db).bringBack(replayed.newestCommitAt + clockStepBackMaxMs);
  return {
    ...replayed,
    cursors: openCursorTable(db).all(),
    sqliteVersion: columnStatement<string>(db, 'SELECT sqlite_version()').get() ?? '',
  };
}

/** Removes the ballast on a full disk, so that the write-ahead logs can still be written into their files. */
function yieldSpace(ballast: Ballast, full: Database.Database[]): void {
  ballast.drop();
  for (const db of full) {
    try {
      db.pragma('wal_checkpoint(PASSIVE)');
    } catch {
      // There is still no room, and the next probe tries again.
    }
  }
}

if (parentPort !== null) serveCalls<WriterCalls>(parentPort, () => openWriter(workerData));

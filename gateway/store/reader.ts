import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import type { ReaderCalls } from './calls.js';
import { openLogScan } from './logScan.js';
import { openForReading } from './openDatabase.js';
import { readAudit } from './registryTables.js';
import { openRejectedTable } from './rejectedTable.js';
import { serveCalls } from './thread.js';

export interface ReaderData {
  folder: string;
}

/** The reader thread: answers queries from read-only connections, so that no query holds up a commit. */
function openReader({ folder }: ReaderData): ReaderCalls {
  const registryDb = openForReading(join(folder, 'tidegate.db'));
  const logDb = openForReading(join(folder, 'log.db'));
  const log = openLogScan(logDb);
  const quarantine = openRejectedTable(logDb);
  return {
    ready() {},
    readings: (query) => log.readings(query, new Map(query.series.map(({ id, kind }) => [id, kind]))),
    rejected: quarantine.list,
    rejectedFrame: quarantine.get,
    audit: ({ before, limit }) => readAudit(registryDb, before, limit),
    close() {
      logDb.close();
      registryDb.close();
    },
  };
}

if (parentPort !== null) serveCalls(parentPort, () => openReader(workerData as ReaderData));

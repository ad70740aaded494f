import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import type { ReaderCalls } from './calls.js';
import { openCommandReads } from './commandTables.js';
import { openForReading } from './openDatabase.js';
import { yieldToOthers } from './priority.js';
import { createPages } from './readPage.js';
import { readAudit } from './registryTables.js';
import { openRejectedTable } from './rejectedTable.js';
import { renderPage } from './renderPage.js';
import { Moved, serveCalls } from './thread.js';

/** What was committed is looked at, and files that nobody asks for any more are closed, so often. */
const tidyMs = 2_000;

export interface ReaderData {
  folder: string;
}

/** A reader thread: answers queries from read-only connections, so that no query holds up a commit. */
function openReader({ folder }: ReaderData) {
  yieldToOthers(5);
  const registryDb = openForReading(join(folder, 'tidegate.db'));
  const logDb = openForReading(join(folder, 'log.db'));
  const pages = createPages(folder, logDb);
  const timer = setInterval(pages.tidy, tidyMs);
  timer.unref();
  const quarantine = openRejectedTable(logDb);
  return {
    ready() {},
    readings: pages.read,
    rendered(query, format) {
      const page = renderPage(query, pages.read(query), format);
      return new Moved(page, [page.text.buffer as ArrayBuffer]);
    },
    rejected: quarantine.list,
    rejectedFrame: quarantine.get,
    ...openCommandReads(registryDb),
    audit: ({ before, limit }) => readAudit(registryDb, before, limit),
    close() {
      clearInterval(timer);
      pages.close();
      logDb.close();
      registryDb.close();
    },
  } satisfies { [Name in keyof ReaderCalls]: (...args: Parameters<ReaderCalls[Name]>) => unknown };
}

if (parentPort !== null) serveCalls(parentPort, () => openReader(workerData as ReaderData));

import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { openRejectedTable } from '../logDb/rejectedTable.js';
import { openForReading } from '../sqlite/openDatabase.js';
import type { ReaderCalls } from '../threads/calls.js';
import { yieldToOthers } from '../threads/priority.js';
import { Moved, serveCalls } from '../threads/thread.js';
import { openCommandReads } from '../tidegateDb/commandReads.js';
import { readAudit } from '../tidegateDb/registryTables.js';
import { createPages } from './pages.js';
import { renderPage } from './renderPage.js';

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

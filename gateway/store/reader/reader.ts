/**
 * A reader thread. reader/ reads readings for people. Reading for the start of the gateway belongs into writer/, and reading
 * without a gateway into outside/.
 */
import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { openRejectedTable } from '../logDb/rejectedTable.js';
import { openForReading } from '../sqlite/openDatabase.js';
import type { ReaderCalls } from '../threads/calls.js';
import { yieldToOthers } from '../threads/priority.js';
import { type Handlers, Moved, serveCalls } from '../threads/thread.js';
import { openCommandReads } from '../tidegateDb/commandReads.js';
import { readAudit } from '../tidegateDb/registryTables.js';
import { fileSizes } from './fileSizes.js';
import { createPages } from './pages.js';
import { renderPage } from './renderPage.js';

/** The interval at which committed rows are indexed and unused files are closed. */
const tidyMs = 2_000;

export interface ReaderData {
  folder: string;
}

/** Answers queries from read-only connections, so that no query delays a commit. */
function openReader({ folder }: ReaderData): Handlers<ReaderCalls> {
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
      return new Moved(page, [page.text.buffer]);
    },
    rejected: quarantine.list,
    rejectedFrame: quarantine.get,
    ...openCommandReads(registryDb),
    fileSizes: () => fileSizes(folder),
    audit: (query) => readAudit(registryDb, query),
    close() {
      clearInterval(timer);
      pages.close();
      logDb.close();
      registryDb.close();
    },
  };
}

if (parentPort !== null) serveCalls<ReaderCalls>(parentPort, () => openReader(workerData));

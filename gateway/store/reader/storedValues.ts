import { join } from 'node:path';
import { codeOf } from '../../../schemas/errors.js';
import { spansOf } from '../../columns/late.js';
import type { ReadingRow, ReadingsQuery } from '../../domain/readingsQuery.js';
import type { SeriesRecord } from '../../domain/series.js';
import { openForReading } from '../sqlite/openDatabase.js';
import { createPages, type Pages } from './pages.js';

/** With no question for so many calls of `tidy`, everything is closed. */
const idleCallsMax = 60;

/** Answers which readings are stored, for a thread of its own. Nothing is open before the first question. */
export interface StoredValues {
  /** What is stored of these series, all of one device, at these times (Unix ms). What is damaged is left out. */
  at(series: readonly SeriesRecord[], times: ReadonlySet<number>): ReadingRow[];
  /** To be called about every second. */
  tidy(): void;
  close(): void;
}

export function openStoredValues(folder: string): StoredValues {
  let open: (Pages & { end(): void }) | null = null;
  let idle = 0;

  function opened(): Pages {
    idle = 0;
    if (open === null) {
      const logDb = openForReading(join(folder, 'log.db'));
      const pages = createPages(folder, logDb);
      const end = (): void => {
        pages.close();
        logDb.close();
      };
      open = { ...pages, end };
    }
    return open;
  }

  function close(): void {
    open?.end();
    open = null;
  }

  return {
    at(series, times) {
      const [{ device: id, deviceKey: key, deviceCreatedAt: createdAt }] = series;
      const pages = opened();
      return spansOf(times).flatMap((span) => {
        const wanted = series.map(({ id: of, metric, kind }) => ({ id: of, metric, kind }));
        const rows = readSpan(pages, { device: { id, key, createdAt }, series: wanted, ...span });
        return rows.filter(({ ts }) => times.has(ts));
      });
    },
    tidy() {
      if (open !== null && ++idle > idleCallsMax) close();
      open?.tidy();
    },
    close,
  };
}

function readSpan(pages: Pages, of: Pick<ReadingsQuery, 'device' | 'series' | 'from' | 'to'>): ReadingRow[] {
  const rows: ReadingRow[] = [];
  const query: ReadingsQuery = { ...of, order: 'asc', limit: 10_000, after: null, everyMs: null };
  for (;;) {
    try {
      const page = pages.read(query);
      rows.push(...(page.rows as ReadingRow[]));
      if (!page.more) return rows;
      query.after = rows.at(-1) ?? null;
    } catch (error) {
      // No file of the day can be read, so that nothing is known of it.
      if (codeOf(error) === 'DAY_FILE') return rows;
      throw error;
    }
  }
}

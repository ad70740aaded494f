import assert from 'node:assert/strict';
import type { DamagedSpan, ReadingsQuery, RenderedPage, RowFormat } from '../../domain/readingsQuery.js';
import type { Series } from '../../domain/series.js';
import { csvHeaders } from '../../store/reader/renderPage.js';
import type { OperatorContext } from '../http/context.js';
import {
  decodeCursor,
  encodeCursor,
  numberOf,
  parseEvery,
  parseTime,
  type Query,
  textCursor,
  textOf,
  textsOf,
} from '../http/parameters.js';
import { Problem } from '../http/problems.js';
import { byOf, type OperatorRequest, type Route, Streamed } from '../http/route.js';
import { deviceOf } from './devices.js';
import { pageQuery } from './paging.js';

const timeMax = 8_640_000_000_000_000;

const limitDefault = 1_000;

/** Rows of one page that a reader makes: some 400 KB of text. */
const pageRows = 10_000;

function wantedSeries(series: Series[], metrics: string[] | undefined, device: string): Series[] {
  if (metrics === undefined) return series;
  return metrics.map((metric) => {
    const found = series.find((known) => known.metric === metric);
    if (found === undefined) throw new Problem('metric_unknown', `Device ${device} has no metric ${metric}`);
    return found;
  });
}

const forms = {
  'application/json': 'json',
  'text/csv': 'csv',
  'application/x-ndjson': 'ndjson',
} as const satisfies Record<string, RowFormat>;

const isForm = (type: string): type is keyof typeof forms => Object.hasOwn(forms, type);

/** The first type in the Accept header that the route has; JSON if the header is empty. Throws not_acceptable. */
function formOf(accept: string): keyof typeof forms {
  const wanted = accept.split(',').map((part) => part.split(';')[0].trim().toLowerCase());
  if (accept.trim() === '') return 'application/json';
  for (const type of wanted) {
    if (isForm(type)) return type;
    if (type === '*/*' || type === 'application/*') return 'application/json';
    if (type === 'text/*') return 'text/csv';
  }
  throw new Problem('not_acceptable', `Readings can be had as ${Object.keys(forms).join(', ')}`);
}

/** Checks the query of a request. Throws metric_unknown, range_invalid, every_invalid, cursor_invalid. */
function readingsQuery(request: OperatorRequest, context: OperatorContext): ReadingsQuery {
  const { query } = request;
  const device = deviceOf(request, context);
  const { id, key, createdAt } = device;
  const series = wantedSeries(context.seriesOf(device), textsOf(query, 'metric'), id);
  const from = timeOf(query, 'from') ?? 0;
  const to = timeOf(query, 'to') ?? timeMax;
  if (from > to) throw new Problem('range_invalid', `The start, ${from}, is later than the end, ${to}`);
  if (Math.abs(from) > timeMax || to > timeMax)
    throw new Problem('range_invalid', `A time is later than ${timeMax} (Unix ms), the latest possible`);
  const every = textOf(query, 'every');
  const everyMs = every === undefined ? null : parseEvery(every);
  return {
    device: { id, key, createdAt },
    series: series.map(({ id: seriesId, metric, kind }) => ({ id: seriesId, metric, kind })),
    from: Math.max(0, from),
    to,
    order: query.order === 'desc' ? 'desc' : 'asc',
    limit: pageRows,
    after: afterOf(textOf(query, 'cursor'), everyMs),
    everyMs,
  };
}

/** Null: the parameter was not given. */
function timeOf(query: Query, name: string): number | null {
  const text = textOf(query, name);
  return text === undefined ? null : parseTime(text, name);
}

/** A cursor is valid only for the bucket width that it was made with. */
function afterOf(cursor: string | undefined, everyMs: number | null): ReadingsQuery['after'] {
  if (cursor === undefined) return null;
  const [ts, series, every] = decodeCursor(cursor, ['number', 'number', 'number']);
  if (every !== (everyMs ?? 0)) throw new Problem('cursor_invalid', 'The cursor belongs to another bucket width');
  return { ts, series };
}

async function readings(request: OperatorRequest, context: OperatorContext): Promise<Streamed> {
  const form = formOf(request.accept);
  const query = readingsQuery(request, context);
  const limitByForm = form === 'application/json' ? limitDefault : null;
  const limit = request.query.limit === undefined ? limitByForm : numberOf(request.query, 'limit');
  const pages = pagesOf(query, forms[form], context, limit);
  // The first page is read before anything is sent, so that a failure is a problem rather than a broken answer.
  const first = await pages.next();
  assert(first.done !== true, 'there is a first page, even if it is empty');
  const pieces = form === 'application/json' ? jsonPieces : linePieces;
  const type = form === 'application/json' ? form : `${form}; charset=utf-8`;
  return new Streamed(type, pieces(first.value, pages, query, form));
}

/** Pages until there is no more, or `limit` rows. The reader keeps nothing between them. */
async function* pagesOf(
  query: ReadingsQuery,
  format: RowFormat,
  context: OperatorContext,
  limit: number | null,
): AsyncGenerator<RenderedPage, undefined> {
  let left = limit ?? Number.POSITIVE_INFINITY;
  for (let { after } = query; ; ) {
    const page = await readPage({ ...query, after, limit: Math.min(left, query.limit) }, format, context);
    context.counters.readingRowsRead += page.rows;
    if (page.damaged.length > 0) tellDamaged(query, page.damaged, context);
    yield page;
    left -= page.rows;
    if (!page.more || left === 0) return;
    after = page.last;
  }
}

/** The rest of the answer is complete, so the one who can restore the file is told. */
function tellDamaged({ device }: ReadingsQuery, damaged: DamagedSpan[], { counters, log }: OperatorContext): void {
  counters.damagedSpansRead += damaged.length;
  for (const { metric, from, to } of damaged)
    log.error(
      { device: device.id, metric, from, to },
      'these readings are damaged on disk and missing from the answer; tidegate doctor --all names the file',
    );
}

async function readPage(query: ReadingsQuery, format: RowFormat, context: OperatorContext): Promise<RenderedPage> {
  try {
    return await context.read('rendered', query, format);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'LOG_TOO_LONG')) throw error;
    await context.seal();
    return context.read('rendered', query, format);
  }
}

async function* linePieces(
  first: RenderedPage,
  rest: AsyncGenerator<RenderedPage>,
  { everyMs }: ReadingsQuery,
  form: keyof typeof forms,
): AsyncGenerator<Uint8Array | string> {
  if (form === 'text/csv') yield csvHeaders[everyMs === null ? 'readings' : 'buckets'];
  yield first.text;
  for await (const { text } of rest) yield text;
}

async function* jsonPieces(
  first: RenderedPage,
  rest: AsyncGenerator<RenderedPage>,
  { everyMs }: ReadingsQuery,
): AsyncGenerator<Uint8Array | string> {
  yield '{"items":[';
  yield first.text;
  let newest = first;
  let rows = first.rows;
  const damaged = [...first.damaged];
  for await (const page of rest) {
    if (page.rows > 0 && rows > 0) yield ',';
    yield page.text;
    rows += page.rows;
    damaged.push(...page.damaged);
    newest = page;
  }
  const { more, last } = newest;
  const next = more && last !== null ? encodeCursor([last.ts, last.series, everyMs ?? 0]) : null;
  const missing = damaged.length === 0 ? '' : `,"damaged":${JSON.stringify(damaged)}`;
  yield `],"next":${JSON.stringify(next)}${missing}}`;
}

async function rejected(request: OperatorRequest, context: OperatorContext) {
  const { query } = request;
  const device = deviceOf(request, context);
  const limit = numberOf(query, 'limit');
  const before = textCursor(query);
  if (before !== null && !/^\d{1,15}$/.test(before))
    throw new Problem('cursor_invalid', 'The cursor was changed, or belongs to another list');
  const rows = await context.read('rejected', { deviceKey: device.key, before, limit: limit + 1 });
  const items = rows
    .slice(0, limit)
    .map(({ rid, receivedAt, stream, seq, code, path, message, encoding, bytes, admittedAt }) => ({
      rid,
      receivedAt,
      stream,
      seq,
      code,
      path,
      message,
      encoding,
      bytes: Buffer.from(bytes).toString('base64'),
      admittedAt,
    }));
  return { items, next: rows.length > limit ? encodeCursor([items[limit - 1].rid]) : null };
}

async function admit(request: OperatorRequest, context: OperatorContext) {
  const device = deviceOf(request, context);
  const rid = request.parameters[1];
  if (!/^\d{1,15}$/.test(rid))
    throw new Problem('rejected_unknown', `Device ${device.id} has no rejected frame ${rid}`);
  const result = await context.admit(device, rid, byOf(request));
  if (!result.ok) throw new Problem(result.code, result.message);
  return { readings: result.readings };
}

export const readingRoutes: Route[] = [
  {
    method: 'get',
    path: '/v1/devices/{id}/latest',
    summary: 'Shows the newest reading of each metric of a device',
    role: 'viewer',
    status: 200,
    answer: 'latest',
    handle: (request, context) => ({ metrics: context.latest(deviceOf(request, context)) }),
  },
  {
    method: 'get',
    path: '/v1/devices/{id}/readings',
    summary: 'Lists the readings of a device in the order of time, or with `every` buckets of them',
    alsoAs: ['text/csv', 'application/x-ndjson'],
    role: 'viewer',
    query: {
      properties: {
        cursor: pageQuery.cursor,
        limit: {
          type: 'integer',
          minimum: 1,
          maximum: 10_000,
          description: `The most items. Without it ${limitDefault} as JSON, and everything in range as CSV or NDJSON.`,
        },
        metric: {
          type: 'array',
          items: { type: 'string' },
          description: 'Only this metric. It may be repeated. Without it all metrics are returned.',
        },
        from: {
          type: 'string',
          description:
            'Only readings at or after this time, in Unix milliseconds or ISO 8601 (UTC if it has no offset). Without it from the oldest.',
        },
        to: {
          type: 'string',
          description: 'Only readings before this time, in the same form. Without it up to the newest.',
        },
        order: {
          type: 'string',
          enum: ['asc', 'desc'],
          default: 'asc',
          description: '`asc`: the oldest first. `desc`: the newest first.',
        },
        every: {
          type: 'string',
          description:
            'Returns one item per metric and bucket of this width, for example `10s`, `5m`, `1h` or `1d`, from `1ms` to `366d`. Buckets begin at multiples of the width in UTC. Without it single readings are returned.',
        },
      },
    },
    status: 200,
    answer: 'reading_page',
    handle: readings,
  },
  {
    method: 'get',
    path: '/v1/devices/{id}/rejected',
    summary: 'Lists the rejected frames of a device with the reason, newest first',
    role: 'viewer',
    query: { properties: pageQuery },
    status: 200,
    answer: 'rejected_page',
    handle: rejected,
  },
  {
    method: 'post',
    path: '/v1/devices/{id}/rejected/{rid}/admit',
    summary: 'Admits a rejected frame: stores it after all, without checks of its times and its number',
    role: 'operator',
    status: 200,
    answer: 'admitted',
    handle: admit,
  },
];

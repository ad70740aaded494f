import type { Series } from '../../types.js';
import type { OperatorContext } from '../context.js';
import { Problem } from '../problems.js';
import { byOf, type OperatorRequest, type Route } from '../route.js';
import { decodeCursor, encodeCursor, parseTime } from '../times.js';
import { deviceOf } from './devices.js';
import { pageQuery } from './paging.js';

const timeMax = 8_640_000_000_000_000;

function wantedSeries(series: Series[], metrics: string[] | undefined, device: string): Series[] {
  if (metrics === undefined) return series;
  return metrics.map((metric) => {
    const found = series.find((one) => one.metric === metric);
    if (found === undefined) throw new Problem('metric_unknown', `Device ${device} has no metric ${metric}`);
    return found;
  });
}

async function readings(request: OperatorRequest, context: OperatorContext) {
  const { query } = request;
  const device = deviceOf(request, context);
  const series = wantedSeries(context.seriesOf(device), query.metric as string[] | undefined, device.id);
  const from = query.from === undefined ? 0 : parseTime(query.from as string, 'from');
  const to = query.to === undefined ? timeMax : parseTime(query.to as string, 'to');
  if (from > to) throw new Problem('range_invalid', `from ${from} lies after to ${to}`);
  const after =
    query.cursor === undefined ? null : decodeCursor<[number, number]>(query.cursor as string, ['number', 'number']);
  const page = await context.read('readings', {
    deviceKey: device.key,
    series: series.map(({ id, kind }) => ({ id, kind })),
    from,
    to,
    order: query.order as 'asc' | 'desc',
    limit: query.limit as number,
    after: after === null ? null : { ts: after[0], series: after[1] },
  });
  const last = page.readings.at(-1);
  return {
    items: page.readings.map(({ series: id, ts, value }) => ({ metric: context.seriesById(id).metric, ts, value })),
    next: page.more && last !== undefined ? encodeCursor([last.ts, last.series]) : null,
  };
}

async function rejected(request: OperatorRequest, context: OperatorContext) {
  const { query } = request;
  const device = deviceOf(request, context);
  const limit = query.limit as number;
  const before = query.cursor === undefined ? null : decodeCursor<[string]>(query.cursor as string, ['string'])[0];
  if (before !== null && !/^\d{1,15}$/.test(before))
    throw new Problem('cursor_invalid', 'Give the cursor of the page before, as it came');
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
  if (!/^\d{1,15}$/.test(rid)) throw new Problem('rejected_unknown', `Device ${device.id} has no refused frame ${rid}`);
  const result = await context.admit(device, rid, byOf(request));
  if (!result.ok) throw new Problem(result.code, result.message);
  return { readings: result.readings };
}

export const readingRoutes: Route[] = [
  {
    method: 'get',
    path: '/v1/devices/{id}/latest',
    summary: 'The newest reading of each metric',
    role: 'viewer',
    status: 200,
    answer: 'latest',
    handle: (request, context) => ({ metrics: context.latest(deviceOf(request, context)) }),
  },
  {
    method: 'get',
    path: '/v1/devices/{id}/readings',
    summary: 'Readings in order of time',
    role: 'viewer',
    query: {
      properties: {
        ...pageQuery,
        metric: { type: 'array', items: { type: 'string' }, description: 'May be repeated; left out: all' },
        from: { type: 'string', description: 'Unix ms or ISO 8601, inclusive' },
        to: { type: 'string', description: 'Unix ms or ISO 8601, exclusive' },
        order: { type: 'string', enum: ['asc', 'desc'], default: 'asc' },
      },
    },
    status: 200,
    answer: 'reading_page',
    handle: readings,
  },
  {
    method: 'get',
    path: '/v1/devices/{id}/rejected',
    summary: 'Refused frames with the reason, newest first',
    role: 'viewer',
    query: { properties: pageQuery },
    status: 200,
    answer: 'rejected_page',
    handle: rejected,
  },
  {
    method: 'post',
    path: '/v1/devices/{id}/rejected/{rid}/admit',
    summary: 'Stores a refused frame after all, its times and its numbering believed',
    role: 'operator',
    status: 200,
    answer: 'admitted',
    handle: admit,
  },
];

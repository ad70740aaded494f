import type { LiveMessage } from '../../../schemas/generated/operator.js';
import { spansOf } from '../../columns/late.js';
import type { Device } from '../../domain/device.js';
import type { ReadingRow } from '../../domain/readingsQuery.js';
import type { Scalar } from '../../domain/series.js';
import type { OperatorContext } from '../http/context.js';
import type { Audience, Audiences } from './audience.js';
import { hears } from './liveClient.js';
import { offerSamples } from './sending.js';

/** Frames that wait until their late readings are looked up. Readings of further ones are dropped and counted. */
export const lateFramesMax = 1_000;

/** The late readings of one frame. */
export interface LateFrame {
  device: Device;
  seq: number;
  receivedAt: number;
  readings: { series: number; ts: number; value: Scalar }[];
}

/** Sends late readings, which may be repeats with another value, once it is known that they are what is stored. */
export interface LateReadings {
  take(frame: LateFrame): void;
}

type Context = Pick<OperatorContext, 'read' | 'counters' | 'seriesById'>;

/** One lookup is under way at a time. A lookup that fails drops its readings, which are counted. */
export function createLateReadings(context: Context, audiences: Audiences): LateReadings {
  const waiting: LateFrame[] = [];
  let running = false;

  function drop({ device, readings }: LateFrame): void {
    for (const client of listenersOf(audiences, device).flatMap(({ clients }) => [...clients])) {
      client.dropped += readings.length;
      context.counters.liveSamplesDropped += readings.length;
    }
  }

  async function run(): Promise<void> {
    running = true;
    for (let frame = waiting.shift(); frame !== undefined; frame = waiting.shift()) {
      const stored = await storedOf(context, frame).catch(() => null);
      if (stored === null) drop(frame);
      else sendStored(context, listenersOf(audiences, frame.device), frame, stored);
    }
    running = false;
  }

  return {
    take(frame) {
      if (waiting.length >= lateFramesMax) return drop(frame);
      waiting.push(frame);
      if (!running) void run();
    },
  };
}

const listenersOf = (audiences: Audiences, device: Device): Audience[] =>
  audiences.of('readings').filter((audience) => hears(audience, 'readings', device));

function sendStored(
  context: Context,
  listeners: readonly Audience[],
  { device, seq, receivedAt, readings }: LateFrame,
  stored: ReadonlyMap<string, Scalar>,
): void {
  const kept = readings.filter(({ series, ts, value }) => stored.get(`${series} ${ts}`) === value);
  if (kept.length === 0) return;
  const message = (): LiveMessage => ({
    type: 'readings',
    device: device.id,
    seq,
    receivedAt,
    readings: kept.map(({ series, ts, value }) => ({ metric: context.seriesById(series).metric, ts, value })),
  });
  for (const { clients } of listeners) offerSamples(clients, context.counters, kept.length, message);
}

/** The stored values at the times of the frame, by series and time. */
async function storedOf({ read, seriesById }: Context, { device, readings }: LateFrame): Promise<Map<string, Scalar>> {
  const series = [...new Set(readings.map(({ series: id }) => id))].map((id) => {
    const { metric, kind } = seriesById(id);
    return { id, metric, kind };
  });
  const identity = { id: device.id, key: device.key, createdAt: device.createdAt };
  const found = new Map<string, Scalar>();
  for (const span of spansOf(readings.map(({ ts }) => ts))) {
    for (let after: ReadingRow | null = null, more = true; more; ) {
      const page = await read('readings', {
        device: identity,
        series,
        ...span,
        order: 'asc',
        limit: 10_000,
        after,
        everyMs: null,
      });
      const rows = page.rows as ReadingRow[];
      for (const { series: id, ts, value } of rows) found.set(`${id} ${ts}`, value);
      after = rows.at(-1) ?? null;
      more = page.more && after !== null;
    }
  }
  return found;
}

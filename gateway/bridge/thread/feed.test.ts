import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StreamRecord } from '../../domain/declared.js';
import { type SeriesKind, type SeriesRecord, seriesKinds } from '../../domain/series.js';
import type { LogReader } from '../../store/logDb/logReader.js';
import type { LogRow } from '../../store/logDb/readRows.js';
import { type Message, payloadOf } from '../messages/message.js';
import { createNames } from '../messages/names.js';
import { createTopics } from '../messages/topics.js';
import { plainProfile } from '../profiles/profile.js';
import { createFeed, type FeedEntry } from './feed.js';

const now = 1_795_305_600_000;

const epoch = '0'.repeat(32);

function seriesOf(id: number, device: string, metric = 'm', kind: SeriesKind = seriesKinds.number): SeriesRecord {
  return { id, deviceKey: id, device, deviceCreatedAt: 1, metric, unit: null, kind };
}

/** A log row with one frame per series, of one reading each. */
function rowOf(position: number, series: number[], value = 1, strings: string[] = []): LogRow {
  const count = series.length;
  const ids = Uint32Array.from(series);
  const ones = new Uint32Array(count).fill(1);
  return {
    position,
    committedAt: now,
    declared: null,
    frames: {
      count,
      device: ids,
      stream: ones,
      seq: ones,
      readings: ones,
      receivedAt: new Float64Array(count).fill(now),
    },
    readings: {
      readings: count,
      series: ids,
      ts: new Float64Array(count).fill(now),
      value: new Float64Array(count).fill(value),
      strings,
    },
  };
}

function feedOf(rows: LogRow[], known: SeriesRecord[]) {
  const unsendable: number[] = [];
  const reader = {
    epoch: () => epoch,
    rows: (after: number) => rows.filter(({ position }) => position > after).slice(0, 2),
    series: (id: number) => known.find((one) => one.id === id) ?? null,
    stream: (id: number): StreamRecord => ({ id, deviceKey: 1, name: 'main', kept: true }),
  } as unknown as LogReader;
  const feed = createFeed(
    {
      reader,
      names: createNames(reader),
      topics: createTopics('tidegate', 'gw'),
      profile: plainProfile,
      stored: () => assert.fail('no reading of these rows is late'),
      messageBytesMax: 4_096,
      unsendable: ({ position }) => unsendable.push(position),
      news() {},
    },
    0,
  );
  return { feed, unsendable };
}

function all({ feed }: ReturnType<typeof feedOf>): FeedEntry[] {
  const entries: FeedEntry[] = [];
  for (let entry = feed.next(); entry !== null; entry = feed.next()) entries.push(entry);
  return entries;
}

const messagesOf = (entries: FeedEntry[]): Message[] => entries.flatMap(({ message }) => message ?? []);

test('a frame of a device whose id would poison a topic is skipped and reported, and the frames after it are sent', () => {
  const made = feedOf([rowOf(1, [1, 2, 3])], [seriesOf(1, 'a'), seriesOf(2, 'b/#'), seriesOf(3, 'c')]);
  assert.deepEqual(
    messagesOf(all(made)).map(({ topic }) => topic),
    ['tidegate/gw/a/telemetry', 'tidegate/gw/c/telemetry'],
  );
  assert.deepEqual(made.unsendable, [1]);
});

test('a frame of an unknown series is skipped and reported', () => {
  const made = feedOf([rowOf(1, [1]), rowOf(2, [9])], [seriesOf(1, 'a')]);
  assert.equal(messagesOf(all(made)).length, 1);
  assert.deepEqual(made.unsendable, [2]);
});

test('any metric name and any string is put into the payload as JSON, and into no topic', () => {
  const names = ['+', '#', 'a/b', '$SYS/x', '\0', '"}', '__proto__'];
  for (const name of names) {
    const made = feedOf([rowOf(1, [1], 0, [name])], [seriesOf(1, 'a', name, seriesKinds.string)]);
    const [{ message }] = all(made);
    assert.equal(message?.topic, 'tidegate/gw/a/telemetry');
    const { samples } = JSON.parse(payloadOf(message as Message, now)) as { samples: { values: object }[] };
    assert.deepEqual(Object.entries(samples[0].values), [[name, name]]);
  }
});

test('each row ends with its position, and a message id has the position and the frame', () => {
  const entries = all(feedOf([rowOf(1, [1, 1]), rowOf(2, []), rowOf(5, [1])], [seriesOf(1, 'a')]));
  assert.deepEqual(
    entries.map(({ message, endOf }) =>
      message === null ? endOf : (JSON.parse(payloadOf(message, now)) as { id: string }).id,
    ),
    [`${epoch}-1-0`, `${epoch}-1-1`, 1, 2, `${epoch}-5-0`, 5],
  );
});

test('telemetry older than a minute is marked historical, also when it is sent again', () => {
  const [{ message }] = all(feedOf([rowOf(1, [1])], [seriesOf(1, 'a')]));
  const at = (ms: number): unknown =>
    (JSON.parse(payloadOf(message as Message, now + ms)) as { historical?: true }).historical;
  assert.deepEqual([at(0), at(60_000), at(60_001)], [undefined, undefined, true]);
});

test('a skip continues after the given row', () => {
  const made = feedOf([rowOf(1, [1]), rowOf(2, [1]), rowOf(3, [1])], [seriesOf(1, 'a')]);
  made.feed.next();
  made.feed.skipTo(2);
  assert.deepEqual(
    all(made).map(({ endOf }) => endOf),
    [0, 3],
  );
});

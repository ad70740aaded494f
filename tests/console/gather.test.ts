import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gather, type ReadPage, TooManyRowsError } from '../../console/series/gather.js';
import { startTestGateway } from '../../gateway/gateway.fixture.js';
import type { ReadingPage } from '../../schemas/generated/operator.js';

test('an export that would have too many rows says so before it reads any, and one row fewer is read whole', async (context) => {
  const tools = await startTestGateway(context);
  const link = await tools.connect(await tools.addDevice('a'));
  // Not at the bounds of a minute, and in two minutes, two hours and two days.
  const midnight = Math.floor(Date.now() / 86_400_000) * 86_400_000;
  const times = [-90_500, -60_001, -30_500, -500, -1, 0, 1].map((offset) => midnight + offset);
  link.send({ seq: 1, samples: times.map((ts, i) => ({ ts, values: { t: i, u: i } })) });
  await link.untilAck(1);
  const asked: Record<string, string>[] = [];
  const readings: ReadPage = async (device, parameters) => {
    asked.push(parameters);
    const path = `/v1/devices/${device}/readings?${new URLSearchParams(parameters).toString()}`;
    return (await tools.api('GET', path)).body as ReadingPage;
  };
  const series = ['t', 'u'].map((metric) => ({ device: 'a', metric, unit: '' }));
  const run = (from: number, to: number, rowsMax: number, signal = new AbortController().signal) =>
    gather({ series, from, to, bucket: null }, { readings, rowsMax, progress: () => {}, signal });
  for (const [from, to] of [
    [0, 6],
    [1, 5],
    [2, 4],
  ]) {
    const rows = 2 * (to - from);
    asked.length = 0;
    await assert.rejects(run(times[from], times[to], rows - 1), (error) => {
      assert.ok(error instanceof TooManyRowsError);
      assert.deepEqual([error.rows, error.rowsMax], [rows, rows - 1]);
      return true;
    });
    assert.ok(asked.length > 0 && asked.every(({ every }) => every !== undefined), 'no reading was read');
    assert.equal((await run(times[from], times[to], rows)).length, rows);
  }
  // A long range is counted by hours.
  await assert.rejects(
    run(midnight - 30 * 86_400_000, midnight + 60_000, 13),
    ({ rows }: TooManyRowsError) => rows === 14,
  );
  const aborted = AbortSignal.abort(new Error('enough'));
  await assert.rejects(run(times[0], times[6], 100, aborted), /enough/);
});

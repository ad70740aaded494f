import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startTestGateway } from '../../gateway/gateway.fixture.js';
import { startProtocolServer } from '../device/protocolServer.fixture.js';
import { checkFleet, loadFleet } from '../fleet/loadFleet.js';
import { mixed, mixedFleet } from '../fleet/mixedFleet.fixture.js';
import { framesDue, planOf, sampleTimes } from '../fleet/plan.js';
import { startHostMonitor } from '../host/hostMonitor.js';
import { seatsOf, sourceAddress } from '../member/members.js';
import { summaryOf } from '../report/report.js';
import { isClean } from '../verify/verify.js';
import { isVerified, runFleet } from './runFleet.js';

const never = new Promise<void>(() => {});

test('every acknowledged reading of a fleet is stored once and as it was sent', async (context) => {
  const { gateway } = await startTestGateway(context);
  const options = {
    fleet: mixedFleet(),
    url: gateway.operatorUrl,
    key: gateway.adminKey ?? '',
    deviceUrl: gateway.deviceUrl,
  };
  const result = await runFleet({ ...options, durationMs: 1_500, stop: never, verify: true });
  assert.ok(result.framesAcked > 100, `${result.framesAcked} frames`);
  assert.deepEqual([result.framesNacked, result.framesDropped, result.connected], [0, 0, 12]);
  assert.equal(result.framesUnacked, 0);
  const { expected, found, examples, ...faults } = result.verdict ?? assert.fail('not verified');
  assert.deepEqual(faults, { lost: 0, duplicated: 0, altered: 0, invented: 0, misordered: 0 }, examples.join('\n'));
  assert.equal(expected, result.readingsAcked);
  assert.ok(found >= expected);
});

test('further runs on the same devices and data are verified apart from the first', async (context) => {
  const { gateway } = await startTestGateway(context);
  const options = {
    fleet: { ...mixedFleet(), rampSeconds: 0 },
    url: gateway.operatorUrl,
    key: gateway.adminKey ?? '',
    deviceUrl: gateway.deviceUrl,
  };
  for (let run = 0; run < 3; run++) {
    const { verdict, errors } = await runFleet({ ...options, durationMs: 300, stop: never, verify: true });
    assert.ok(verdict !== null && isClean(verdict), JSON.stringify(verdict));
    assert.deepEqual(errors, {});
  }
});

test('if no frame is acknowledged, the summary says why, and that nothing is verified', async (context) => {
  const { gateway } = await startTestGateway(context);
  const nobody = await startProtocolServer(context);
  for (let n = 0; n < 50; n++) nobody.refuse(401);
  let enough = (): void => {};
  const stop = new Promise<void>((resolve) => {
    enough = resolve;
  });
  const result = await runFleet({
    fleet: checkFleet(
      {
        rampSeconds: 0,
        groups: [{ prefix: 'x', count: 2, frameIntervalMs: 3_600_000, signals: { a: { type: 'wave' } } }],
      },
      'test',
    ),
    url: gateway.operatorUrl,
    key: gateway.adminKey ?? '',
    deviceUrl: nobody.url,
    stop,
    drainMs: 0,
    verify: true,
    progress: ({ linksLost }) => linksLost === 2 && enough(),
  });
  assert.deepEqual([result.errors, result.connected, result.framesAcked], [{ 'HTTP 401': 2 }, 0, 0]);
  assert.ok(result.verdict !== null && !isClean(result.verdict));
  const summary = summaryOf(result);
  assert.match(summary, /2 × HTTP 401/);
  assert.match(summary, /nothing was acknowledged, so this proves nothing/);
});

test('commands succeed, fail or are rejected, and the gateway reports what the devices reported', async (context) => {
  const { gateway, api } = await startTestGateway(context);
  const commands = { delayMs: [0, 30], progressSteps: 1, fail: 0.15, reject: 0.15, dropBefore: 0.15, dropAfter: 0.15 };
  const fleet = { ...mixed, groups: mixed.groups.map((group) => ({ ...group, commands })) };
  let enough = (): void => {};
  const stop = new Promise<void>((resolve) => {
    enough = resolve;
  });
  const running = runFleet({
    fleet: checkFleet(fleet, 'test'),
    url: gateway.operatorUrl,
    key: gateway.adminKey ?? '',
    deviceUrl: gateway.deviceUrl,
    stop,
    verify: true,
  });
  const device = (id: string) => `/v1/devices/${id}`;
  while ((await api('GET', device('d-2'))).status !== 200);
  const send = async (id: string, name: string, params: object): Promise<string> => {
    const answer = await api('POST', `${device(id)}/commands?wait=30`, { name, params });
    assert.equal(answer.status, 202);
    return (answer.body as { state: string }).state;
  };
  const ids = mixed.groups.flatMap(({ prefix, count }) =>
    Array.from({ length: count }, (_, n) => `${prefix}-${n + 1}`),
  );
  const states = await Promise.all(
    ids.flatMap((id) => ['open', 'close', 'reboot'].map((name) => send(id, name, { id }))),
  );
  assert.deepEqual([...new Set(states)].sort(), ['failed', 'rejected', 'succeeded']);
  assert.match(await send('b-1', 'set_interval', { seconds: 0 }), /rejected|failed/);
  while ((await send('j-1', 'set_interval', { seconds: 0.5 })) !== 'succeeded');
  const times = async (): Promise<number[]> =>
    ((await api('GET', `${device('j-1')}/readings?metric=lat`)).body as { items: { ts: number }[] }).items.map(
      ({ ts }) => ts,
    );
  const gaps = (all: number[]): number[] => all.slice(1).map((ts, i) => ts - all[i]);
  while (gaps(await times()).filter((gap) => gap === 500).length < 2);
  enough();
  const result = await running;
  assert.ok(isVerified(result), JSON.stringify([result.verdict, result.commands]));
  assert.ok(result.commands !== null && result.commands.checked >= states.length + 2);
});

test('the times of a device ascend by at least a millisecond over all its frames', () => {
  for (const change of [
    { frameIntervalMs: 10, samplesPerFrame: 10 },
    { frameIntervalMs: 1_000, samplesPerFrame: 7 },
  ]) {
    const group = { ...mixedFleet().groups[0], ...change };
    const fleet = { seed: 1, rampSeconds: 1, groups: [group] };
    for (const { plan, firstDueAt } of seatsOf(fleet, 1_000_000)) {
      let last = 999_999;
      for (let n = 0; n < 20; n++) {
        for (const ts of sampleTimes(plan, firstDueAt + n * plan.group.frameIntervalMs)) {
          assert.ok(ts > last, `${ts} after ${last}`);
          last = ts;
        }
      }
    }
  }
});

test('a large fleet on this machine uses another source address per 7,000 devices', () => {
  const [here, there] = ['ws://127.0.0.1:8080/v1/device', 'wss://gateway.example/v1/device'];
  assert.equal(sourceAddress(here, 0, 7_000), undefined);
  assert.deepEqual(
    [0, 6_999, 7_000, 15_000].map((index) => sourceAddress(here, index, 15_001)),
    ['127.0.0.1', '127.0.0.1', '127.0.0.2', '127.0.0.3'],
  );
  assert.equal(sourceAddress(there, 15_000, 15_001), undefined);
});

test('the same frame is always encoded to the same bytes, because verification relies on it', () => {
  const plan = planOf(mixedFleet().groups[0], 7);
  const [a, b] = [framesDue(plan, 3, 1_795_305_600_000), framesDue(plan, 3, 1_795_305_600_000)];
  assert.equal(a.length, 2);
  assert.deepEqual(
    a.map((frame) => frame.encode(9)),
    b.map((frame) => frame.encode(9)),
  );
});

test('the host monitor reports this machine as a device', async (context) => {
  const tools = await startTestGateway(context);
  const { secret } = await tools.addDevice('here');
  const live = tools.api;
  const stop = startHostMonitor({ url: tools.gateway.deviceUrl, id: 'here', secret, intervalMs: 50 });
  let metrics: Record<string, { value: number; unit: string | null }> = {};
  while (Object.keys(metrics).length === 0)
    ({ metrics } = (await live('GET', '/v1/devices/here/latest')).body as { metrics: typeof metrics });
  await stop();
  assert.ok(metrics['memory/used'].value > 1e6);
  assert.equal(metrics['memory/used'].unit, 'B');
});

test('if the gateway ends during a run, the run still reports its measures, without a verification', async (context) => {
  const { gateway } = await startTestGateway(context);
  const { operatorUrl: url, adminKey, deviceUrl } = gateway;
  let stop = (): void => {};
  const stopped = new Promise<void>((resolve) => {
    stop = resolve;
  });
  const result = await runFleet({
    fleet: loadFleet('demo'),
    url,
    key: adminKey ?? '',
    deviceUrl,
    stop: stopped,
    drainMs: 200,
    verify: true,
    remove: true,
    acked: () => void gateway.stop().then(stop),
  });
  assert.ok(result.framesAcked > 0);
  assert.deepEqual([result.verdict, result.commands, isVerified(result)], [null, null, false]);
  assert.equal(result.unverified, 'fetch failed: ECONNREFUSED');
  assert.match(summaryOf(result), /^verified: {2}not possible: fetch failed: ECONNREFUSED$/m);
});

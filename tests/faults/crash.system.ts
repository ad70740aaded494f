import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkFleet } from '../../device-sim/fleet/loadFleet.js';
import { runFleet } from '../../device-sim/run/runFleet.js';
import { inspectDataFolder } from '../../gateway/store/outside/inspect.js';
import { type GatewayProcess, startGatewayProcess } from '../rig/gatewayProcess.js';
import { killPoints, roundsOr } from '../rig/killPoints.js';
import { startTcpProxy } from '../rig/tcpProxy.js';
import { tempFolder } from '../rig/tempFolder.js';

/** The fleet is so busy that each kill meets frames in flight, in the batch, and in the commit. */
const fleet = {
  seed: 11,
  rampSeconds: 0.5,
  groups: [
    {
      prefix: 'b',
      count: 60,
      encoding: 'binary',
      frameIntervalMs: 20,
      samplesPerFrame: 10,
      signals: { temperature: { type: 'temperature' } },
    },
    { prefix: 'j', count: 20, frameIntervalMs: 50, signals: { lat: { type: 'lat' }, door: { type: 'door' } } },
  ],
};

test('SIGKILL at random moments under load loses, repeats and alters no acknowledged reading', async (context) => {
  const rounds = roundsOr(20);
  const data = tempFolder(context);
  let gateway: GatewayProcess = await startGatewayProcess({ data });
  // The gateway's ports change with each start. They cannot be kept: while the gateway is down, a socket of a device may get one of them.
  // The proxies give devices and verifier ports that stay.
  const devices = await startTcpProxy(gateway.devicePort);
  const operator = await startTcpProxy(gateway.operatorPort);
  context.after(async () => {
    await gateway.kill('SIGKILL');
    await devices.close();
    await operator.close();
  });
  const points = killPoints(1, rounds, 300, 2_000);
  let killed = 0;
  let busy: Promise<void> | null = null;
  let finish = (): void => {};
  const stop = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const killAndRestart = async (): Promise<void> => {
    await gateway.kill('SIGKILL');
    killed++;
    gateway = await gateway.again();
    devices.retarget(gateway.devicePort);
    operator.retarget(gateway.operatorPort);
    busy = null;
    if (killed === rounds) setTimeout(finish, 1_000);
  };
  const result = await runFleet({
    fleet: checkFleet(fleet, 'crash'),
    url: `http://127.0.0.1:${operator.port}`,
    key: gateway.key,
    deviceUrl: `ws://127.0.0.1:${devices.port}/v1/device`,
    stop,
    verify: true,
    acked(frames) {
      if (busy === null && killed < rounds && frames >= points[killed]) busy = killAndRestart();
    },
  });
  context.diagnostic(
    `${killed} kills, ${result.framesAcked} frames acked, ${result.linksLost} links lost, ${result.verdict?.expected} readings verified`,
  );
  assert.equal(killed, rounds);
  const { lost, duplicated, altered, invented, examples } =
    result.verdict ?? assert.fail('the simulator has not verified the readings');
  assert.deepEqual(
    { lost, duplicated, altered, invented },
    { lost: 0, duplicated: 0, altered: 0, invented: 0 },
    examples.join('\n'),
  );
  assert.equal(await gateway.stop(), 0);
  for (const finding of inspectDataFolder(data, Date.now(), 0))
    assert.equal(finding.state, 'ok', `${finding.name}: ${finding.detail}`);
});

test('links cut and black-holed between device and gateway lose, repeat and alter no acknowledged reading', async (context) => {
  const rounds = roundsOr(10);
  const gateway = await startGatewayProcess({ data: tempFolder(context) });
  const proxy = await startTcpProxy(gateway.devicePort);
  context.after(async () => {
    await proxy.close();
    await gateway.stop();
  });
  const points = killPoints(2, rounds, 300, 1_500);
  let cuts = 0;
  let finish = (): void => {};
  const stop = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const result = await runFleet({
    fleet: checkFleet(fleet, 'cuts'),
    url: gateway.operatorUrl,
    key: gateway.key,
    deviceUrl: `ws://127.0.0.1:${proxy.port}/v1/device`,
    stop,
    verify: true,
    acked(frames) {
      if (cuts >= rounds || frames < points[cuts]) return;
      // First everything in flight is lost in both directions, acks too; then the link is cut.
      proxy.blackHole(true);
      const how = cuts++ % 2 === 0 ? 'reset' : 'close';
      setTimeout(() => {
        proxy.cut(how);
        proxy.blackHole(false);
        if (cuts === rounds) setTimeout(finish, 1_000);
      }, 30);
    },
  });
  context.diagnostic(
    `${cuts} cuts, ${proxy.stats.bytesSwallowed} bytes swallowed, ${result.verdict?.expected} readings verified`,
  );
  assert.equal(cuts, rounds);
  const { lost, duplicated, altered, invented, examples } =
    result.verdict ?? assert.fail('the simulator has not verified the readings');
  assert.deepEqual(
    { lost, duplicated, altered, invented },
    { lost: 0, duplicated: 0, altered: 0, invented: 0 },
    examples.join('\n'),
  );
});

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { LatestBody, NewCredentialBody, ReadingItem } from '../../schemas/generated/operator.js';
import { type GatewayProcess, startGatewayProcess } from '../rig/gatewayProcess.js';
import { tempFolder } from '../rig/tempFolder.js';
import { currentWebsockets, pythonFolder, runPython } from './pythonRun.js';

const daySamples = 86_400;

for (const [name, websockets] of [
  ["Debian's websockets", undefined],
  ['a current websockets', currentWebsockets],
] as const) {
  const skip = name === 'a current websockets' && websockets === undefined && 'PYTHON_WEBSOCKETS is not set';
  test(`the Python client's own tests pass with ${name}`, { skip }, async () => {
    const { code, errors } = await runPython(['-m', 'unittest', 'discover', '-s', 'tests', '-t', '.'], { websockets })
      .exited;
    assert.equal(code, 0, errors);
    assert.match(errors, /Ran 1\d\d tests/);
  });

  test(`the ten lines of the Python client's README store a reading as written with ${name}`, {
    skip,
  }, async (context) => {
    const { gateway, secret } = await gatewayWithDevice(context, 'boiler-7');
    const page = readFileSync(join(pythonFolder, 'README.md'), 'utf8');
    const lines = page.match(/```python\n(.*?)```/s)?.[1] as string;
    assert.ok(lines.trim().split('\n').length <= 10, 'ten lines');
    const cwd = tempFolder(context);
    const program = lines.replace('ws://127.0.0.1:8080', new URL(gateway.deviceUrl).origin).replace('tgd_…', secret);
    writeFileSync(join(cwd, 'ten_lines.py'), program);
    const { code, output, errors } = await runPython(['ten_lines.py'], { cwd, websockets }).exited;
    assert.deepEqual([code, output, errors], [0, "the reading is on the gateway's disk", '']);
    const { metrics } = await gateway.api<LatestBody>('GET', '/v1/devices/boiler-7/latest');
    assert.equal(metrics.temperature.value, 21.5);
  });
}

test('the host monitor of the Python client stores figures of this machine and follows set_interval', async (context) => {
  const { gateway, secret } = await gatewayWithDevice(context, 'host');
  const words = ['-m', 'tidegate.examples.host_monitor', new URL(gateway.deviceUrl).origin, 'host', secret];
  const folder = tempFolder(context);
  const three = await runPython([...words, '--folder', folder, '--seconds', '0.1', '--count', '3']).exited;
  assert.deepEqual([three.code, three.errors], [0, '']);
  const { metrics } = await gateway.api<LatestBody>('GET', '/v1/devices/host/latest');
  assert.deepEqual(Object.keys(metrics).sort(), [
    'disk_free',
    'disk_total',
    'load_1m',
    'memory_available',
    'memory_total',
    'uptime',
  ]);
  assert.equal(metrics.memory_total.value, totalmem());
  assert.deepEqual([metrics.uptime.unit, metrics.disk_free.unit], ['s', 'B']);
  assert.equal((await readingsOf(gateway, 'host', 'uptime')).length, 3);

  const monitor = runPython([...words, '--folder', folder, '--seconds', '3600']);
  context.after(() => monitor.kill('SIGKILL'));
  const command = await gateway.api<{ state: string; result: unknown }>('POST', '/v1/devices/host/commands?wait=30', {
    name: 'set_interval',
    params: { seconds: 0.1 },
  });
  assert.deepEqual([command.state, command.result], ['succeeded', { interval: 0.1 }]);
  while ((await readingsOf(gateway, 'host', 'uptime')).length < 6) await Promise.race([monitor.exited, pause(100)]);
  monitor.kill('SIGTERM');
  assert.equal((await monitor.exited).code, 0);
});

for (const [encoding, kills] of [
  ['json', []],
  ['binary', [20, 90]],
] as const) {
  test(`a day of samples that the Python client recorded offline is stored once and in order (${encoding}, killed ${kills.length} times)`, async (context) => {
    const { gateway, secret } = await gatewayWithDevice(context, 'offline');
    const words = [new URL(gateway.deviceUrl).origin, 'offline', secret, tempFolder(context), encoding];
    const replay = (order: string, more: string[] = []) =>
      runPython(['-m', 'tests.replay_day', order, ...words, ...more]).exited;
    const filled = JSON.parse((await replay('fill')).output) as { first: number; samples: number; seconds: number };
    assert.equal(filled.samples, daySamples);
    for (const seq of kills) assert.equal((await replay('drain', [String(seq)])).code, 'SIGKILL');
    const { code, output, errors } = await replay('drain');
    assert.equal(code, 0, errors);
    const drained = JSON.parse(output) as { samples: number; seconds: number };
    assert.equal(drained.samples < daySamples, kills.length > 0);
    context.diagnostic(
      `recorded in ${filled.seconds} s; ${encoding}: ${drained.samples} samples replayed in ${drained.seconds} s`,
    );

    for (const [metric, expected] of [
      ['second', (second: number) => second],
      ['temperature', (second: number) => 20 + (second % 100) / 10],
    ] as const) {
      const readings = await readingsOf(gateway, 'offline', metric);
      assert.equal(readings.length, daySamples);
      for (const [second, { ts, value }] of readings.entries()) {
        assert.equal(ts, filled.first + second * 1000);
        assert.equal(value, expected(second));
      }
    }
    // Frames that were sent twice were recognized by their seqs, so the store had no repeats to drop.
    assert.equal(await metricOf(gateway, 'tidegate_readings_repeated_total'), 0);
    assert.deepEqual(await gateway.api('GET', '/v1/devices/offline/rejected'), { items: [], next: null });
  });
}

async function gatewayWithDevice(
  context: TestContext,
  id: string,
): Promise<{ gateway: GatewayProcess; secret: string }> {
  const gateway = await startGatewayProcess({ data: tempFolder(context) });
  context.after(() => gateway.stop());
  const { secret } = await gateway.api<NewCredentialBody>('POST', '/v1/devices', { id });
  return { gateway, secret };
}

async function readingsOf(gateway: GatewayProcess, id: string, metric: string): Promise<ReadingItem[]> {
  const path = `/v1/devices/${id}/readings?metric=${metric}&from=0&order=asc`;
  const answer = await fetch(gateway.operatorUrl + path, {
    headers: { authorization: `Bearer ${gateway.key}`, accept: 'application/x-ndjson', connection: 'close' },
  });
  const text = await answer.text();
  assert.ok(answer.ok, text);
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as ReadingItem);
}

async function metricOf(gateway: GatewayProcess, name: string): Promise<number> {
  const text = await gateway.api<string>('GET', '/metrics');
  return Number(text.match(new RegExp(`^${name} (\\S+)$`, 'm'))?.[1]);
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

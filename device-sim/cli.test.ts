import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startTestGateway } from '../gateway/gateway.fixture.js';

const cli = fileURLToPath(new URL('./cli.js', import.meta.url));
const hostMonitor = fileURLToPath(new URL('./host/hostMonitor.js', import.meta.url));

/** Runs a program of this folder as a process, and returns its output and exit code. */
function start(context: TestContext, file: string, args: string[]) {
  const env = { ...process.env, TIDEGATE_URL: '', TIDEGATE_KEY: '' };
  const child: ChildProcess = spawn(process.execPath, ['--enable-source-maps', file, ...args], { env });
  context.after(() => child.kill('SIGKILL'));
  let out = '';
  let errors = '';
  child.stdout?.on('data', (text) => {
    out += text;
  });
  child.stderr?.on('data', (text) => {
    errors += text;
  });
  const ended = once(child, 'close').then(([code]) => ({ code: code as number, out, errors }));
  return { child, ended };
}

const gatewayArgs = ({ gateway, data }: Awaited<ReturnType<typeof startTestGateway>>): string[] => [
  ...['--url', gateway.operatorUrl, '--device-url', new URL(gateway.deviceUrl).origin, '--data', data],
];

test('a run of the demo fleet verifies itself and prints its summary as JSON', async (context) => {
  const tools = await startTestGateway(context);
  const args = ['demo', '--devices', '10', '--rate', '10', '--duration', '500ms', '--verify', '--json', '--seed', '3'];
  const { code, out, errors } = await start(context, cli, [...args, ...gatewayArgs(tools)]).ended;
  assert.deepEqual([code, errors], [0, '']);
  const { devices, framesAcked, verdict } = JSON.parse(out);
  assert.equal(devices, 10);
  assert.ok(framesAcked > 0);
  assert.deepEqual([verdict.lost, verdict.duplicated, verdict.altered, verdict.invented], [0, 0, 0, 0]);
});

test('a run that would remove its devices at the end needs --yes without a terminal, and starts nothing', async (context) => {
  const { code, out, errors } = await start(context, cli, [
    'demo',
    '--devices',
    '3',
    '--remove',
    '--url',
    'http://127.0.0.1:1',
  ]).ended;
  assert.deepEqual([code, out], [78, '']);
  assert.match(errors, /^At the end 3 devices \(.*\) are removed, and all their readings are erased.* add --yes\.\n$/);
});

test('a fleet in two processes verifies itself because a threshold needs it, checks thresholds, writes a report page, and removes its devices', async (context) => {
  const tools = await startTestGateway(context);
  const page = join(tools.data, 'report.html');
  const args = ['demo', '--devices', '10', '--rate', '10', '--duration', '1500ms', '--processes', '2'];
  const more = [
    '--prefix',
    'mine-',
    '--remove',
    '--yes',
    '--report',
    page,
    '--json',
    '--require',
    'lost==0',
    '--require',
    'framesAcked<1',
  ];
  const { code, out, errors } = await start(context, cli, [...args, ...more, ...gatewayArgs(tools)]).ended;
  assert.equal(errors, '');
  const { devices, framesAcked, readingsAcked, verdict, checks, samples } = JSON.parse(out);
  assert.deepEqual([devices, verdict.expected, verdict.lost + verdict.invented], [10, readingsAcked, 0]);
  assert.deepEqual(
    checks.map(({ text, passed, value }: { text: string; passed: boolean; value: number }) => [text, passed, value]),
    [
      ['lost==0', true, 0],
      ['framesAcked<1', false, framesAcked],
    ],
  );
  assert.equal(code, 1, 'a threshold did not hold');
  assert.ok(samples.length > 0);
  const html = readFileSync(page, 'utf8');
  assert.match(html, /class="verdict fail">FAIL: framesAcked&lt;1 \(\d+\)/);
  assert.match(html, /<code>tidegate-sim demo --devices 10 .*framesAcked&lt;1/);
  assert.doesNotMatch(html, /tgk_/);
  const figures = JSON.parse(/id="figures">(.*?)<\/script>/.exec(html)?.[1] ?? '');
  assert.equal(figures.seconds.length, samples.length);
  assert.ok(figures.plots.length >= 6);
  assert.doesNotMatch(html, /(src|href)=|url\(|@import/, 'the page loads no other file');
  assert.deepEqual(((await tools.api('GET', '/v1/devices')).body as { items: [] }).items, []);
});

test('Ctrl-C ends a run without a duration, which then drains, verifies and reports', async (context) => {
  const tools = await startTestGateway(context);
  const { child, ended } = start(context, cli, ['demo', '--devices', '5', '--verify', ...gatewayArgs(tools)]);
  const stored = async (): Promise<boolean> => {
    const { body, status } = await tools.api('GET', '/v1/devices/boiler-1/latest');
    return status === 200 && Object.keys((body as { metrics: object }).metrics).length > 0;
  };
  while (!(await stored()));
  child.kill('SIGINT');
  const { code, out } = await ended;
  assert.equal(code, 0, out);
  assert.match(out, /^5 devices, \d+\.\d s\n/m, 'it had no planned end, so it was not stopped early');
  assert.match(out, /verified: {2}[1-9]\d* acked readings, .* 0 lost, 0 duplicated, 0 altered, 0 invented/);
});

test('a run that cannot start exits with 78 and one line of advice, and with 69 if there is no gateway', async (context) => {
  const run = (...args: string[]) => start(context, cli, args).ended;
  const nothing = join(fileURLToPath(new URL('.', import.meta.url)), 'none');
  assert.deepEqual(
    await Promise.all([
      run('none-such', '--key', 'tgk_x'),
      run('demo', '--rate', '0', '--key', 'tgk_x'),
      run('demo', '--data', nothing),
      run('demo', '--key', 'tgk_x', '--device-url', 'http://x'),
      run('demo', '--key', 'tgk_x', '--require', 'speed<1'),
      run('demo', '--key', 'tgk_x', '--prefix', 'a b'),
      run('demo', '--key', 'tgk_x', '--url', 'http://127.0.0.1:1'),
    ]).then((runs) => runs.map(({ code, out, errors }) => [code, out, errors.split('\n').length])),
    [
      [78, '', 2],
      [78, '', 2],
      [78, '', 2],
      [78, '', 2],
      [78, '', 2],
      [78, '', 2],
      [69, '', 2],
    ],
  );
});

test('wrong options are refused before the load, and a run in which no device connects ends soon, with the reason', async (context) => {
  const tools = await startTestGateway(context);
  const cases: [string[], RegExp][] = [
    [['demo', '--bogus'], /unknown option '--bogus'/],
    [['demo', '--duration', 'soon'], /--duration soon: write a span of time such as 10s/],
    [['demo', '--duration', 'soon', '--data', '/nowhere'], /^--duration soon: /],
    [['demo', '--data', '/nowhere'], /no operator key: \/nowhere\/admin.key/],
    [[], /missing required argument 'fleet'\n\(add --help/],
    [['demo', '--url', '127.0.0.1:8081'], /--url 127\.0\.0\.1:8081: write http:\/\/host:port/],
    [['demo', '--report', '/nonexistent/x.html'], /--report \/nonexistent\/x\.html cannot be written: ENOENT/],
  ];
  for (const [args, wanted] of cases) {
    const { code, errors } = await start(context, cli, [...gatewayArgs(tools), ...args]).ended;
    assert.equal(code, 78, errors);
    assert.match(errors, wanted);
  }
  const nobody = ['demo', '--devices', '2', '--duration', '1h', '--require', 'ackP99Ms<50', '--json'];
  const args = [...nobody, ...gatewayArgs(tools), '--device-url', 'ws://127.0.0.1:9'];
  const { code, out, errors } = await start(context, cli, args).ended;
  assert.deepEqual([code, out], [69, '']);
  assert.match(
    errors,
    /^No device could connect to ws:\/\/127\.0\.0\.1:9\/v1\/device: nothing listens there\. .*ECONNREFUSED\)\n$/m,
  );
  const wrongKey = ['demo', '--url', tools.gateway.operatorUrl, '--key', `tgk_${'a'.repeat(43)}`];
  const refused = await start(context, cli, wrongKey).ended;
  assert.equal(refused.code, 69);
  assert.match(refused.errors, /^The gateway at \S+ refused \/v1\/devices: .*Give the key of this gateway with --key/);
});

test('the host monitor sends readings, prints the state of its link, and ends at SIGTERM', async (context) => {
  const tools = await startTestGateway(context);
  const { secret } = await tools.addDevice('host');
  const args = ['--url', new URL(tools.gateway.deviceUrl).origin, '--id', 'host', '--secret'];
  const { child, ended } = start(context, hostMonitor, [...args, secret, '--interval', '0.1']);
  const count = async (): Promise<number> =>
    ((await tools.api('GET', '/v1/devices/host/readings?metric=uptime')).body as { items?: [] }).items?.length ?? 0;
  while ((await count()) < 3);
  child.kill('SIGTERM');
  const { code, out } = await ended;
  assert.equal(code, 0);
  assert.match(out, /host is connected to ws:/);
  const refused = start(context, hostMonitor, [...args, `tgd_${'x'.repeat(43)}`]);
  for await (const text of refused.child.stdout ?? []) {
    assert.match(String(text), /host is not connected: HTTP 401/);
    break;
  }
  refused.child.kill('SIGTERM');
  assert.equal((await refused.ended).code, 0);
  const wrong = await start(context, hostMonitor, [...args, secret, '--interval', 'x']).ended;
  assert.deepEqual([wrong.code, wrong.errors], [78, '--interval x: write seconds, from 0.1 to 86400\n']);
});

import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { type TestContext, test } from 'node:test';
import { startTestGateway, takenPort } from '../gateway/gateway.fixture.js';
import { runCli } from './cli.fixture.js';

const portOf = (url: string): string => `operator.port=${new URL(url).port}`;

/** A port that takes connections and answers nothing. */
async function mutePort(context: TestContext): Promise<number> {
  const server = createServer();
  context.after(() => server.close());
  const port = await new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port));
  });
  server.unref();
  server.on('connection', (socket) => socket.unref());
  return port;
}

test('a running gateway is healthy and ready, by the settings that it was started with', async (context) => {
  const { gateway } = await startTestGateway(context);
  for (const more of [[], ['--ready']]) {
    const { code, out } = await runCli(null, 'health', '--set', portOf(gateway.operatorUrl), ...more);
    assert.equal(code, 0);
    assert.match(out, /^healthy: http:\/\/127\.0\.0\.1:\d+\/(livez|readyz) answered 200\n$/);
  }
});

test('a gateway on all addresses is asked on this machine', async (context) => {
  const { gateway } = await startTestGateway(context, ['operator.host=::']);
  const set = ['--set', 'operator.host=::', '--set', portOf(gateway.operatorUrl)];
  assert.equal((await runCli(null, 'health', ...set)).code, 0);
});

test('a gateway that takes no devices is alive and not ready', async (context) => {
  // The clock is far behind the build, so that the gateway does not believe it.
  const { gateway } = await startTestGateway(context, [], { clock: { now: () => 1_000_000_000 } });
  const set = ['--set', portOf(gateway.operatorUrl)];
  assert.equal((await runCli(null, 'health', ...set)).code, 0);
  const { code, err } = await runCli(null, 'health', '--ready', ...set);
  assert.equal(code, 1);
  assert.match(err, /^not healthy: .*\/readyz answered 503 .*clock_untrusted/);
});

test('no gateway, a port that does not answer, and another server are not healthy', async (context) => {
  const stopped = await startTestGateway(context);
  await stopped.gateway.stop();
  const none = await runCli(null, 'health', '--set', portOf(stopped.gateway.operatorUrl));
  assert.deepEqual([none.code, /did not answer: .*ECONNREFUSED/.test(none.err)], [1, true], none.err);
  const mute = await runCli(null, 'health', '--timeout', '0.2', '--set', `operator.port=${await mutePort(context)}`);
  assert.deepEqual([mute.code, /it took longer than 0\.2 s/.test(mute.err)], [1, true], mute.err);
  const other = await runCli(null, 'health', '--timeout', '0.2', '--set', `operator.port=${await takenPort(context)}`);
  assert.equal(other.code, 1);
});

test('wrong options and settings are told from a gateway that is not healthy', async () => {
  for (const timeout of ['0', '-1', 'soon', '', 'Infinity'])
    assert.equal((await runCli(null, 'health', '--timeout', timeout)).code, 64, timeout);
  assert.equal((await runCli(null, 'health', '--set', 'operator.port=x')).code, 78);
});

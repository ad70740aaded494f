import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startTestGateway } from '../gateway/gateway.fixture.js';
import { runCli as run } from './cli.fixture.js';
import { leadFrom, optionsLast, withHint } from './terminal/commandLine.js';
import { wantsJson } from './terminal/errorJson.js';

test('gateway options may stand before the subcommand, and nothing else moves', () => {
  for (const [given, wanted] of [
    ['--key K --url U device list --tag a=b', 'device list --tag a=b --key K --url U'],
    ['--key=K device --json show x', 'device show x --key=K --json'],
    ['query --data d boiler-1 --from -1h', 'query boiler-1 --from -1h --data d'],
    ['--json send a b -- --key', 'send a b --json -- --key'],
    ['device list --url U', 'device list --url U'],
    ['--version', '--version'],
    ['--key', '--key'],
    ['', ''],
  ]) {
    const args = given.split(' ').filter((word) => word !== '');
    assert.equal(optionsLast(args).join(' '), wanted, given);
  }
  assert.deepEqual([wantsJson(['a', '--json']), wantsJson(['a', '--', '--json']), wantsJson([])], [true, false, false]);
});

test('words and options of other programs lead to the ones here', () => {
  for (const [word, hint] of [
    ['status', /tidegate health\n {2}tidegate device list/],
    ['devices', /tidegate device list/],
    ['version', /tidegate --version/],
    ['logs', /tidegate tail/],
    ['readings', /tidegate query ID/],
    ['users', /tidegate key list/],
    ['stop', /Ctrl-C/],
    ['rename', /tidegate device edit ID --name/],
  ] as const)
    assert.throws(() => leadFrom(word), hint);
  for (const word of ['device', 'teleport', 'toString', '', undefined]) leadFrom(word);
  assert.equal(
    withHint("error: unknown option '--since'\n(Did you mean --size?)\n"),
    "error: unknown option '--since'\nDid you mean --from?\n",
  );
  assert.match(withHint("error: unknown option '--offline'\n"), /Did you mean --presence offline\?/);
  for (const text of ["error: unknown option '--bogus'\n", "error: missing required argument 'id'\n"])
    assert.equal(withHint(text), text);
});

test('the same holds for the program, and with --json its errors are JSON with a code', async (context) => {
  const tools = await startTestGateway(context);
  await tools.addDevice('a');
  const api = ['--url', tools.gateway.operatorUrl, '--data', tools.data];
  const [listed, aliased] = await Promise.all([
    run(null, ...api, 'device', 'list', '--json'),
    run(null, 'device', ...api, 'ls', '--json'),
  ]);
  assert.deepEqual([listed.code, listed.out.startsWith('{"id":"a"')], [0, true], listed.err);
  assert.equal(aliased.out, listed.out);
  for (const [args, code, error] of [
    [['device', 'show', 'nobody', ...api], 1, 'device_unknown'],
    [['status'], 64, 'usage'],
    [['query', ...api], 64, 'usage'],
    [['query', 'a', '--since', '1h', ...api], 64, 'usage'],
    [['device', 'remove', 'a', ...api], 64, 'usage'],
    [['key', 'list', '--url', 'http://127.0.0.1:1', '--key', 'tgk_x'], 69, 'unavailable'],
  ] as const) {
    const ran = await run(null, ...args, '--json');
    const found = JSON.parse(ran.err) as { code: string; message: string; exitCode: number };
    assert.deepEqual([ran.code, ran.out, found.code, found.exitCode], [code, '', error, code]);
    assert.match(found.message, /\w+ \w+/);
  }
  assert.match((await run(null, 'query', 'a', '--since', '1h')).err, /unknown option '--since'\nDid you mean --from\?/);
});

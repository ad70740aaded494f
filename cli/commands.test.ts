import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startTestGateway, type TestLink } from '../gateway/gateway.fixture.js';
import { runCli } from './cli.fixture.js';

/** Answers every command of a link in the same way. */
async function answerAll(link: TestLink, state: string, more: object = {}): Promise<void> {
  for (;;) {
    const message = (await link.next().catch(() => null)) as { type: string; id: string } | null;
    if (message === null) return;
    if (message.type === 'command') link.send({ type: 'command_update', id: message.id, state, ...more });
  }
}

test('send prints the final state of a command, and its exit code reports it', async (context) => {
  const tools = await startTestGateway(context);
  const [good, bad] = [
    await tools.connect(await tools.addDevice('good')),
    await tools.connect(await tools.addDevice('bad')),
  ];
  await tools.addDevice('away');
  void answerAll(good, 'succeeded', { result: { interval: 5 } });
  void answerAll(bad, 'rejected', { error: { code: 'busy' } });
  const done = await runCli(tools, 'send', 'good', 'set_interval', '{"seconds":5}', '--wait', '30');
  assert.deepEqual(
    [done.code, /^succeeded \{"interval":5\} {2}\([0-9a-f-]{36}\)\n$/.test(done.out)],
    [0, true],
    done.out,
  );
  const refused = await runCli(tools, 'send', 'bad', 'x', '--wait', '30');
  assert.deepEqual([refused.code, /^rejected \{"code":"busy"\}/.test(refused.out)], [2, true]);
  const late = await runCli(tools, 'send', 'away', 'x', '--ttl', '1s', '--wait', '30');
  assert.deepEqual([late.code, late.out.startsWith('expired')], [3, true]);
  const open = await runCli(tools, 'send', 'away', 'x', '--wait', '100ms', '--json');
  assert.equal(open.code, 6);
  const { id } = JSON.parse(open.out) as { id: string };
  assert.match((await runCli(tools, 'command', 'cancel', id)).out, /is cancelled/);
  const shown = await runCli(tools, 'command', 'show', id);
  assert.match(
    shown.out,
    /^x \{\} for away: cancelled\n\nTIME +STATE +CAUSE\n\S+ +queued +created by \S+\n\S+ +cancelled +cancelled by/,
  );
  assert.match(
    (await runCli(tools, 'command', 'list', 'away')).out,
    /^ID +CREATED +STATE .*\n\S+ +\S+ +cancelled +x +\{\}\n/,
  );
  const all = await runCli(tools, 'command', 'list', '--limit', '2');
  assert.match(all.out, /^ID +CREATED +DEVICE +STATE .*\n\S+ +\S+ +away +cancelled +x +\{\}\n\S+ +\S+ +away +expired/);
  const everything = await runCli(tools, 'command', 'list', '--json');
  const devices = everything.out
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { device: string }).device);
  assert.deepEqual([...new Set(devices)].sort(), ['away', 'bad', 'good']);
});

test('a mistake in a command is explained, with exit code 64 or 1', async (context) => {
  const tools = await startTestGateway(context);
  await tools.addDevice('d', { model: 'boiler' });
  const cases: [string[], number, RegExp][] = [
    [['send', 'd', 'set_target', '{"celsius":'], 64, /not a JSON object.*\n.*single quotes/],
    [['send', 'd', 'set_target', '[1]'], 64, /not a JSON object/],
    [['send', 'd', 'set_target', '--wait', 'soon'], 64, /--wait soon is not valid\. Write a span of time/],
    [['send', 'd', 'set_target', '--ttl', 'soon'], 64, /--ttl soon is not valid/],
    [['send', 'd', 'set_target', '{"celsius":1000}'], 1, /params_invalid.*\n {2}params\.celsius must/],
    [['send', 'nobody', 'x'], 1, /device_unknown/],
    [['command', 'show', 'none'], 1, /command_unknown/],
    [['batch', 'send', 'x'], 64, /exactly one target: --id/],
    [['batch', 'send', 'x', '--all', '--model', 'boiler'], 64, /exactly one target: --id/],
    [
      ['batch', 'send', 'x', '--all'],
      64,
      /^x is sent to every device, \d+ devices?\. .* To confirm it, add --yes\.\n$/,
    ],
    [['batch', 'show', 'none'], 1, /batch_unknown/],
  ];
  await Promise.all(
    cases.map(async ([args, code, message]) => {
      const ran = await runCli(tools, ...args);
      assert.equal(ran.code, code, `${args.join(' ')}: ${ran.err}`);
      assert.match(ran.err, message);
    }),
  );
});

test('batch send follows a batch to its end', async (context) => {
  const tools = await startTestGateway(context);
  for (const id of ['a', 'b']) {
    const link = await tools.connect(await tools.addDevice(id, { tags: { site: 'north' } }));
    void answerAll(link, id === 'a' ? 'succeeded' : 'failed', id === 'a' ? {} : { error: { code: 'broken' } });
  }
  const ran = await runCli(tools, 'batch', 'send', 'x', '--tag', 'site=north', '--follow');
  assert.equal(ran.code, 1);
  assert.doesNotMatch(ran.err, /^2 of 2 devices ended: .*waiting/m);
  assert.match(ran.err, /^(\d of 2 devices ended: .*\n)*2 of 2 devices ended: 1 failed, 1 succeeded\n$/);
  assert.match(ran.out, /x to 2 devices: done\. 1 failed, 1 succeeded\n\nDEVICE .*\nb +failed +\{"code":"broken"\}/);
  const single = await runCli(tools, 'batch', 'send', 'x', '--id', 'a', '--follow', '--json');
  assert.deepEqual([single.code, single.err, (JSON.parse(single.out) as { state: string }).state], [0, '', 'done']);
  assert.match(
    (await runCli(tools, 'batch', 'list')).out,
    /^ID .*\n\S+ +\S+ +done +x +1 +1 succeeded\n\S+ +\S+ +done +x +2 +1 failed, 1 succeeded\n$/,
  );
});

test('a followed batch says what it waits for, and one whose last command expires is done', async (context) => {
  const tools = await startTestGateway(context);
  await tools.addDevice('away');
  const args = ['--id', 'away', '--ttl', '8s', '--abort-on-failure', '5', '--follow'];
  const ran = await runCli(tools, 'batch', 'send', 'x', ...args);
  assert.equal(ran.code, 1);
  assert.match(
    ran.err,
    /^(?:0 of 1 device ended: 1 waiting\n)?0 of 1 device ended: 1 queued\n1 command can wait for offline devices until they expire \(--ttl\)\. .*\n(0 of 1 .*\n)?1 of 1 device ended: 1 expired\n$/,
  );
  assert.match(ran.out, /^Batch \S+, x to 1 device: done\. 1 expired\n\nDEVICE .*\naway +expired/);
});

test('a batch that every device refuses is over at once, with the reason in words, and names fields without JSON pointers', async (context) => {
  const tools = await startTestGateway(context);
  for (const id of ['a', 'b']) await tools.addDevice(id, { model: 'boiler' });
  const ran = await runCli(tools, 'batch', 'send', 'rebot', '--model', 'boiler');
  assert.equal(ran.code, 1);
  assert.match(ran.out, /, rebot to 2 devices: done\. 2 refused\n/);
  assert.match(ran.out, /^a +refused +Model boiler has no command rebot; .* \(command_undeclared\) /m);
  const device = await runCli(tools, 'device', 'add', 'my boiler');
  assert.deepEqual(
    [device.code, device.err],
    [
      1,
      'Some values are not valid. Correct this and try again. (body_invalid)\n  id must have 1 to 64 letters, digits, _ or -\n',
    ],
  );
  const key = await runCli(tools, 'key', 'add', 'wall', '--role', 'root');
  assert.match(key.err, /^ {2}role must be one of viewer, operator, admin$/m);
});

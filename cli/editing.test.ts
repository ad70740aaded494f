import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startTestGateway } from '../gateway/gateway.fixture.js';
import { runCli as run } from './cli.fixture.js';

test('devices are edited one by one and many at once, and the audit log says who did it', async (context) => {
  const tools = await startTestGateway(context);
  for (const [id, site] of [
    ['a', 'north'],
    ['b', 'north'],
    ['c', 'south'],
  ])
    await tools.addDevice(id, { model: 'boiler', tags: { site, old: 'x' } });
  const one = await run(tools, 'device', 'edit', 'a', '--name', 'Hall', '--untag', 'old', '--tag', 'floor=2');
  assert.equal(one.out, 'Device a is changed: name "Hall", model boiler, tags site=north floor=2.\n', one.err);
  const many = await run(tools, 'device', 'edit', '--where-tag', 'site=north', '--untag', 'old', '--no-model');
  assert.equal(many.out, '2 devices changed\n', many.err);
  assert.equal(
    (await run(tools, 'device', 'edit', '--all', '--no-model', '--yes')).out,
    '1 device changed, 2 already had these values\n',
  );
  const { out } = await run(tools, 'device', 'list', '--json');
  assert.deepEqual(
    out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { name: string; model: string; tags: object })
      .map(({ name, model, tags }) => [name, model, tags]),
    [
      ['Hall', null, { site: 'north', floor: '2' }],
      [null, null, { site: 'north' }],
      [null, null, { site: 'south', old: 'x' }],
    ],
  );
  assert.match((await run(tools, 'device', 'list')).out, /^ID +NAME +STATE .*\na +Hall +active/);

  const audit = await run(tools, 'audit', '--from', '-1h', '--subject', 'a');
  assert.match(
    audit.out,
    /^TIME \(UTC\) +WHO +ACTION +SUBJECT +DETAIL\n(\S+Z .* devices?_(edited|updated) +a .*\n)+\S+Z .* a /,
  );
  const [line] = (await run(tools, 'audit', '--limit', '1', '--json')).out.split('\n');
  const { by, action } = JSON.parse(line) as { by: string; action: string };
  assert.equal(action, 'devices_edited');
  for (const [args, wanted] of [
    [['--who', by, '--action', 'device_created'], 3],
    [['--who', 'nobody'], 0],
    [['--to', '2020-01-01'], 0],
    [['--limit', '2'], 2],
  ] as const)
    assert.equal((await run(tools, 'audit', ...args, '--json')).out.split('\n').length - 1, wanted, args.join(' '));
});

test('an edit says what it lacks, and names each device that could not be changed', async (context) => {
  const tools = await startTestGateway(context);
  for (const id of ['a', 'b']) await tools.addDevice(id);
  const cases: [string[], number, RegExp][] = [
    [['a'], 64, /^No change is given. Use --name/],
    [['--name', 'x'], 64, /^No devices are given. Use ids, or --where-tag/],
    [['a', '--all', '--name', 'x'], 64, /^No devices are given/],
    [['a', '--tag', 'x=1', '--untag', 'x'], 64, /--tag and --untag both name x/],
    [['a', '--tag', 'x'], 64, /"x" is not a tag/],
    [['nobody', '--name', 'x'], 1, /device_unknown/],
    [['a', 'b', '--name', 'x'], 64, /^Names and notes are those of one device/],
    [['--where-tag', 'site=none', '--where-model', 'boiler', '--tag', 'x=1'], 1, /No devices match\. Nothing was/],
    [['--all', '--tag', 'x=1'], 64, /^Every device is changed, 2 devices\. .* To confirm it, add --yes\.\n$/],
    [['a', 'nobody', '--tag', 'x=1'], 1, /^nobody: There is no device nobody \(device_unknown\)\n$/],
    [['--where-tag', 'site=none', '--no-model'], 1, /No devices match\. Nothing was changed\./],
    [['a', 'b', '--model', 'none'], 1, /^There is no model none; .*\(model_unknown\)\n$/],
  ];
  for (const [args, code, message] of cases) {
    const ran = await run(tools, 'device', 'edit', ...args);
    assert.equal(ran.code, code, `${args.join(' ')}: ${ran.err}`);
    assert.match(ran.err, message);
  }
  for (const args of [
    ['--from', 'whenever'],
    ['--limit', '0'],
  ])
    assert.equal((await run(tools, 'audit', ...args)).code, 64);
});

test('many devices are edited by one request, which is one record of the audit log', async (context) => {
  const tools = await startTestGateway(context);
  for (const id of ['a', 'b', 'c'])
    await tools.addDevice(id, { model: id === 'c' ? null : 'boiler', tags: { site: 'x' } });
  const edit = async (...args: string[]): Promise<object> => {
    const { out, err } = await run(tools, 'device', 'edit', ...args, '--json');
    assert.equal(err, '');
    return JSON.parse(out);
  };
  const sum = { unchanged: 0, failed: 0, faults: [] };
  assert.deepEqual(await edit('a', 'b', 'a', '--tag', 'floor=1'), { ...sum, matched: 2, changed: 2 });
  assert.deepEqual(await edit('--where-model', 'boiler', '--tag', 'floor=2'), { ...sum, matched: 2, changed: 2 });
  assert.deepEqual(await edit('--where-tag', 'site=x', '--where-model', 'boiler', '--untag', 'floor'), {
    ...sum,
    matched: 2,
    changed: 2,
  });
  assert.deepEqual(await edit('--all', '--tag', 'site=y', '--yes'), { ...sum, matched: 3, changed: 3 });
  const { out } = await run(tools, 'audit', '--json');
  const actions = out
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { action: string }).action);
  assert.deepEqual(actions.slice(0, 5), [...Array(4).fill('devices_edited'), 'device_created']);
});

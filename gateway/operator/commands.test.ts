import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import WebSocket from 'ws';
import type {
  BatchBody,
  BatchItem,
  CommandBody,
  CommandPage,
  CommandStateBody,
} from '../../schemas/generated/operator.js';
import { gatewayTools, startOn, startTestGateway, type TestGateway, type TestLink } from '../gateway.fixture.js';

interface Heard {
  type: string;
  id: string;
  name: string;
  params: object;
  known: number;
  code?: string;
}

/** The next message that is not an answer to telemetry. */
async function nextCommand(link: TestLink): Promise<Heard> {
  for (;;) {
    const message = (await link.next()) as Heard;
    if (message.type === 'command') return message;
  }
}

const say = (link: TestLink, id: string, state: string, more: object = {}): void =>
  link.send({ type: 'command_update', id, state, ...more });

async function create({ api }: TestGateway, device: string, body: object, query = ''): Promise<CommandStateBody> {
  const answer = await api('POST', `/v1/devices/${device}/commands${query}`, body);
  assert.equal(answer.status, 202, JSON.stringify(answer.body));
  return answer.body;
}

const show = async ({ api }: TestGateway, id: string, query = ''): Promise<CommandBody> =>
  (await api('GET', `/v1/commands/${id}${query}`)).body;

test('the commands of all devices are listed newest first, filtered, and in pages', async (context) => {
  let now = Date.now();
  const tools = await startTestGateway(context, [], { clock: { now: () => now } });
  for (const device of ['a', 'b']) await tools.addDevice(device);
  const ids: string[] = [];
  for (const [device, name] of [
    ['a', 'open'],
    ['b', 'open'],
    ['a', 'close'],
    ['b', 'close'],
    ['a', 'open'],
  ]) {
    ids.push((await create(tools, device, { name })).id);
    now += 1_000;
  }
  await tools.api('DELETE', `/v1/commands/${ids[1]}`);
  const found = async (query: string): Promise<number[]> => {
    const places: number[] = [];
    for (let cursor = ''; ; ) {
      const answer = await tools.api('GET', `/v1/commands?limit=2${query}${cursor}`);
      assert.equal(answer.status, 200, JSON.stringify(answer.body));
      const page = answer.body as CommandPage;
      places.push(...page.items.map(({ id }) => ids.indexOf(id)));
      if (page.next === null) return places;
      cursor = `&cursor=${page.next}`;
    }
  };
  assert.deepEqual(await found(''), [4, 3, 2, 1, 0]);
  assert.deepEqual(await found('&device=a'), [4, 2, 0]);
  assert.deepEqual(await found('&name=open'), [4, 1, 0]);
  assert.deepEqual(await found('&state=cancelled'), [1]);
  assert.deepEqual(await found('&state=queued'), [4, 3, 2, 0]);
  assert.deepEqual(await found('&state=queued&name=open&device=a'), [4, 0]);
  assert.deepEqual(await found(`&from=${now - 4_000}&to=${new Date(now - 2_000).toISOString()}`), [2, 1]);
  assert.deepEqual(await found('&name=none'), []);
  for (const [query, code] of [
    ['device=nobody', 'device_unknown'],
    ['state=asleep', 'query_invalid'],
    ['from=2&to=1', 'range_invalid'],
    ['to=tomorrow', 'range_invalid'],
    ['cursor=WyJ4Il0', 'cursor_invalid'],
    ['tag=x', 'query_invalid'],
  ])
    assert.equal(((await tools.api('GET', `/v1/commands?${query}`)).body as { code: string }).code, code, query);
  const viewer = (await tools.api('POST', '/v1/keys', { name: 'wall', role: 'viewer' })).body as { key: string };
  assert.equal((await tools.api('GET', '/v1/commands', undefined, viewer.key)).status, 200);
});

test('the body of a command has every transition with its time and cause', async (context) => {
  const tools = await startTestGateway(context);
  const link = await tools.connect(await tools.addDevice('d'), '?stream=main');
  const waited = create(tools, 'd', { name: 'add', params: { a: 1, b: 2 } }, '?wait=30');
  const command = await nextCommand(link);
  assert.deepEqual([command.name, command.params, command.known], ['add', { a: 1, b: 2 }, 0]);
  say(link, command.id, 'received');
  say(link, command.id, 'running', { result: { progress: 0.5 } });
  say(link, command.id, 'succeeded', { result: { sum: 3 } });
  assert.deepEqual(await waited, { id: command.id, state: 'succeeded', result: { sum: 3 }, error: null });
  const shown = await show(tools, command.id);
  assert.deepEqual(
    shown.history.map(({ state, cause }) => [state, cause.replace(/ (key|[0-9a-z]{8,}).*$/, ' …')]),
    [
      ['queued', 'created by …'],
      ['sent', 'sent to 127.0.0.1'],
      ['received', 'device d'],
      ['running', 'device d'],
      ['succeeded', 'device d'],
    ],
  );
  for (let n = 1; n < shown.history.length; n++) assert.ok(shown.history[n].at >= shown.history[n - 1].at);
  assert.deepEqual([shown.device, shown.state, shown.endedAt === null], ['d', 'succeeded', false]);
  const { items } = (await tools.api('GET', '/v1/audit?limit=1')).body as {
    items: { action: string; detail: string }[];
  };
  assert.deepEqual([items[0].action, items[0].detail], ['command_created', `add ${command.id}`]);
});

test('binary links get commands in binary, and their updates have the same effect', async (context) => {
  const tools = await startTestGateway(context);
  const link = await tools.connect(await tools.addDevice('d'), '', ['tidegate.v1.binary']);
  const { id } = await create(tools, 'd', { name: 'set', params: { x: 1 }, ttlSeconds: 60 });
  const bytes = (await link.next()) as Buffer;
  const text = id.replaceAll('-', '');
  assert.equal(bytes.subarray(0, 4).toString('hex'), '01840300');
  assert.equal(bytes.subarray(4, 20).toString('hex'), text);
  assert.ok(bytes.readUInt32LE(20) > 50_000 && bytes.readUInt32LE(20) <= 60_000);
  assert.equal(bytes.subarray(32).toString(), 'set{"x":1}');
  link.sendBytes(`01020400${text}${Buffer.from('{"code":"lost"}').toString('hex')}`);
  const shown = await show(tools, id, '?wait=30');
  assert.deepEqual([shown.state, shown.error], ['failed', { code: 'lost' }]);
  link.sendBytes(`01020300${'0'.repeat(32)}`);
  assert.equal(((await link.next()) as Buffer).subarray(0, 4).toString('hex'), '01830f00', 'command_unknown');
});

test('commands wait for an offline device, also over a restart, and are sent in order', async (context) => {
  const first = await startTestGateway(context);
  const secret = await first.addDevice('d');
  const ids = [];
  for (let n = 0; n < 3; n++) ids.push((await create(first, 'd', { name: `c${n}` })).id);
  assert.equal((await show(first, ids[0], '?wait=0.05')).state, 'queued');
  await first.gateway.stop();
  const gateway = await startOn(first.data);
  const tools = gatewayTools(gateway, first.data);
  context.after(() => gateway.stop());
  const link = await tools.connect(secret);
  for (const id of ids) {
    const command = await nextCommand(link);
    assert.deepEqual([command.id, command.known], [id, 0]);
    say(link, id, 'succeeded');
  }
  assert.equal((await show(tools, ids[2], '?wait=30')).state, 'succeeded');
  const page = (await tools.api('GET', '/v1/devices/d/commands?limit=2')).body as {
    items: CommandBody[];
    next: string;
  };
  assert.deepEqual(
    page.items.map(({ id }) => id),
    [ids[2], ids[1]],
  );
  const rest = (await tools.api('GET', `/v1/devices/d/commands?limit=2&cursor=${page.next}`)).body as {
    items: CommandBody[];
    next: string | null;
  };
  assert.deepEqual([rest.items.map(({ id }) => id), rest.next], [[ids[0]], null]);
});

test('only a queued command can be cancelled', async (context) => {
  const tools = await startTestGateway(context);
  const secret = await tools.addDevice('d');
  const { id } = await create(tools, 'd', { name: 'x' });
  assert.equal((await tools.api('DELETE', `/v1/commands/${id}`)).status, 204);
  assert.equal((await show(tools, id)).state, 'cancelled');
  const codes = async (command: string) => {
    const { status, body } = await tools.api('DELETE', `/v1/commands/${command}`);
    return [status, (body as { code: string }).code];
  };
  assert.deepEqual(await codes(id), [409, 'already_ended']);
  assert.deepEqual(await codes('none'), [404, 'command_unknown']);
  const link = await tools.connect(secret);
  const sent = await create(tools, 'd', { name: 'x' });
  await nextCommand(link);
  assert.deepEqual(await codes(sent.id), [409, 'already_sent']);
});

test('an Idempotency-Key creates one command, and the same key with another body is a conflict', async (context) => {
  const tools = await startTestGateway(context);
  await tools.addDevice('d');
  const post = async (body: object, key: string) => {
    const answer = await fetch(`${tools.gateway.operatorUrl}/v1/devices/d/commands`, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: {
        authorization: `Bearer ${tools.gateway.adminKey}`,
        'content-type': 'application/json',
        'idempotency-key': key,
        connection: 'close',
      },
    });
    return { status: answer.status, body: (await answer.json()) as { id: string; code?: string } };
  };
  const made = await Promise.all([post({ name: 'x' }, 'k'), post({ name: 'x' }, 'k'), post({ name: 'x' }, 'k')]);
  assert.equal(new Set(made.map(({ body }) => body.id)).size, 1);
  const other = await post({ name: 'y' }, 'k');
  assert.deepEqual([other.status, other.body.code], [409, 'idempotency_conflict']);
  assert.equal((await post({ name: 'x' }, 'k'.repeat(256))).status, 400);
  assert.equal(((await tools.api('GET', '/v1/devices/d/commands')).body as { items: [] }).items.length, 1);
  await tools.api('DELETE', '/v1/devices/d');
  await tools.addDevice('d');
  const next = await post({ name: 'x' }, 'k');
  assert.deepEqual([next.status, next.body.code], [409, 'idempotency_conflict'], 'another device with the same id');
});

test('times to live and deadlines may be fractions of a second, and are rounded to ms', async (context) => {
  const tools = await startTestGateway(context);
  const link = await tools.connect(await tools.addDevice('d'), '?stream=main');
  const seconds = [16.1, 2.01, 1.0005];
  for (const ttlSeconds of seconds) {
    for (const deadlineSeconds of seconds) {
      const { id } = await create(tools, 'd', { name: 'x', ttlSeconds, deadlineSeconds });
      assert.equal((await nextCommand(link)).id, id);
      say(link, id, 'succeeded');
      const { createdAt, expiresAt } = await show(tools, id, '?wait=30');
      assert.equal(expiresAt - createdAt, Math.round(1000 * ttlSeconds));
    }
    const batch = { target: { all: true }, name: 'x', ttlSeconds, deadlineSeconds: ttlSeconds };
    assert.equal((await tools.api('POST', '/v1/command-batches', batch)).status, 202);
    say(link, (await nextCommand(link)).id, 'succeeded');
  }
});

test('a command is checked against its model when it is created, and a fault has the path of the value', async (context) => {
  const tools = await startTestGateway(context);
  await tools.addDevice('d', { model: 'boiler' });
  await tools.addDevice('free');
  const cases: [string, object, number, string, string?][] = [
    ['d', { name: 'set_target', params: { celsius: 200 } }, 400, 'params_invalid', '/params/celsius'],
    ['d', { name: 'set_target', params: { celsius: 20, x: 1 } }, 400, 'params_invalid', '/params'],
    ['d', { name: 'set_target' }, 400, 'params_invalid', '/params'],
    ['d', { name: 'fly' }, 400, 'command_undeclared'],
    ['free', { name: 'a b' }, 400, 'body_invalid', '/name'],
    ['free', { name: 'x', params: [] }, 400, 'body_invalid', '/params'],
    ['free', { name: 'x', ttlSeconds: 0 }, 400, 'body_invalid', '/ttlSeconds'],
    ['free', { name: 'x', deadlineSeconds: 1e9 }, 400, 'body_invalid', '/deadlineSeconds'],
    ['free', { name: 'x', colour: 'red' }, 400, 'body_invalid'],
    ['free', { name: 'x', params: { a: 'x'.repeat(1_100) } }, 400, 'command_too_large'],
    ['nobody', { name: 'x' }, 404, 'device_unknown'],
  ];
  for (const [device, body, status, code, path] of cases) {
    const answer = await tools.api('POST', `/v1/devices/${device}/commands`, body);
    const problem = answer.body as { code: string; errors?: { path: string }[] };
    assert.deepEqual([answer.status, problem.code], [status, code], JSON.stringify(body));
    if (path !== undefined) assert.equal(problem.errors?.[0].path, path);
  }
  await create(tools, 'd', { name: 'set_target', params: { celsius: 60 } });
  await create(tools, 'free', { name: 'anything', params: { deep: { list: [1] } } });
  const command = await show(tools, (await create(tools, 'd', { name: 'reboot' })).id);
  assert.equal(command.expiresAt - command.createdAt, 600_000, 'the model’s time to live');
  const viewer = (await tools.api('POST', '/v1/keys', { name: 'v', role: 'viewer' })).body as { key: string };
  assert.equal((await tools.api('POST', '/v1/devices/d/commands', { name: 'reboot' }, viewer.key)).status, 403);
});

test('a secret parameter is sent only to the device, and is erased from the disk with the final state', async (context) => {
  const tools = await startTestGateway(context);
  const link = await tools.connect(await tools.addDevice('d', { model: 'boiler' }));
  const live = new WebSocket(`${tools.gateway.operatorUrl.replace('http', 'ws')}/v1/live`, ['tidegate.live.v1'], {
    headers: { authorization: `Bearer ${tools.gateway.adminKey}` },
  });
  const told: string[] = [];
  live.on('message', (data) => told.push(String(data)));
  const until = async (wanted: RegExp): Promise<void> => {
    while (!told.some((text) => wanted.test(text))) await new Promise((resolve) => live.once('message', resolve));
  };
  live.on('open', () => live.send(JSON.stringify({ type: 'subscribe', kinds: ['commands'] })));
  await until(/subscribed/);
  const pin = '73519842';
  const { id } = await create(tools, 'd', { name: 'set_pin', params: { pin } });
  assert.deepEqual((await nextCommand(link)).params, { pin });
  assert.deepEqual((await show(tools, id)).params, { pin: '***' });
  say(link, id, 'succeeded');
  await until(/succeeded/);
  assert.equal((await show(tools, id, '?wait=30')).state, 'succeeded');
  live.terminate();
  const pages = [await tools.api('GET', '/v1/devices/d/commands'), await tools.api('GET', '/v1/audit')];
  for (const text of [...told, ...pages.map(({ body }) => JSON.stringify(body))]) assert.ok(!text.includes(pin), text);
  await tools.gateway.stop();
  for (const file of ['tidegate.db', 'log.db'])
    assert.ok(!readFileSync(join(tools.data, file)).includes(pin), `${file} still holds it`);
});

test('a batch goes to the devices of its target, and its counts add up', async (context) => {
  const tools = await startTestGateway(context);
  const links = [];
  for (let n = 0; n < 6; n++) {
    const site = n < 4 ? 'north' : 'south';
    const secret = await tools.addDevice(`d${n}`, { model: n === 5 ? 'boiler' : null, tags: { site } });
    if (n < 3) links.push(await tools.connect(secret));
  }
  const made = await tools.api('POST', '/v1/command-batches', {
    target: { tags: { site: 'north' } },
    name: 'set',
    ttlSeconds: 1,
  });
  assert.equal(made.status, 202, JSON.stringify(made.body));
  const { id } = made.body as BatchBody;
  const outcomes = ['succeeded', 'failed', 'rejected'];
  for (const [n, link] of links.entries())
    say(link, (await nextCommand(link)).id, outcomes[n], n === 0 ? {} : { error: { code: 'no' } });
  let batch: BatchBody;
  do batch = (await tools.api('GET', `/v1/command-batches/${id}`)).body;
  while (batch.state === 'running');
  assert.deepEqual([batch.state, batch.total], ['done', 4]);
  assert.deepEqual(batch.counts, { waiting: 0, refused: 0, succeeded: 1, failed: 1, rejected: 1, expired: 1 });
  assert.deepEqual(
    batch.failed.map(({ device, state }) => [device, state]),
    [
      ['d1', 'failed'],
      ['d2', 'rejected'],
      ['d3', 'expired'],
    ],
  );
  const list = (await tools.api('GET', '/v1/command-batches')).body as { items: BatchItem[]; next: null };
  assert.deepEqual([list.items.map((one) => [one.id, one.counts]), list.next], [[[id, batch.counts]], null]);
  const ended = await tools.api('POST', `/v1/command-batches/${id}/stop`);
  assert.deepEqual([ended.status, (ended.body as { code: string }).code], [409, 'already_ended']);
  const everyone = (await tools.api('POST', '/v1/command-batches', { target: { all: true }, name: 'fly' }))
    .body as BatchBody;
  assert.deepEqual([everyone.total, everyone.counts.refused], [6, 1], 'the boiler does not fly');
});

test('an invalid batch is refused before any command is created', async (context) => {
  const tools = await startTestGateway(context);
  await tools.addDevice('d');
  const cases: [object, number, string][] = [
    [{ target: { ids: ['d', 'nobody'] }, name: 'x' }, 404, 'device_unknown'],
    [{ target: { model: 'none' }, name: 'x' }, 400, 'model_unknown'],
    [{ target: { tags: { site: 'mars' } }, name: 'x' }, 400, 'target_empty'],
    [{ target: {}, name: 'x' }, 400, 'body_invalid'],
    [{ target: { all: false }, name: 'x' }, 400, 'body_invalid'],
    [{ target: { all: true, model: 'boiler' }, name: 'x' }, 400, 'body_invalid'],
    [{ target: { ids: ['d', 'd'] }, name: 'x' }, 400, 'body_invalid'],
    [{ target: { all: true }, name: 'x', concurrency: 0 }, 400, 'body_invalid'],
    [{ target: { all: true }, name: 'x', abortOnFailurePercent: 101 }, 400, 'body_invalid'],
  ];
  for (const [body, status, code] of cases) {
    const answer = await tools.api('POST', '/v1/command-batches', body);
    assert.deepEqual([answer.status, (answer.body as { code: string }).code], [status, code], JSON.stringify(body));
  }
  assert.deepEqual(((await tools.api('GET', '/v1/command-batches')).body as { items: [] }).items, []);
  assert.equal((await tools.api('GET', '/v1/command-batches/none')).status, 404);
});

test('queued commands of a removed device get the state device_removed', async (context) => {
  const tools = await startTestGateway(context);
  await tools.addDevice('d');
  const { id } = await create(tools, 'd', { name: 'x' });
  await tools.api('DELETE', '/v1/devices/d');
  assert.equal((await show(tools, id, '?wait=30')).state, 'device_removed');
});

test('metrics count commands by state and report how long they take', async (context) => {
  const tools = await startTestGateway(context);
  const link = await tools.connect(await tools.addDevice('d'));
  const { id } = await create(tools, 'd', { name: 'x' });
  await nextCommand(link);
  say(link, id, 'received');
  say(link, id, 'succeeded');
  await show(tools, id, '?wait=30');
  await create(tools, 'd', { name: 'y' });
  await nextCommand(link);
  const text = (await tools.api('GET', '/metrics')).body as string;
  for (const line of [
    /^tidegate_commands_total\{state="succeeded"\} 1$/m,
    /^tidegate_commands_open\{state="queued"\} \d$/m,
    /^tidegate_command_done_seconds\{quantile="0\.99"\} (?!0$)[\d.]+$/m,
  ])
    assert.match(text, line);
});

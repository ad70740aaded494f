import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { connect as connectTcp } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import WebSocket from 'ws';
import type { DeviceEdited, DevicePage, ModelPage } from '../../schemas/generated/operator.js';
import { packageRoot } from '../../schemas/load.js';
import { startTestGateway, type TestGateway } from '../gateway.fixture.js';
import { systemClock } from '../process/clock.js';
import { besideTheTable, type openApiOf } from './http/openapi.js';
import { routes } from './routes/table.js';

type Problem = { code: string; errors?: { path: string; message: string }[] };
const codeOf = ({ body }: { body: never }): string => (body as Problem).code;

test('devices are created, listed by id in pages, filtered, changed and removed', async (context) => {
  const { api, addDevice } = await startTestGateway(context);
  for (let n = 0; n < 5; n++) await addDevice(`d${n}`, { tags: { site: n % 2 === 0 ? 'north' : 'south' } });
  const made = await api('POST', '/v1/devices', { id: 'x', model: 'boiler' });
  assert.equal(made.status, 201);
  assert.match((made.body as { secret: string }).secret, /^tgd_[A-Za-z0-9_-]{43}$/);
  const ids: string[] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const page = (await api('GET', `/v1/devices?limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`)).body as {
      items: { id: string }[];
      next: string | null;
    };
    ids.push(...page.items.map(({ id }) => id));
    cursor = page.next;
  }
  assert.deepEqual(ids, ['d0', 'd1', 'd2', 'd3', 'd4', 'x']);
  const north = (await api('GET', '/v1/devices?tag.site=north&connected=false')).body as { items: { id: string }[] };
  assert.deepEqual(
    north.items.map(({ id }) => id),
    ['d0', 'd2', 'd4'],
  );
  assert.deepEqual(((await api('GET', '/v1/devices?connected=true')).body as { items: [] }).items, []);
  const changed = (await api('PATCH', '/v1/devices/x', { model: null, tags: { a: 'b' }, state: 'disabled' }))
    .body as Record<string, unknown>;
  assert.deepEqual([changed.model, changed.tags, changed.state], [null, { a: 'b' }, 'disabled']);
  assert.equal((await api('DELETE', '/v1/devices/x')).status, 204);
  assert.equal(codeOf(await api('GET', '/v1/devices/x')), 'device_unknown');
});

test('a device has a name and notes, which are checked, listed, audited and can be taken away again', async (context) => {
  const { api } = await startTestGateway(context);
  const about = { name: 'Kessel „Nord“ 🔥', notes: 'Behind the wall.\n\tKey: porter' };
  assert.equal((await api('POST', '/v1/devices', { id: 'a', ...about })).status, 201);
  const imported = { devices: [{ id: 'b', name: 'B' }, { id: 'c' }] };
  assert.equal((await api('POST', '/v1/device-imports', imported)).status, 201);
  const { items } = (await api('GET', '/v1/devices')).body as { items: { name: unknown; notes: unknown }[] };
  assert.deepEqual(
    items.map(({ name, notes }) => [name, notes]),
    [
      [about.name, about.notes],
      ['B', null],
      [null, null],
    ],
  );
  const patched = (await api('PATCH', '/v1/devices/a', { name: null })).body as { name: unknown; notes: unknown };
  assert.deepEqual([patched.name, patched.notes], [null, about.notes]);
  const longest = { name: '🔥'.repeat(128), notes: 'n'.repeat(4_000) };
  const long = (await api('PATCH', '/v1/devices/a', longest)).body as { name: unknown; notes: unknown };
  assert.deepEqual([long.name, long.notes], [longest.name, longest.notes]);
  const audit = (await api('GET', '/v1/audit?limit=1')).body as { items: { detail: string }[] };
  assert.deepEqual(JSON.parse(audit.items[0].detail), { ...longest, notes: `${'n'.repeat(200)}…` });
  for (const wrong of [
    { name: '' },
    { name: '   ' },
    { name: 'a\nb' },
    { name: 'a\u0000' },
    { name: 'a\u2028b' },
    { name: 'n'.repeat(129) },
    { name: 7 },
    { notes: '' },
    { notes: 'a\u0007' },
    { notes: 'n'.repeat(4_001) },
    { notes: ['a'] },
  ]) {
    const answer = await api('PATCH', '/v1/devices/a', wrong);
    assert.deepEqual([answer.status, codeOf(answer)], [400, 'body_invalid'], JSON.stringify(wrong).slice(0, 60));
    assert.equal((answer.body as Problem).errors?.[0].path, `/${Object.keys(wrong)[0]}`);
    const made = await api('POST', '/v1/devices', { id: 'x', ...wrong });
    assert.deepEqual([made.status, codeOf(made)], [400, 'body_invalid']);
  }
});

test('many devices are edited by ids or by a selection; unknown ids are faults, and the others are changed', async (context) => {
  const { api, addDevice, connect } = await startTestGateway(context);
  for (const [id, site] of [
    ['a', 'north'],
    ['b', 'north'],
    ['c', 'south'],
  ])
    await addDevice(id, { tags: { site } });
  const edit = async (target: object, more: object) =>
    (await api('POST', '/v1/device-edits', { target, ...more })).body as DeviceEdited;
  const named = await edit({ ids: ['a', 'nobody', 'c'] }, { change: { model: 'boiler', setTags: { floor: '1' } } });
  assert.deepEqual(named, {
    matched: 3,
    changed: 2,
    unchanged: 0,
    failed: 1,
    faults: [{ id: 'nobody', code: 'device_unknown', message: 'There is no device nobody' }],
  });
  const tagged = await edit({ tags: { site: 'north' } }, { change: { removeTags: ['floor'], model: null } });
  assert.deepEqual([tagged.matched, tagged.changed, tagged.unchanged], [2, 1, 1]);
  assert.deepEqual(
    ((await api('GET', '/v1/devices')).body as DevicePage).items.map(({ id, model, tags }) => [id, model, tags]),
    [
      ['a', null, { site: 'north' }],
      ['b', null, { site: 'north' }],
      ['c', 'boiler', { site: 'south', floor: '1' }],
    ],
  );
  const link = await connect(await addDevice('d'));
  await edit({ all: true }, { change: { state: 'disabled' } });
  assert.equal((await link.untilClosed()).code, 4102);
  const gone = await edit({ model: 'boiler' }, { remove: true });
  assert.deepEqual([gone.matched, gone.changed], [1, 1]);
  assert.equal((await api('GET', '/v1/devices/c')).status, 404);
  const { items } = (await api('GET', '/v1/audit?limit=2')).body as { items: { action: string; detail: string }[] };
  assert.deepEqual(
    items.map(({ action, detail }) => [action, detail]),
    [
      ['devices_removed', '1 device: c'],
      ['devices_edited', '{"state":"disabled"} 4 devices: a, b, c, d'],
    ],
  );
  const viewer = (await api('POST', '/v1/keys', { name: 'wall', role: 'viewer' })).body as { key: string };
  const refused = await api('POST', '/v1/device-edits', { target: { all: true }, remove: true }, viewer.key);
  assert.deepEqual([refused.status, codeOf(refused)], [403, 'role_insufficient']);
});

test('a wrong request is answered with a code and all its faults', async (context) => {
  const { api, addDevice, gateway } = await startTestGateway(context);
  await addDevice('d');
  const cases: [string, string, unknown, number, string][] = [
    ['POST', '/v1/devices', { id: 'd' }, 409, 'device_exists'],
    ['POST', '/v1/devices', { id: 'a b' }, 400, 'body_invalid'],
    ['POST', '/v1/devices', { id: 'x'.repeat(65) }, 400, 'body_invalid'],
    ['POST', '/v1/devices', { id: 'e', colour: 'red' }, 400, 'body_invalid'],
    ['POST', '/v1/devices', {}, 400, 'body_invalid'],
    ['POST', '/v1/devices', { id: 'e', model: 'none-such' }, 400, 'model_unknown'],
    ['PATCH', '/v1/devices/d', {}, 400, 'body_invalid'],
    ['PATCH', '/v1/devices/d', { state: 'asleep' }, 400, 'body_invalid'],
    ['GET', '/v1/devices?limit=0', undefined, 400, 'query_invalid'],
    ['GET', '/v1/devices?limit=10001', undefined, 400, 'query_invalid'],
    ['GET', '/v1/devices?limit=ten', undefined, 400, 'query_invalid'],
    ['GET', '/v1/devices?limit=1&limit=2', undefined, 400, 'query_invalid'],
    ['GET', '/v1/devices?colour=red', undefined, 400, 'query_invalid'],
    ['GET', '/v1/devices?cursor=AAAA', undefined, 400, 'cursor_invalid'],
    ['GET', '/v1/devices/d/readings?from=yesterday', undefined, 400, 'range_invalid'],
    ['GET', '/v1/devices/d/readings?from=-1m', undefined, 400, 'range_invalid'],
    ['GET', '/v1/devices/d/readings?from=2&to=1', undefined, 400, 'range_invalid'],
    ['GET', '/v1/devices/d/readings?metric=nope', undefined, 400, 'metric_unknown'],
    ['GET', '/v1/devices/d/readings?order=up', undefined, 400, 'query_invalid'],
    ['GET', '/v1/devices/d/readings?cursor=%7B', undefined, 400, 'cursor_invalid'],
    ['GET', '/v1/devices/nobody/readings', undefined, 404, 'device_unknown'],
    ['GET', '/v1/devices/nobody/latest', undefined, 404, 'device_unknown'],
    ['POST', '/v1/devices/d/rejected/7/admit', undefined, 404, 'rejected_unknown'],
    ['POST', '/v1/devices/d/rejected/x/admit', undefined, 404, 'rejected_unknown'],
    ['POST', '/v1/devices/d/credentials', { graceSeconds: -1 }, 400, 'body_invalid'],
    ['POST', '/v1/devices/d/credentials', { notAfter: 1 }, 400, 'window_invalid'],
    ['POST', '/v1/devices/d/credentials', { notBefore: 9e12, notAfter: 9e12 }, 400, 'window_invalid'],
    ['POST', '/v1/devices/d/credentials', { notAfter: 'tomorrow' }, 400, 'body_invalid'],
    ['POST', '/v1/devices/d/credentials', { push: 'yes' }, 400, 'body_invalid'],
    ['POST', '/v1/devices/nobody/credentials', {}, 404, 'device_unknown'],
    ['POST', '/v1/devices/d/commands', { name: 'tidegate.rotate_secret', params: {} }, 400, 'command_reserved'],
    ['POST', '/v1/device-imports', { devices: [] }, 400, 'body_invalid'],
    ['POST', '/v1/device-imports', { devices: [{ id: 'e' }, { id: 'd' }] }, 409, 'device_exists'],
    ['POST', '/v1/device-imports', { devices: [{ id: 'e' }, { id: 'e' }] }, 409, 'device_exists'],
    ['POST', '/v1/device-imports', { devices: [{ id: 'e', model: 'none-such' }] }, 400, 'model_unknown'],
    ['POST', '/v1/device-edits', {}, 400, 'body_invalid'],
    ['POST', '/v1/device-edits', { target: { all: true } }, 400, 'body_invalid'],
    ['POST', '/v1/device-edits', { target: {}, remove: true }, 400, 'body_invalid'],
    ['POST', '/v1/device-edits', { target: { all: true }, remove: false }, 400, 'body_invalid'],
    ['POST', '/v1/device-edits', { target: { all: true }, change: {} }, 400, 'body_invalid'],
    ['POST', '/v1/device-edits', { target: { all: true }, change: { model: null }, remove: true }, 400, 'body_invalid'],
    ['POST', '/v1/device-edits', { target: { all: true }, change: { name: 'x' } }, 400, 'body_invalid'],
    ['POST', '/v1/device-edits', { target: { all: true }, change: { setTags: { 'a b': 'c' } } }, 400, 'body_invalid'],
    ['POST', '/v1/device-edits', { target: { all: true }, change: { removeTags: [] } }, 400, 'body_invalid'],
    ['POST', '/v1/device-edits', { target: { ids: ['d'], all: true }, remove: true }, 400, 'body_invalid'],
    ['POST', '/v1/device-edits', { target: { ids: ['d', 'd'] }, remove: true }, 400, 'body_invalid'],
    [
      'POST',
      '/v1/device-edits',
      { target: { ids: Array.from({ length: 1_001 }, (_, n) => `d${n}`) }, remove: true },
      400,
      'body_invalid',
    ],
    ['POST', '/v1/device-edits', { target: { all: true }, change: { model: 'none-such' } }, 400, 'model_unknown'],
    ['POST', '/v1/device-edits', { target: { model: 'none-such' }, remove: true }, 400, 'model_unknown'],
    ['POST', '/v1/device-edits', { target: { tags: { no: 'where' } }, remove: true }, 400, 'target_empty'],
    ['POST', '/v1/keys', { name: 'k', role: 'viewer', notAfter: 1 }, 400, 'window_invalid'],
    ['DELETE', '/v1/devices/d/credentials/none', undefined, 404, 'credential_unknown'],
    ['POST', '/v1/keys', { name: 'k', role: 'king' }, 400, 'body_invalid'],
    ['DELETE', '/v1/keys/none', undefined, 404, 'key_unknown'],
    ['PUT', '/v1/devices', undefined, 405, 'method_not_allowed'],
    ['GET', '/nowhere', undefined, 404, 'not_found'],
    ['GET', '/v1/live', undefined, 426, 'upgrade_required'],
  ];
  for (const [method, path, body, status, code] of cases) {
    const answer = await api(method, path, body);
    assert.deepEqual([answer.status, codeOf(answer)], [status, code], `${method} ${path} ${JSON.stringify(body)}`);
    assert.match(answer.headers.get('content-type') ?? '', /^application\/problem\+json/);
  }
  const many = await api('POST', '/v1/devices', { id: 'a b', tags: { x: 1 }, colour: 'red' });
  assert.equal((many.body as Problem).errors?.length, 3);
  const texts: [string, string, number, string][] = [
    ['{"id":', 'application/json', 400, 'body_invalid'],
    ['{"id":"q"}', 'text/plain', 415, 'media_type_unsupported'],
    [JSON.stringify({ id: 'q', tags: { a: 'x'.repeat(2_000_000) } }), 'application/json', 413, 'body_too_large'],
  ];
  for (const [body, type, status, code] of texts) {
    const answer = await fetch(`${gateway.operatorUrl}/v1/devices`, {
      method: 'POST',
      body,
      headers: { 'content-type': type, authorization: `Bearer ${gateway.adminKey}`, connection: 'close' },
    });
    assert.deepEqual([answer.status, ((await answer.json()) as Problem).code], [status, code]);
  }
});

test('a missing, a wrong and a too weak key get different answers, and the audit names the key of each change', async (context) => {
  const { api, addDevice } = await startTestGateway(context);
  await addDevice('d');
  assert.deepEqual(
    [
      codeOf(await api('GET', '/v1/devices', undefined, null)),
      codeOf(await api('GET', '/v1/devices', undefined, 'tgk_no')),
    ],
    ['key_missing', 'key_invalid'],
  );
  const viewer = (await api('POST', '/v1/keys', { name: 'wall', role: 'viewer' })).body as { id: string; key: string };
  assert.equal((await api('GET', '/v1/devices', undefined, viewer.key)).status, 200);
  for (const [method, path, body] of [
    ['POST', '/v1/devices', { id: 'e' }],
    ['DELETE', '/v1/devices/d'],
    ['GET', '/v1/keys'],
    ['GET', '/v1/audit'],
    ['GET', '/v1/devices/d/credentials'],
  ] as const) {
    const answer = await api(method, path, body, viewer.key);
    assert.deepEqual([answer.status, codeOf(answer)], [403, 'role_insufficient'], path);
  }
  assert.equal((await api('DELETE', `/v1/keys/${viewer.id}`)).status, 204);
  assert.equal(codeOf(await api('GET', '/v1/devices', undefined, viewer.key)), 'key_invalid');
  const { items } = (await api('GET', '/v1/audit?limit=3')).body as {
    items: { action: string; subject: string; by: string }[];
  };
  assert.deepEqual(
    items.map(({ action }) => action),
    ['key_revoked', 'key_created', 'device_created'],
  );
  assert.equal(items[2].subject, 'd');
  const keys = (await api('GET', '/v1/keys')).body as { items: { id: string }[] };
  assert.equal(items[2].by, keys.items[0].id);
});

test('the audit is filtered by who, what, whom and when, in pages, and refuses filters that it does not know', async (context) => {
  let now = Date.now();
  const { api, addDevice } = await startTestGateway(context, [], { clock: { ...systemClock, now: () => now } });
  await addDevice('a');
  const first = ((await api('GET', '/v1/keys')).body as { items: { id: string }[] }).items[0].id;
  const other = (await api('POST', '/v1/keys', { name: 'shift', role: 'operator' })).body as {
    id: string;
    key: string;
  };
  now += 60_000;
  const later = now;
  for (const id of ['b', 'c', 'd']) await api('POST', '/v1/devices', { id }, other.key);
  await api('PATCH', '/v1/devices/b', { tags: { site: 'north' } }, other.key);
  await api('DELETE', `/v1/keys/${other.id}`);

  type Page = { items: { action: string; subject: string; detail: string | null }[]; next: string | null };
  const found = async (query: string): Promise<string[]> => {
    const subjects: string[] = [];
    for (let cursor = ''; ; ) {
      const page = (await api('GET', `/v1/audit?limit=2${query}${cursor}`)).body as Page;
      subjects.push(...page.items.map(({ action, subject }) => `${action} ${subject}`));
      if (page.next === null) return subjects;
      cursor = `&cursor=${page.next}`;
    }
  };
  const created = ['d', 'c', 'b'].map((id) => `device_created ${id}`);
  assert.deepEqual(await found(`&by=${other.id}`), ['device_updated b', ...created]);
  assert.deepEqual(await found(`&by=${first}&action=device_created`), ['device_created a']);
  assert.deepEqual(await found('&subject=b'), ['device_updated b', 'device_created b']);
  assert.deepEqual(await found(`&from=${later}&action=device_created`), created);
  assert.deepEqual(await found(`&to=${new Date(later).toISOString()}&action=device_created`), ['device_created a']);
  assert.deepEqual(await found('&subject=nobody'), []);
  const { items } = (await api('GET', `/v1/audit?subject=${other.id}`)).body as Page;
  assert.deepEqual(
    items.map(({ detail }) => detail),
    ['shift', 'shift, operator'],
  );
  for (const [query, code] of [
    ['action=device_painted', 'query_invalid'],
    ['from=yesterday', 'range_invalid'],
    ['from=2&to=1', 'range_invalid'],
    ['device=a', 'query_invalid'],
    ['cursor=AAAA', 'cursor_invalid'],
  ])
    assert.equal(codeOf(await api('GET', `/v1/audit?${query}`)), code, query);
});

test('the session names the URL that devices use, if it is configured', async (context) => {
  const url = 'wss://devices.example.com/v1/device';
  const { api } = await startTestGateway(context, [`device.publicUrl=${url}`]);
  assert.equal(((await api('GET', '/v1/session')).body as { deviceUrl: string }).deviceUrl, url);
});

test('the console may load images from the map server of the settings, and the page of the API may not', async (context) => {
  const policyOf = async (url: string): Promise<string> =>
    /img-src ([^;]*);/.exec((await fetch(url)).headers.get('content-security-policy') ?? '')?.[1] ?? 'none';
  const own = "'self' data:";
  const { gateway } = await startTestGateway(context);
  assert.equal(await policyOf(`${gateway.operatorUrl}/map`), own);
  const url = 'https://TILES.example.com:443/{z}/{x}/{y}.png?key=1;script-src';
  const withTiles = await startTestGateway(context, [
    `console.mapTiles.url=${url}`,
    'console.mapTiles.attribution=© Example Maps',
  ]);
  assert.equal(await policyOf(`${withTiles.gateway.operatorUrl}/map`), `${own} https://tiles.example.com`);
  assert.equal(await policyOf(`${withTiles.gateway.operatorUrl}/docs`), own);
  const { mapTiles } = (await withTiles.api('GET', '/v1/session')).body as { mapTiles: object };
  assert.deepEqual(mapTiles, { url, attribution: '© Example Maps' });
});

test('a key can read its role, the address for devices, and the contents of the models', async (context) => {
  const { api, gateway } = await startTestGateway(context);
  const viewer = (await api('POST', '/v1/keys', { name: 'wall', role: 'viewer' })).body as { id: string; key: string };
  assert.deepEqual((await api('GET', '/v1/session', undefined, viewer.key)).body, {
    id: viewer.id,
    name: 'wall',
    role: 'viewer',
    devicePort: Number(new URL(gateway.deviceUrl).port),
    deviceTls: false,
    deviceUrl: null,
    mapTiles: null,
  });
  const { items } = (await api('GET', '/v1/models', undefined, viewer.key)).body as ModelPage;
  const boiler = items.find(({ name }) => name === 'boiler');
  assert.deepEqual(
    boiler?.commands.map(({ name }) => name),
    ['set_interval', 'set_target', 'set_pin', 'reboot'],
  );
  assert.deepEqual(boiler?.metrics[1], {
    number: 1,
    name: 'pressure',
    unit: 'Pa',
    kind: 'number',
    scale: 100,
    range: null,
  });
  assert.deepEqual(items.find(({ name }) => name === 'room')?.commands, []);
});

test('only livez and readyz need no key', async (context) => {
  const { api } = await startTestGateway(context);
  assert.deepEqual((await api('GET', '/livez', undefined, null)).body, { status: 'ok' });
  assert.deepEqual((await api('GET', '/readyz', undefined, null)).body, { status: 'ready' });
  for (const { method, path, role } of routes) {
    if (role === null) continue;
    const answer = await api(method.toUpperCase(), path.replace(/\{\w+\}/g, 'x'), undefined, null);
    assert.equal(answer.status, 401, `${method} ${path}`);
  }
});

test('readings come in order of time, in pages, by metric and range', async (context) => {
  const { api, addDevice, connect } = await startTestGateway(context);
  const link = await connect(await addDevice('d'), '?stream=main');
  const start = Date.now() - 10_000;
  for (let n = 0; n < 10; n++)
    link.send({ seq: n + 1, ts: start + n, values: { a: n, door: n % 2 === 0 ? 'open' : 'closed', ok: n > 5 } });
  await link.untilAck(10);
  const page = async (query: string) =>
    (await api('GET', `/v1/devices/d/readings?${query}`)).body as {
      items: { metric: string; ts: number; value: unknown }[];
      next: string | null;
    };
  const seen = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const { items, next }: Awaited<ReturnType<typeof page>> = await page(
      `limit=7${cursor === '' ? '' : `&cursor=${cursor}`}`,
    );
    seen.push(...items);
    cursor = next;
  }
  assert.equal(seen.length, 30);
  assert.deepEqual(seen.slice(0, 3), [
    { metric: 'a', ts: start, value: 0 },
    { metric: 'door', ts: start, value: 'open' },
    { metric: 'ok', ts: start, value: false },
  ]);
  const some = await page(`metric=a&from=${new Date(start + 3).toISOString()}&to=${start + 5}&order=desc`);
  assert.deepEqual(some, {
    items: [
      { metric: 'a', ts: start + 4, value: 4 },
      { metric: 'a', ts: start + 3, value: 3 },
    ],
    next: null,
  });
});

test('a refused frame can be admitted once, by the rules of today', async (context) => {
  const { api, addDevice, connect } = await startTestGateway(context);
  const link = await connect(await addDevice('d'), '?stream=main');
  link.send({ seq: 1, ts: 5_000, values: { a: 7 } });
  link.send('{"seq":2,"values":{"a":{}}}');
  link.send({ seq: 3, values: { b: 1 } });
  link.send(`{"seq":4,"values":{"a":1}${' '.repeat(70_000)}}`);
  link.send({ seq: 5, values: { b: 1 } });
  await link.untilAck(5);
  const { items } = (await api('GET', '/v1/devices/d/rejected')).body as { items: { rid: string; code: string }[] };
  assert.deepEqual(
    items.map(({ code }) => code),
    ['frame_too_large', 'value_invalid', 'time_too_old'],
  );
  const large = await api('POST', `/v1/devices/d/rejected/${items[0].rid}/admit`);
  assert.equal(codeOf(large), 'not_admissible');
  assert.match(JSON.stringify(large.body), /first 64 KiB/);
  assert.deepEqual((await api('POST', `/v1/devices/d/rejected/${items[2].rid}/admit`)).body, { readings: 1 });
  assert.equal(codeOf(await api('POST', `/v1/devices/d/rejected/${items[2].rid}/admit`)), 'already_admitted');
  assert.equal(codeOf(await api('POST', `/v1/devices/d/rejected/${items[1].rid}/admit`)), 'not_admissible');
  const { items: readings } = (await api('GET', '/v1/devices/d/readings?metric=a')).body as { items: unknown[] };
  assert.deepEqual(readings, [{ metric: 'a', ts: 5_000, value: 7 }]);
});

test('every route is in the OpenAPI document, and nothing else is', async (context) => {
  const { api } = await startTestGateway(context);
  const document = (await api('GET', '/openapi.json', undefined, null)).body as ReturnType<typeof openApiOf> & {
    openapi: string;
    paths: Record<string, Record<string, object>>;
    components: { schemas: object };
  };
  assert.equal(document.openapi, '3.1.0');
  const listed = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method} ${path}`),
  );
  const served = [...routes, ...besideTheTable.map(({ path }) => ({ method: 'get', path }))];
  assert.deepEqual(listed.sort(), served.map(({ method, path }) => `${method} ${path}`).sort());
  for (const { path } of besideTheTable) {
    const { status } = await api('GET', path, undefined, null);
    assert.equal(status, path === '/v1/live' ? 426 : 200, path);
  }
  const ids = Object.values(document.paths).flatMap((methods) =>
    Object.values(methods).map((operation) => (operation as { operationId: string }).operationId),
  );
  assert.equal(new Set(ids).size, ids.length, 'every operation has a different id');
  for (const [, name] of JSON.stringify(document).matchAll(/#\/components\/schemas\/(\w+)/g))
    assert.ok(Object.hasOwn(document.components.schemas, name), name);
});

function openLive({ gateway }: TestGateway, headers: Record<string, string>, protocols = ['tidegate.live.v1']) {
  const ws = new WebSocket(`${gateway.operatorUrl.replace('http', 'ws')}/v1/live`, protocols, { headers });
  const heard: { type: string; [field: string]: unknown }[] = [];
  let wake = (): void => {};
  ws.on('message', (data) => {
    heard.push(JSON.parse(String(data)) as { type: string });
    wake();
  });
  const until = async (type: string) => {
    for (;;) {
      const at = heard.findIndex((message) => message.type === type);
      if (at >= 0) return heard.splice(at, 1)[0];
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  return { ws, until };
}

test('the live feed sends readings, latest values, presence and rejected frames of the subscribed devices', async (context) => {
  const tools = await startTestGateway(context);
  const [a, b] = [await tools.addDevice('a'), await tools.addDevice('b')];
  const live = openLive(tools, { authorization: `Bearer ${tools.gateway.adminKey}` });
  assert.equal((await live.until('welcome')).gatewayId !== undefined, true);
  live.ws.send('{"type":"subscribe","kinds":["gossip"]}');
  assert.equal((await live.until('error')).code, 'subscription_invalid');
  live.ws.send(
    JSON.stringify({ type: 'subscribe', devices: ['a'], kinds: ['readings', 'latest', 'presence', 'rejected'] }),
  );
  await live.until('subscribed');
  const other = await tools.connect(b);
  other.send({ seq: 1, values: { x: 1 } });
  await other.untilAck(1);
  const link = await tools.connect(a, '?stream=main');
  const presence = await live.until('presence');
  assert.deepEqual([presence.device, (presence.presence as { online: boolean }).online], ['a', true]);
  link.send({ seq: 1, ts: 1_000 + Date.now(), values: { temperature: 21.5, door: 'open', ok: true } });
  link.send('{');
  const readings = await live.until('readings');
  assert.deepEqual(
    [
      readings.device,
      readings.seq,
      (readings.readings as { metric: string; value: unknown }[]).map(({ metric, value }) => [metric, value]),
    ],
    [
      'a',
      1,
      [
        ['temperature', 21.5],
        ['door', 'open'],
        ['ok', true],
      ],
    ],
  );
  assert.equal((await live.until('rejected')).code, 'json_invalid');
  const { changes } = (await live.until('latest')) as unknown as {
    changes: Record<string, Record<string, { value: unknown }>>;
  };
  assert.deepEqual([Object.keys(changes), changes.a.door.value], [['a'], 'open']);
  live.ws.close();
});

test('the live feed accepts a key from the console, and refuses pages of another origin', async (context) => {
  const tools = await startTestGateway(context);
  const entry = `tidegate.auth.${Buffer.from(tools.gateway.adminKey ?? '').toString('base64url')}`;
  const browser = openLive(tools, { origin: tools.gateway.operatorUrl }, ['tidegate.live.v1', entry]);
  await browser.until('welcome');
  assert.equal(browser.ws.protocol, 'tidegate.live.v1');
  browser.ws.close();
  for (const [headers, protocols, status] of [
    [{}, ['tidegate.live.v1'], 401],
    [{ origin: 'http://elsewhere.example' }, ['tidegate.live.v1', entry], 403],
  ] as const) {
    const refused = openLive(tools, headers, [...protocols]);
    const answer = await new Promise((resolve) => {
      refused.ws.on('unexpected-response', (_request, response) => resolve(response.statusCode));
      refused.ws.on('error', () => {});
    });
    assert.equal(answer, status);
  }
});

test('an origin of operator.allowedOrigins may open the live feed, and a page may ask why it may not', async (context) => {
  const tools = await startTestGateway(context, ['operator.allowedOrigins=https://Console.example:443/']);
  const key = tools.gateway.adminKey ?? '';
  const entry = `tidegate.auth.${Buffer.from(key).toString('base64url')}`;
  const allowed = openLive(tools, { origin: 'https://console.example' }, ['tidegate.live.v1', entry]);
  await allowed.until('welcome');
  allowed.ws.close();
  const ask = async (query: string, authorization = `Bearer ${key}`) => {
    const answer = await fetch(`${tools.gateway.operatorUrl}/v1/live${query}`, { headers: { authorization } });
    const { code, detail } = (await answer.json()) as { code: string; detail: string };
    return { status: answer.status, code, detail };
  };
  for (const origin of [
    'http://console.example',
    'https://console.example:8443',
    'null',
    '',
    'https://console.example.org',
  ]) {
    const { status, code, detail } = await ask(`?origin=${encodeURIComponent(origin)}`);
    if (origin === '') assert.equal(code, 'upgrade_required');
    else
      assert.deepEqual([status, code, /operator\.allowedOrigins/.test(detail)], [403, 'origin_refused', true], origin);
  }
  assert.equal((await ask('?origin=https%3A%2F%2Fconsole.example')).code, 'upgrade_required');
  assert.equal((await ask('')).code, 'upgrade_required');
  assert.equal((await ask('?origin=https%3A%2F%2Fconsole.example', 'Bearer tgk_no')).code, 'key_invalid');
});

test('a client that disconnects in the middle of its request or its answer does no harm', async (context) => {
  const tools = await startTestGateway(context);
  await tools.addDevice('d');
  const { port } = new URL(tools.gateway.operatorUrl);
  for (const text of [
    `POST /v1/devices HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${tools.gateway.adminKey}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"id":`,
    `GET /v1/devices/d/readings HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${tools.gateway.adminKey}\r\n\r\n`,
  ]) {
    await new Promise<void>((resolve) => {
      const socket = connectTcp(Number(port), '127.0.0.1', () => socket.write(text, () => socket.resetAndDestroy()));
      socket.on('close', () => resolve());
    });
  }
  assert.equal((await tools.api('GET', '/v1/gateway')).status, 200);
});

test('every documented metric is in the Prometheus text, and none names a device', async (context) => {
  const { api, addDevice } = await startTestGateway(context);
  await addDevice('very-special-name');
  const text = (await api('GET', '/metrics')).body as string;
  const table = readFileSync(join(packageRoot, 'docs', 'metrics.md'), 'utf8');
  for (const [, name] of table.matchAll(/^\| `(\w+)`/gm)) assert.match(text, new RegExp(`^# TYPE ${name} `, 'm'));
  assert.doesNotMatch(text, /very-special-name/);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Router } from './router.js';

function routed(...paths: string[]) {
  const router = new Router();
  const called: string[] = [];
  for (const path of paths) router.add('GET', path, () => called.push(path));
  return (path: string): unknown => {
    const found = router.find('GET', path);
    if (found === null || 'allowed' in found) return found;
    called.length = 0;
    found.handler({} as never, {} as never, []);
    return [called[0], ...found.parameters];
  };
}

test('a fixed segment goes before a parameter, and a path falls back to the parameter', () => {
  const find = routed('/v1/devices', '/v1/devices/{id}', '/v1/devices/export', '/v1/devices/{id}/readings', '/');
  assert.deepEqual(find('/'), ['/']);
  assert.deepEqual(find('/v1/devices'), ['/v1/devices']);
  assert.deepEqual(find('/v1/devices/export'), ['/v1/devices/export']);
  assert.deepEqual(find('/v1/devices/d1'), ['/v1/devices/{id}', 'd1']);
  assert.deepEqual(find('/v1/devices/export/readings'), ['/v1/devices/{id}/readings', 'export']);
});

test('parameters are decoded once, and one that cannot be decoded stays', () => {
  const find = routed('/a/{x}/{y}');
  assert.deepEqual(find('/a/b%20c/%2525'), ['/a/{x}/{y}', 'b c', '%25']);
  assert.deepEqual(find('/a/%E0%A4/%2F'), ['/a/{x}/{y}', '%E0%A4', '/']);
});

test('other paths are not found', () => {
  const find = routed('/v1/devices', '/v1/devices/{id}', '/v1/jobs/{id}/log');
  for (const path of [
    '',
    '/',
    '/v1',
    '/v1/',
    '/v1/devices/',
    '/v1/devices/a/b',
    '/V1/devices',
    '//v1/devices',
    '/v1/jobs/x',
    '*',
  ])
    assert.equal(find(path), null, path);
  assert.equal(find('/constructor'), null);
});

test('a path without the method names the methods that it has', () => {
  const router = new Router();
  router.add('GET', '/x', () => {});
  router.add('POST', '/x', () => {});
  assert.deepEqual(router.find('DELETE', '/x'), { allowed: ['GET', 'POST'] });
  assert.deepEqual(router.find('get', '/x'), { allowed: ['GET', 'POST'] });
});

test('HEAD is answered as GET, unless it has a route of its own', () => {
  const router = new Router();
  const [get, head] = [() => {}, () => {}];
  router.add('GET', '/x', get);
  router.add('POST', '/y', () => {});
  assert.deepEqual(router.find('HEAD', '/x'), { handler: get, parameters: [] });
  assert.deepEqual(router.find('HEAD', '/y'), { allowed: ['POST'] });
  router.add('HEAD', '/x', head);
  assert.deepEqual(router.find('HEAD', '/x'), { handler: head, parameters: [] });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startTestGateway } from '../../gateway.fixture.js';

test('every address in the HTML of a page is relative to it, so that it works below a path of a proxy', async (context) => {
  const { gateway } = await startTestGateway(context);
  for (const path of ['/', '/devices', '/devices/a', '/docs', '/nothing', '/nothing/at/all', '/a//b/']) {
    const answer = await fetch(`${gateway.operatorUrl}${path}`, { headers: { accept: 'text/html' } });
    const html = await answer.text();
    const addresses = [...html.matchAll(/(?:href|src)="([^"]*)"/g)].map(([, address]) => address);
    assert.ok(addresses.length > 2, path);
    for (const address of addresses) {
      assert.match(address, /^\.\.?\//, `${path}: ${address}`);
      const { pathname } = new URL(address, `http://site.example/below/it${path}`);
      assert.match(pathname, /^\/below\/it\/(?!\.)/, `${path}: ${address}`);
      const file = await fetch(`${gateway.operatorUrl}${pathname.replace('/below/it', '')}`);
      await file.arrayBuffer();
      assert.equal(file.status, 200, `${path}: ${address}`);
    }
  }
  const document = await fetch(`${gateway.operatorUrl}/openapi.json`);
  const { servers } = (await document.json()) as { servers: { url: string }[] };
  assert.deepEqual(
    servers.map(({ url }) => url),
    ['./'],
  );
});

test('a browser at an address without a page gets the console, and a program the problem', async (context) => {
  const { gateway } = await startTestGateway(context);
  const get = async (path: string, accept: string, method = 'GET') => {
    const answer = await fetch(`${gateway.operatorUrl}${path}`, { method, headers: { accept } });
    await answer.arrayBuffer();
    return [answer.status, answer.headers.get('content-type')?.split(';')[0]];
  };
  const html = 'text/html,application/xhtml+xml,*/*;q=0.8';
  assert.deepEqual(await get('/batches', html), [404, 'text/html']);
  assert.deepEqual(await get('/devices/a/b/c', html), [404, 'text/html']);
  assert.deepEqual(await get('/devices', html), [200, 'text/html']);
  const problem = [404, 'application/problem+json'];
  assert.deepEqual(await get('/batches', '*/*'), problem);
  assert.deepEqual(await get('/batches', 'application/json'), problem);
  assert.deepEqual(await get('/v1/nothing', html), problem);
  assert.deepEqual(await get('/batches', html, 'POST'), problem);
});

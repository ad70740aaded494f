import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startTestGateway } from '../../gateway.fixture.js';

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

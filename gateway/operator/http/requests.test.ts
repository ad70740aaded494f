import assert from 'node:assert/strict';
import { test } from 'node:test';
import { routes } from '../routes/table.js';
import { checksOf } from './requests.js';

test('the checks of every route compile, which a start leaves to the first request', () => {
  for (const route of routes) {
    const { checkQuery, checkBody } = checksOf(route);
    assert.equal(checkQuery({ 'not a parameter': '1' }), false, `${route.method} ${route.path}`);
    assert.equal(checkBody === null, route.body === undefined);
    if (checkBody !== null) assert.equal(checkBody('text'), false, `${route.method} ${route.path}`);
    assert.equal(checksOf(route).checkQuery, checkQuery, 'compiled once');
  }
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Closing } from './closing.js';

test('parts are closed in reverse order of opening, one after the other', async () => {
  const seen: string[] = [];
  const part = (name: string) => ({
    async close() {
      seen.push(`${name} begins`);
      await Promise.resolve();
      seen.push(`${name} ends`);
    },
  });
  const closing = new Closing();
  closing.add(part('store'));
  closing.add(part('port'));
  await closing.all();
  assert.deepEqual(seen, ['port begins', 'port ends', 'store begins', 'store ends']);
});

test('if a part fails to close, the others are closed all the same, and its error is thrown at the end', async () => {
  let storeClosed = false;
  const closing = new Closing();
  closing.add({
    close() {
      storeClosed = true;
    },
  });
  closing.add({
    close() {
      throw new Error('the port does not close');
    },
  });
  await assert.rejects(closing.all(), /the port does not close/);
  assert.equal(storeClosed, true);
});

test('closing twice closes each part once', async () => {
  let closes = 0;
  const closing = new Closing();
  closing.add({
    close() {
      closes++;
    },
  });
  await Promise.all([closing.all(), closing.all()]);
  assert.equal(closes, 1);
});

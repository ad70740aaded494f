import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { confirm } from './confirm.js';

/** A terminal at which these characters are typed; null: the input ends. */
function terminal(typed: string | null, isTTY = true) {
  const input = Object.assign(new PassThrough(), { isTTY });
  if (typed === null) input.end();
  else input.write(typed);
  return { input, output: new PassThrough() };
}

test('only yes at a terminal, or --yes, lets something happen that cannot be undone', async () => {
  for (const answer of ['y\n', 'yes\n', 'Y\n', ' yes \n']) await confirm('Device a is removed.', {}, terminal(answer));
  await confirm('Device a is removed.', { yes: true }, terminal(null, false));
  for (const answer of ['n\n', '\n', 'yess\n', null])
    await assert.rejects(confirm('Device a is removed.', {}, terminal(answer)), {
      exitCode: 1,
      message: 'Nothing was changed.',
    });
});

test('without a terminal the refusal says what would happen and how to confirm it', async () => {
  const asked = terminal('y\n', false);
  await assert.rejects(confirm('Device a is removed.', {}, asked), {
    exitCode: 64,
    message: 'Device a is removed. This cannot be undone. To confirm it, add --yes.',
  });
  assert.equal(asked.output.read(), null);
});

test('the question says that it cannot be undone, and that no is the default', async () => {
  const asked = terminal('y\n');
  await confirm('Device a is removed.', {}, asked);
  assert.match(String(asked.output.read()), /^Device a is removed\. This cannot be undone\. Continue\? \[y\/N\] /);
});

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { firstId, keepIdentity, keptIdentity } from './identity.js';

function folderFor(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'tidegate-identity-'));
  context.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

test('what is kept is read again, and nothing else stays in the folder', (context) => {
  const folder = folderFor(context);
  assert.equal(keptIdentity(folder), null);
  assert.equal(keptIdentity(join(folder, 'none')), null);
  keepIdentity(folder, { gatewayId: 'harbour', host: 'a' });
  keepIdentity(folder, { gatewayId: 'harbour', host: 'b' });
  assert.deepEqual(keptIdentity(folder), { gatewayId: 'harbour', host: 'b' });
  assert.deepEqual(readdirSync(folder), ['gateway.json']);
});

test('a file that has no valid id is refused with its name and what to do', (context) => {
  const folder = folderFor(context);
  const wrong = [
    '',
    '{',
    'null',
    '[]',
    '{}',
    '{"gatewayId":"a"}',
    '{"gatewayId":"a/b","host":""}',
    '{"gatewayId":7,"host":""}',
  ];
  for (const text of [...wrong, `{"gatewayId":"${'a'.repeat(65)}","host":""}`]) {
    writeFileSync(join(folder, 'gateway.json'), text);
    assert.throws(
      () => keptIdentity(folder),
      { exitCode: 78, message: /gateway\.json does not have the id.*Restore it/ },
      text,
    );
  }
});

test('a new folder gets the host name, unless it says nothing', (context) => {
  const folder = folderFor(context);
  assert.equal(firstId(folder, 'pi-7'), 'pi-7');
  assert.equal(firstId(folder, 'pi.local domain'), 'pi-local-domain');
  for (const host of ['3f9a0c1b2d4e', 'localhost', 'localhost.localdomain', '']) {
    assert.match(firstId(folder, host), /^tidegate-[0-9a-f]{8}$/, host);
    assert.notEqual(firstId(folder, host), firstId(folder, host));
  }
});

test('a folder from before ids were kept keeps the id that it had, whatever it says', (context) => {
  const folder = folderFor(context);
  writeFileSync(join(folder, 'tidegate.db'), '');
  assert.equal(firstId(folder, '3f9a0c1b2d4e'), '3f9a0c1b2d4e');
  assert.equal(firstId(folder, 'localhost'), 'localhost');
});

test('an identity that cannot be written is refused with 74, in words', (context) => {
  const folder = folderFor(context);
  mkdirSync(join(folder, 'gateway.json.new'));
  assert.throws(() => keepIdentity(folder, { gatewayId: 'a', host: '' }), {
    exitCode: 74,
    message: `${join(folder, 'gateway.json')} cannot be written: it is a folder.`,
  });
});

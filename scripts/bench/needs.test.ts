import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { checkNeeds } from './needs.js';

test('programs that are missing are named at once, with the line that installs them', (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'tidegate-needs-'));
  context.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'here'), '', { mode: 0o755 });
  writeFileSync(join(folder, 'text'), '', { mode: 0o644 });
  checkNeeds({ here: 'a' }, `/none:${folder}`);
  checkNeeds({}, '');
  assert.throws(() => checkNeeds({ here: 'a', text: 'b', gone: 'c', too: 'b' }, folder), {
    exitCode: 69,
    message: 'text, gone, too is not installed. Run: apt-get install b c',
  });
});

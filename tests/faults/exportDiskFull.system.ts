// An export onto a full disk, which is a tmpfs of a few pages, and so needs root.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { exportFormats } from '../../gateway/domain/exports.js';
import { commitDay, exportAll, specOf } from '../../gateway/store/exporting/exporting.fixture.js';
import { folderFor, openTestStore } from '../../gateway/store/store.fixture.js';
import { fileReason } from '../../schemas/errors.js';
import { tempFolder } from '../rig/tempFolder.js';

test('an export that fills the disk keeps its complete days, leaves nothing else, and is continued with room', async (context) => {
  const data = folderFor(context);
  const { store } = await openTestStore(context, data);
  await commitDay(store, 1, 0, 10);
  await commitDay(store, 2, 1, 40_000);
  await store.seal();
  const out = tempFolder(context);
  for (const format of exportFormats) {
    const whole = tempFolder(context);
    const { bytes } = exportAll(data, specOf(whole, format));
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${Math.ceil((bytes * 0.75) / 4_096) * 4}k`, 'none', out]);
    try {
      assert.throws(
        () => exportAll(data, specOf(out, format)),
        (error) => /full/.test(fileReason(error)),
      );
      const [first, second, note] = readdirSync(whole);
      assert.deepEqual(readdirSync(out), [first, note]);
      execFileSync('mount', ['-o', `remount,size=${4 * bytes + 65_536}`, out]);
      assert.equal(exportAll(data, specOf(out, format)).readings, 160_000);
      execFileSync('cmp', [join(out, second), join(whole, second)]);
    } finally {
      execFileSync('umount', [out]);
    }
  }
});

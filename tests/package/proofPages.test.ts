import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { packageRoot } from '../../schemas/load.js';

const folder = join(packageRoot, 'docs', 'proof');
const read = (name: string): string => readFileSync(join(folder, name), 'utf8');
/** part → the cells of its row in docs/proof/README.md. */
const rows = new Map(
  [...read('README.md').matchAll(/^\| \[(\w+)\]\(\1\.md\) \|(.*)\|$/gm)].map(([, part, cells]) => [
    part,
    cells.split('|'),
  ]),
);

test('every part of the proof has a row in its summary, and every row a part', () => {
  const parts = readdirSync(folder)
    .filter((name) => name.endsWith('.md') && name !== 'README.md')
    .map((name) => name.slice(0, -'.md'.length));
  assert.deepEqual([...rows.keys()].sort(), parts.sort());
});

for (const [part, [, result, commit]] of rows) {
  test(`the summary of the proof part ${part} has the figures and the commit of its page`, () => {
    const page = read(`${part}.md`).replaceAll(',', '');
    assert.ok(page.includes(`commit ${commit.trim()} `), `commit ${commit.trim()}`);
    for (const [figure] of result.replaceAll(',', '').matchAll(/\d+(\.\d+)?/g))
      assert.match(page, new RegExp(`(?<![\\d.])${figure.replace('.', '\\.')}(?!\\d)`), figure);
  });
}

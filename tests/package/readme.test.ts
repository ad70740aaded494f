import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { packageRoot } from '../../schemas/load.js';

for (const page of ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'SECURITY.md']) {
  test(`every file that ${page} names is there`, () => {
    const text = readFileSync(join(packageRoot, page), 'utf8');
    const links = [...text.matchAll(/\]\((?!https?:|#)([^)\s]+)\)/g)].map(([, path]) => path);
    const named = [
      ...text.matchAll(
        /(?:^|[\s`(])((?:schemas|gateway|device-sim|scripts|clients|config|docs|deploy)\/[\w./-]+\.(?:ts|md|yaml|json|py|sh|service|png))/gm,
      ),
    ].map(([, path]) => path);
    for (const path of new Set([...links, ...named])) assert.ok(existsSync(join(packageRoot, path)), path);
  });
}

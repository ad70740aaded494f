import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packageRoot } from '../../schemas/load.js';
import { requirePrograms } from '../proof/needs.js';

requirePrograms(['chromium']);

/** Makes the pictures of docs/. The browser test takes them while it runs, so that they show the console as it is. */
const { status } = spawnSync(
  process.execPath,
  [
    '--enable-source-maps',
    '--test',
    '--test-concurrency=1',
    '--test-name-pattern=an operator finds|^axe-core finds nothing',
    ...['console', 'admin', 'chart', 'apiPage'].map((name) =>
      fileURLToPath(new URL(`../../tests/console/${name}.system.js`, import.meta.url)),
    ),
  ],
  { stdio: 'inherit', env: { ...process.env, CONSOLE_PICTURES: join(packageRoot, 'docs') } },
);
process.exitCode = status ?? 1;

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packageRoot } from '../../schemas/load.js';

/** Makes the pictures of docs/: the browser test takes them on its way, so they show what is true. */
const { status } = spawnSync(
  process.execPath,
  [
    '--enable-source-maps',
    '--test',
    '--test-name-pattern=an operator finds',
    fileURLToPath(new URL('../../tests/console/console.system.js', import.meta.url)),
  ],
  { stdio: 'inherit', env: { ...process.env, CONSOLE_PICTURES: join(packageRoot, 'docs') } },
);
process.exitCode = status ?? 1;

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { packageRoot } from '../schemas/packageRoot.js';
import { openBrowser } from './browser.js';

/** Makes docs/console.png for the README: the demo, as its console shows it. `--dark` and `--phone` for a look at those. */
const dark = process.argv.includes('--dark');
const phone = process.argv.includes('--phone');
const target = process.argv.find((argument) => argument.endsWith('.png')) ?? join(packageRoot, 'docs', 'console.png');

const folder = mkdtempSync(join(tmpdir(), 'tidegate-screenshot-'));
const demo = spawn(
  process.execPath,
  [
    join(packageRoot, 'dist/gateway/cli/main.js'),
    'demo',
    '--data',
    folder,
    '--set',
    'gatewayId=harbour',
    '--set',
    'device.port=0',
    '--set',
    'operator.port=0',
  ],
  { stdio: ['ignore', 'pipe', 'inherit'] },
);
const browser = await openBrowser();
try {
  const page = await browser.newPage({
    viewport: phone ? { width: 390, height: 780 } : { width: 1280, height: 800 },
    colorScheme: dark ? 'dark' : 'light',
  });
  await page.goto(await consoleUrl());
  await page
    .getByRole('button', { name: /boiler-1 / })
    .first()
    .click();
  await page.waitForTimeout(4_000);
  await page.screenshot({ path: target });
} finally {
  await browser.close();
  demo.kill('SIGTERM');
  await new Promise((resolve) => demo.once('exit', resolve));
  rmSync(folder, { recursive: true, force: true });
}

async function consoleUrl(): Promise<string> {
  for await (const line of createInterface({ input: demo.stdout })) if (line.includes('#key=')) return line;
  throw new Error('the demo ended before it printed its URL');
}

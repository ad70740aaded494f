import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { startGatewayProcess } from '../rig/gatewayProcess.js';
import { tempFolder } from '../rig/tempFolder.js';
import { openBrowser } from './browser.js';
import { openConsole, pageFindings } from './consolePage.js';

const simulator = fileURLToPath(new URL('../../device-sim/cli.js', import.meta.url));

test('the report of a simulated fleet is one file, whose plots show their values under the pointer and zoom together', async (context) => {
  const folder = tempFolder(context);
  const ends: (() => Promise<unknown>)[] = [];
  context.after(async () => {
    for (const end of ends.reverse()) await end();
  });
  const gateway = await startGatewayProcess({ data: folder });
  ends.push(gateway.stop);
  const file = join(folder, 'report.html');
  const { operatorUrl, deviceUrl, key } = gateway;
  const args = ['demo', '--duration', '5s', '--require', 'framesAcked>0', '--verify', '--report', file];
  await promisify(execFile)(process.execPath, [
    simulator,
    ...args,
    ...['--url', operatorUrl, '--device-url', deviceUrl, '--key', key],
  ]);
  const browser = await openBrowser();
  ends.push(() => browser.close());
  for (const [width, colorScheme] of [
    [1440, 'light'],
    [1440, 'dark'],
    [390, 'light'],
  ] as const) {
    const viewport = { width, height: 900 };
    const { page, problems } = await openConsole(browser, pathToFileURL(file).href, { viewport, colorScheme });
    const requests: string[] = [];
    page.on('request', (request) => requests.push(request.url()));
    await page.reload();
    await page.getByText('PASS: everything acknowledged was found; 1 of 1 threshold met').waitFor();
    const readings = page.locator('figure', { hasText: 'Readings' });
    await readings.locator('.u-over').hover();
    await readings.getByText(/^[\d.]+k?\/s$/).waitFor();
    // The other plots show the same time.
    const times = await page.locator('.u-legend .u-series:first-child .u-value').allTextContents();
    assert.ok(times.length >= 6 && times.every((text) => text === times[0] && /^\d.* s, \w+$/.test(text)), `${times}`);
    assert.deepEqual(await pageFindings(page), []);
    assert.deepEqual(requests, [pathToFileURL(file).href]);
    assert.deepEqual(problems, []);
    await page.context().close();
  }
});

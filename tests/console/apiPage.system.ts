import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { startGatewayProcess } from '../rig/gatewayProcess.js';
import { tempFolder } from '../rig/tempFolder.js';
import { openBrowser } from './browser.js';
import { keepPicture, openConsole, pageFindings } from './consolePage.js';

/** Rules of axe-core that Swagger UI breaks itself; docs/console/README.md lists them. */
const ofTheLibrary = ['nested-interactive'];

/** Opens an operation, and sends its request. */
async function execute(page: Page, method: string, path: string): Promise<void> {
  const block = page.locator(`.opblock-${method}`, { has: page.locator(`[data-path="${path}"]`) }).first();
  await block.locator('.opblock-summary-control').click();
  await block.getByRole('button', { name: 'Execute' }).click();
  await block.locator('.live-responses-table .response-col_status').first().waitFor();
}

for (const colorScheme of ['light', 'dark'] as const)
  test(`axe-core finds nothing on the API page but what Swagger UI breaks itself, in the ${colorScheme} theme and two widths`, async (context) => {
    const ends: (() => Promise<unknown>)[] = [];
    context.after(async () => {
      for (const end of ends.reverse()) await end();
    });
    const gateway = await startGatewayProcess({ data: tempFolder(context), set: ['gatewayId=harbour'] });
    ends.push(gateway.stop);
    const browser = await openBrowser();
    ends.push(() => browser.close());
    const findings: string[] = [];
    for (const width of [1440, 390]) {
      const viewport = { width, height: 844 };
      const url = `${gateway.operatorUrl}/#key=${gateway.key}`;
      const { page, problems } = await openConsole(browser, url, { colorScheme, viewport });
      await page.getByRole('heading', { name: 'Fleet', level: 1 }).waitFor();
      await page.goto(`${gateway.operatorUrl}/docs`);
      await page.locator('.opblock').first().waitFor();
      findings.push(...(await pageFindings(page, ofTheLibrary)));
      await keepPicture(page, 'api', colorScheme);
      await execute(page, 'get', '/v1/session');
      // A new device each time: the second would be refused, and the browser would note that.
      await page
        .locator('.opblock-post', { has: page.locator('[data-path="/v1/devices"]') })
        .first()
        .locator('.opblock-summary-control')
        .click();
      await page.getByRole('textbox', { name: 'Body of the request' }).fill(`{"id":"boiler-${width}"}`);
      await page.getByRole('region', { name: 'POST /v1/devices' }).first().waitFor();
      findings.push(...(await pageFindings(page, ofTheLibrary)));
      await page.getByRole('link', { name: 'Back to the console' }).click();
      await page.getByRole('heading', { name: 'Fleet', level: 1 }).waitFor();
      assert.deepEqual(problems, []);
      await page.close();
    }
    assert.deepEqual(findings, []);
  });

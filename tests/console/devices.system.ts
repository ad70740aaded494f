import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Browser } from 'playwright-core';
import type { DeviceBody, NewKeyBody } from '../../schemas/generated/operator.js';
import { type GatewayProcess, startGatewayProcess } from '../rig/gatewayProcess.js';
import { tempFolder } from '../rig/tempFolder.js';
import { openBrowser } from './browser.js';
import { openConsole } from './consolePage.js';

/** Starts a gateway and a browser, and registers devices. The browser ends before the gateway, and the gateway before its folder. */
async function startWith(
  context: TestContext,
  devices: { id: string; model?: string; tags?: Record<string, string>; name?: string }[],
): Promise<{ gateway: GatewayProcess; browser: Browser }> {
  const ends: (() => Promise<unknown>)[] = [];
  // Hooks run in the order in which they were added.
  context.after(async () => {
    for (const end of ends.reverse()) await end();
  });
  const gateway = await startGatewayProcess({ data: tempFolder(context) });
  ends.push(gateway.stop);
  const browser = await openBrowser();
  ends.push(() => browser.close());
  await gateway.api('POST', '/v1/device-imports', { devices });
  return { gateway, browser };
}

test('an operator edits name, model, tags and notes of a device, and reads at the field what is wrong', async (context) => {
  const { gateway, browser } = await startWith(context, [{ id: 'boiler-7', tags: { site: 'north', floor: '2' } }]);
  const device = (): Promise<DeviceBody> => gateway.api('GET', '/v1/devices/boiler-7');
  const { page, problems } = await openConsole(browser, `${gateway.operatorUrl}/devices/boiler-7#key=${gateway.key}`);
  await page.getByRole('button', { name: 'Edit' }).click();
  const form = page.getByRole('form', { name: 'Edit the device' });
  await form.getByLabel('Name', { exact: true }).fill('n'.repeat(129));
  await form.getByRole('button', { name: 'Add a tag' }).click();
  await form.getByLabel('Name of tag 3').fill('not good');
  await form.getByRole('button', { name: 'Save' }).click();
  await form.getByText('A name has at most 128 characters.').waitFor();
  await form.getByText('The name of a tag has 1 to 64 letters').waitFor();
  assert.equal((await device()).name, null);

  await form.getByLabel('Name', { exact: true }).fill('Boiler of the north hall');
  await form.getByLabel('Model').selectOption('boiler');
  await form.getByLabel('Name of tag 1').fill('place');
  await form.getByLabel('Name of tag 3').fill('owner');
  await form.getByLabel('Value of tag 3').fill('Ann');
  await form.getByRole('button', { name: 'Remove tag floor' }).click();
  await form.getByLabel('Notes').fill('Valve 3 is stiff.\nAsk Ann for the key.');
  await form.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('heading', { name: 'Boiler of the north hall boiler-7', level: 1 }).waitFor();
  await page.getByText('Ask Ann for the key.').waitFor();
  const { name, model, tags, notes } = await device();
  assert.deepEqual(
    [name, model, tags, notes],
    ['Boiler of the north hall', 'boiler', { place: 'north', owner: 'Ann' }, 'Valve 3 is stiff.\nAsk Ann for the key.'],
  );

  await context.test('a change by someone else is shown at the field that both have changed', async () => {
    await page.getByRole('button', { name: 'Edit' }).click();
    await form.getByLabel('Name', { exact: true }).fill('Mine');
    await gateway.api('PATCH', '/v1/devices/boiler-7', { name: 'Theirs', tags: { place: 'south', owner: 'Ann' } });
    await form.getByText('Someone else changed this meanwhile to: Theirs').waitFor();
    await form.getByRole('button', { name: 'Use that instead' }).click();
    assert.equal(await form.getByLabel('Name', { exact: true }).inputValue(), 'Theirs');
    await form.getByLabel('Notes').fill('');
    await form.getByRole('button', { name: 'Save' }).click();
    await form.waitFor({ state: 'detached' });
    const after = await device();
    assert.deepEqual([after.name, after.tags.place, after.notes], ['Theirs', 'south', null]);
  });

  await context.test('the list shows the name first, with the id beside it, and finds it', async () => {
    await page.getByRole('navigation').getByRole('link', { name: 'Devices' }).click();
    await page.getByRole('searchbox').fill('theirs');
    await page.getByRole('link', { name: /Theirs.*boiler-7/ }).waitFor();
  });

  await context.test('a viewer reads why there is no form', async () => {
    const viewer = await gateway.api<NewKeyBody>('POST', '/v1/keys', { name: 'wall', role: 'viewer' });
    const wall = await openConsole(browser, `${gateway.operatorUrl}/devices/boiler-7?edit=1#key=${viewer.key}`);
    await wall.page.getByText('To edit devices, you need the role').waitFor();
    assert.equal(await wall.page.getByRole('button', { name: 'Save' }).count(), 0);
  });
  assert.deepEqual(problems, []);
});

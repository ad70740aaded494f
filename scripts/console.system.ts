import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { createDevice } from '../device-sim/device.js';
import type { LatestBody, NewCredentialBody, NewKeyBody } from '../schemas/generated/operator.js';
import { openBrowser } from './browser.js';
import { startGatewayProcess } from './faults/gatewayProcess.js';
import { tempFolder } from './faults/tempFolder.js';

test('a browser with nothing but WebSocket is a device, and the console shows its value change', async (context) => {
  const folder = tempFolder(context);
  const gateway = await startGatewayProcess({ data: join(folder, 'data') });
  // Devices come from pages of any origin; the console's own policy would not let it connect elsewhere.
  const pages = createServer((_request, response) =>
    response.setHeader('content-type', 'text/html').end('<!doctype html><title>device</title>'),
  );
  await new Promise<void>((resolve) => pages.listen(0, '127.0.0.1', resolve));
  const browser = await openBrowser();
  context.after(async () => {
    await browser.close();
    await gateway.stop();
    pages.close();
  });
  const { secret } = await gateway.api<NewCredentialBody>('POST', '/v1/devices', {
    id: 'browser-1',
    tags: { site: 'north' },
  });

  const problems: string[] = [];
  const console = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  console.on('console', (message) => message.type() === 'error' && problems.push(message.text()));
  console.on('pageerror', (error) => problems.push(error.message));
  await console.goto(`${gateway.operatorUrl}/#key=${gateway.key}`);
  const row = console.getByRole('button', { name: /browser-1/ });
  await row.waitFor();
  assert.match((await row.textContent()) ?? '', /offline/);
  assert.doesNotMatch(console.url(), /tgk_/, 'the key leaves the address bar');

  const device = await browser.newPage();
  await device.goto(`http://127.0.0.1:${(pages.address() as AddressInfo).port}/`);
  const protocols = ['tidegate.v1.json', `tidegate.auth.${Buffer.from(`browser-1:${secret}`).toString('base64url')}`];
  const welcome = await device.evaluate(
    `new Promise((resolve) => {
      const ws = globalThis.link = new WebSocket(${JSON.stringify(gateway.deviceUrl)}, ${JSON.stringify(protocols)});
      ws.onmessage = ({ data }) => resolve(JSON.parse(data));
      ws.onopen = () => ws.send(JSON.stringify({ values: { temperature: 21.5 } }));
      ws.onclose = ({ code }) => resolve({ closed: code });
    })`,
  );
  assert.equal((welcome as { type: string }).type, 'welcome');
  await console.getByRole('button', { name: /browser-1.*21\.5/ }).waitFor();
  const { metrics } = await gateway.api<LatestBody>('GET', '/v1/devices/browser-1/latest');
  assert.equal(metrics.temperature.value, 21.5);

  await row.click();
  const panel = console.getByRole('complementary', { name: 'Device browser-1' });
  await panel.getByRole('cell', { name: '21.5' }).waitFor();
  await device.evaluate(`link.send(JSON.stringify({ values: { temperature: 22.75 } }))`);
  await panel.getByRole('cell', { name: '22.75' }).waitFor();
  await device.evaluate(`link.send('{"values":{"temperature":"warm"}}')`);
  await panel.getByText('value_invalid').waitFor();
  await device.evaluate('link.close(1000)');
  await panel.getByText('offline').waitFor();

  await console.getByRole('searchbox').fill('site=south');
  await console.getByText('No devices here.').waitFor();
  assert.match(console.url(), /\?q=site%3Dsouth&device=browser-1$/);
  await console.screenshot({ path: join(folder, 'console.png') });
  assert.deepEqual(problems, []);
});

test('a command is made by the form of its model, sent, and seen to succeed; a viewer is told why there is no button', async (context) => {
  const gateway = await startGatewayProcess({ data: tempFolder(context) });
  const browser = await openBrowser();
  context.after(async () => {
    await browser.close();
    await gateway.stop();
  });
  const { secret } = await gateway.api<NewCredentialBody>('POST', '/v1/devices', { id: 'boiler-7', model: 'boiler' });
  const device = createDevice({
    ...{ url: gateway.deviceUrl, id: 'boiler-7', secret, encoding: 'json', random: Math.random },
    commands: { set_target: { run: ({ celsius }) => ({ heatingTo: celsius }) } },
  });
  context.after(() => device.stop());
  device.start();

  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  await page.goto(`${gateway.operatorUrl}/?device=boiler-7#key=${gateway.key}`);
  const panel = page.getByRole('complementary', { name: 'Device boiler-7' });
  await panel.getByText('set_target').click();
  await panel.getByLabel('celsius').fill('55');
  await panel.getByRole('button', { name: 'Send set_target' }).click();
  const item = panel.getByRole('listitem').filter({ hasText: '{"celsius":55}' });
  await item.getByText('{"heatingTo":55}').waitFor();
  for (const step of ['queued', 'sent', 'received', 'succeeded'])
    await item.getByText(step, { exact: true }).last().waitFor();
  await panel.getByText('set_pin').click();
  await panel.getByRole('textbox', { name: /^pin/ }).fill('12');
  await panel.getByRole('button', { name: 'Send set_pin' }).click();
  await panel.getByText(/must match pattern/).waitFor();

  const viewer = await gateway.api<NewKeyBody>('POST', '/v1/keys', { name: 'wall', role: 'viewer' });
  const wall = await browser.newPage();
  await wall.goto(`${gateway.operatorUrl}/?device=boiler-7#key=${viewer.key}`);
  await wall.getByText('may look but not send').waitFor();
  assert.equal(await wall.getByRole('button', { name: /^Send/ }).count(), 0);
  await wall.getByText('{"heatingTo":55}').waitFor();
});

test('a wrong key leads back to the form with a sentence', async (context) => {
  const gateway = await startGatewayProcess({ data: tempFolder(context) });
  const browser = await openBrowser();
  context.after(async () => {
    await browser.close();
    await gateway.stop();
  });
  const page = await browser.newPage();
  await page.goto(`${gateway.operatorUrl}/#key=tgk_${'A'.repeat(43)}`);
  await page.getByRole('alert').getByText('The gateway does not know this key.').waitFor();
  await page.getByLabel('Operator key').fill(gateway.key);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByText('No devices here.').waitFor();
});

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import WebSocket from 'ws';
import { loadFleet } from '../../device-sim/fleet/loadFleet.js';
import { runFleet } from '../../device-sim/run/runFleet.js';
import type { DeviceBody, NewCredentialBody, NewKeyBody, ReadingPage } from '../../schemas/generated/operator.js';
import { readJson } from '../../schemas/load.js';
import { type GatewayProcess, startGatewayProcess } from '../rig/gatewayProcess.js';
import { tempFolder } from '../rig/tempFolder.js';
import { openBrowser } from './browser.js';
import { keepPicture, openConsole, pageFindings, picturesFolder } from './consolePage.js';

const {
  config: { firstViewBytesMax },
} = readJson('package.json') as { config: { firstViewBytesMax: number } };

async function picture(page: Page, name: string): Promise<void> {
  if (picturesFolder !== undefined) await page.screenshot({ path: join(picturesFolder, `${name}.png`) });
}

/** Takes the pictures with charts and sparks, whose lines have to grow for some seconds first. */
async function takeLongPictures(page: Page, gateway: GatewayProcess): Promise<void> {
  await page.goto(`${gateway.operatorUrl}/devices/boiler-3?from=-1m`);
  await page.locator('.u-over').waitFor();
  await page.waitForTimeout(25_000);
  await picture(page, 'console-device');
  await page.goto(gateway.operatorUrl);
  await page.waitForTimeout(25_000);
  await picture(page, 'console');
}

/** Starts a gateway, a browser, and perhaps the demo's fleet. They end in reverse: the fleet before its gateway, so that no device waits for its last acks, and the gateway before its folder is removed. */
async function startBoth(
  context: TestContext,
  withFleet = false,
): Promise<{ gateway: GatewayProcess; browser: Browser }> {
  const ends: (() => Promise<unknown>)[] = [];
  // Hooks run in the order in which they were added.
  context.after(async () => {
    for (const end of ends.reverse()) await end();
  });
  const gateway = await startGatewayProcess({ data: tempFolder(context), set: ['gatewayId=harbour'] });
  ends.push(gateway.stop);
  if (withFleet) ends.push(startFleet(gateway));
  const browser = await openBrowser();
  ends.push(() => browser.close());
  return { gateway, browser };
}

/** Starts the demo's devices, and returns the function that stops them. */
function startFleet({ operatorUrl: url, key, deviceUrl }: GatewayProcess): () => Promise<unknown> {
  let stop = (): void => {};
  const stopped = new Promise<void>((resolve) => {
    stop = resolve;
  });
  const running = runFleet({ fleet: loadFleet('demo'), url, key, deviceUrl, stop: stopped, verify: false });
  return () => {
    stop();
    return running;
  };
}

/** Registers the device pump-3 and sends three frames that are rejected: one too old, one of another kind, one not finite. */
async function sendBadFrames(context: TestContext, gateway: GatewayProcess): Promise<void> {
  const { secret } = await gateway.api<NewCredentialBody>('POST', '/v1/devices', {
    id: 'pump-3',
    model: 'boiler',
    tags: { site: 'harbour' },
  });
  const ws = new WebSocket(`${gateway.deviceUrl}?stream=main`, ['tidegate.v1.json'], { auth: `pump-3:${secret}` });
  context.after(() => ws.terminate());
  const acked = new Promise<void>((resolve) => {
    ws.on('message', (data) => {
      const message = JSON.parse(String(data)) as { type: string; seq: number };
      if (message.type === 'welcome') {
        ws.send('{"seq":1,"values":{"temperature":21.5,"pressure":1013}}');
        ws.send('{"seq":2,"values":{"temperature":"warm"}}');
        ws.send(Buffer.from('01010101030000000000000000000000010000000000000000000000' + '0000807f', 'hex'));
        ws.send('{"seq":4,"ts":1600000000000,"values":{"temperature":20.25}}');
      }
      if (message.type === 'nack' && message.seq === 4) resolve();
    });
  });
  await acked;
}

/** Registers the device wide-1 with a long tag and sends 61 metrics: one with a long name, one with a long text. */
async function sendWideFrame(context: TestContext, gateway: GatewayProcess): Promise<void> {
  const { secret } = await gateway.api<NewCredentialBody>('POST', '/v1/devices', {
    id: 'wide-1',
    tags: { site: 'the-harbour-of-a-town-with-a-very-long-name' },
  });
  const values: Record<string, number | string> = {
    ['long'.repeat(16)]: 3.25,
    message: 'The outer door is open. '.repeat(10),
  };
  for (let i = 0; i < 59; i++) values[`sensor_${i}`] = 1.23456789 * 10 ** (i % 12);
  const ws = new WebSocket(`${gateway.deviceUrl}?stream=main`, ['tidegate.v1.json'], { auth: `wide-1:${secret}` });
  context.after(() => ws.terminate());
  await new Promise<void>((resolve) => {
    ws.on('message', (data) => {
      const { type } = JSON.parse(String(data)) as { type: string };
      if (type === 'welcome') ws.send(JSON.stringify({ seq: 1, values }));
      if (type === 'ack') resolve();
    });
  });
}

test('an operator finds a device, sees it live, zooms, commands it, admits a frame, and adds a device', async (context) => {
  const { gateway, browser } = await startBoth(context, true);
  await sendBadFrames(context, gateway);
  // The device's page is served from another origin, because the console's own policy would not let it connect to the device port.
  const pages = createServer((_request, response) =>
    response.setHeader('content-type', 'text/html').end('<!doctype html><title>device</title>'),
  );
  await new Promise<void>((resolve) => pages.listen(0, '127.0.0.1', resolve));
  context.after(() => pages.close());

  const { page, problems } = await openConsole(browser, `${gateway.operatorUrl}/#key=${gateway.key}`);
  await page.getByRole('heading', { name: 'Fleet', level: 1 }).waitFor();
  await page.getByText('of 26 devices connected').waitFor();
  assert.doesNotMatch(page.url(), /tgk_/, 'the key leaves the address bar');

  await context.test('finds a device', async () => {
    await page.evaluate(`globalThis.mostRows = 0;
      new MutationObserver(() => (mostRows = Math.max(mostRows, document.querySelectorAll('.row').length)))
        .observe(document.body, { childList: true, subtree: true })`);
    await page.getByRole('navigation').getByRole('link', { name: 'Devices' }).click();
    await page.getByText('26 shown').waitFor();
    await page.locator('.row').nth(11).waitFor();
    const rows = await page.evaluate('mostRows');
    assert.ok((rows as number) < 26, `${rows} rows at once; only the rows on the screen and a few more may exist`);
    await page.getByRole('searchbox').fill('site=north boiler-3');
    await page.getByText('1 shown').waitFor();
    assert.match(page.url(), /\/devices\?q=site%3Dnorth\+boiler-3$/);
    await page.getByRole('row', { name: /boiler-3.*temperature/ }).click();
    await page.getByRole('heading', { name: 'boiler-3', level: 1 }).waitFor();
  });

  await context.test('sees a value change', async () => {
    const cell = page
      .getByRole('row', { name: /^temperature/ })
      .locator('td')
      .first();
    const before = await cell.innerText();
    await cell.filter({ hasNotText: before }).waitFor();
    await page.locator('.chart .summary', { hasText: 'single readings' }).waitFor();
  });

  await context.test('zooms into the chart and comes back to now', async () => {
    const plot = page.locator('.plot .u-over');
    const box = (await plot.boundingBox()) as { x: number; y: number; width: number; height: number };
    const y = box.y + box.height / 2;
    await page.mouse.move(box.x + box.width * 0.5, y);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.75, y, { steps: 5 });
    await page.mouse.up();
    await page.waitForURL(/zoom=\d+-\d+/);
    const [, from, to] = /zoom=(\d+)-(\d+)/.exec(page.url()) ?? [];
    const span = Number(to) - Number(from);
    assert.ok(span > 60_000 && span < 90_000, `a quarter of five minutes is about 75 s; zoomed to ${span} ms`);
    await page.getByRole('button', { name: '5m' }).click();
    await page.waitForURL((url) => !url.search.includes('zoom'));
  });

  await context.test('sends a command and sees it succeed', async () => {
    await page.getByRole('tab', { name: 'Commands' }).click();
    await page.getByText('set_interval', { exact: true }).first().click();
    await page.getByLabel('seconds').fill('2');
    await page.getByRole('button', { name: 'Send set_interval' }).click();
    const item = page.getByRole('listitem').filter({ hasText: '{"seconds":2}' }).first();
    for (const step of ['queued', 'sent', 'received', 'succeeded'])
      await item.locator('.transitions li', { hasText: step }).waitFor();
    await picture(page, 'console-commands');
    await page.getByText('set_pin').click();
    await page.getByRole('textbox', { name: /^pin/ }).fill('12');
    await page.getByRole('button', { name: 'Send set_pin' }).click();
    await page.getByText(/This value must have 4 to 8 digits\./).waitFor();
    // The gateway answers 400, which browsers log as an error.
    const refusal = problems.findIndex((text) => text.includes('400'));
    assert.ok(refusal >= 0);
    problems.splice(refusal, 1);
  });

  await context.test('follows frames', async () => {
    await page.getByRole('tab', { name: 'Trace' }).click();
    await page
      .locator('.trace li', { hasText: /stored.*committed.*acked/s })
      .first()
      .waitFor();
  });

  await context.test('sees rejected frames explained, and admits one', async () => {
    await page.goto(`${gateway.operatorUrl}/devices/pump-3?tab=rejected`);
    const frame = (code: string) => page.getByRole('listitem').filter({ hasText: code });
    await frame('infinity').locator('summary').click();
    await frame('infinity').getByText('values are finite').waitFor();
    await frame('must be a number').locator('summary').click();
    assert.match(await frame('must be a number').locator('.json .wrong').innerText(), /"temperature": "warm"/);
    await picture(page, 'console-refused');
    const old = frame('time_too_old');
    await old.getByRole('button', { name: 'Admit and store' }).click();
    await old.getByText('Admitted. 1 reading stored.').waitFor();
    const { items } = await gateway.api<ReadingPage>(
      'GET',
      '/v1/devices/pump-3/readings?metric=temperature&to=1600000000001',
    );
    assert.deepEqual(items, [{ metric: 'temperature', ts: 1_600_000_000_000, value: 20.25 }]);
  });

  await context.test('adds a device and connects it by the program shown', async () => {
    await page.getByRole('navigation').getByRole('link', { name: 'Add a device' }).click();
    await page.getByLabel('Id', { exact: true }).fill('browser-1');
    await page.getByRole('button', { name: 'Add a tag' }).click();
    await page.getByLabel('Name of tag 1').fill('site');
    await page.getByLabel('Value of tag 1').fill('north');
    await page.getByRole('button', { name: 'Add device' }).click();
    await page.getByText('Waiting for browser-1 to connect').waitFor();
    const program = await page.getByRole('region', { name: 'Browser' }).innerText();
    const device = await browser.newPage();
    await device.goto(`http://127.0.0.1:${(pages.address() as AddressInfo).port}/`);
    await device.evaluate(program.replace('const ws', 'globalThis.ws'));
    await page.getByText('browser-1 is connected and has sent its first reading.').waitFor();
    await device.evaluate(`ws.send('{"values":{"temperature":22.75}}')`);
    await page.getByRole('link', { name: 'Open browser-1' }).click();
    await page.getByRole('cell', { name: '22.75' }).first().waitFor();
    await device.close();
    await page.getByText(/^Disconnected for/).waitFor();
  });

  await context.test('commands many devices', async () => {
    await page.getByRole('navigation').getByRole('link', { name: 'Commands' }).click();
    await page.getByRole('button', { name: 'Command many devices' }).first().click();
    await page.getByLabel('Model', { exact: true }).selectOption('boiler');
    await page.getByText('set_target').click();
    await page.getByLabel('celsius').fill('61');
    await page.getByRole('button', { name: 'Send set_target to 11 devices…' }).click();
    await page.getByRole('button', { name: 'Send set_target to 11 devices now' }).click();
    // pump-3 does not answer.
    await page.getByRole('region', { name: 'Batch set_target' }).getByText('succeeded 10').waitFor();
    await picture(page, 'console-batch');
    await page.getByRole('button', { name: 'Stop' }).click();
    await page.getByRole('button', { name: 'Resume' }).waitFor();
  });

  await context.test('reads the API page, under the same policy', async () => {
    const docs = await openConsole(browser, `${gateway.operatorUrl}/docs`);
    await docs.page.locator('.opblock', { hasText: '/v1/command-batches' }).first().waitFor();
    await docs.page.locator('.opblock-summary', { hasText: '/v1/session' }).click();
    await docs.page.locator('.opblock.is-open').waitFor();
    assert.deepEqual(docs.problems, []);
    await docs.page.close();
  });

  if (picturesFolder !== undefined) await takeLongPictures(page, gateway);
  assert.deepEqual(problems, []);
});

for (const colorScheme of ['light', 'dark'] as const)
  test(`axe-core finds nothing on any page, and none is wider than its screen, in the ${colorScheme} theme and three widths`, async (context) => {
    const { gateway, browser } = await startBoth(context, true);
    await sendBadFrames(context, gateway);
    await sendWideFrame(context, gateway);
    await gateway.api('POST', '/v1/devices/boiler-1/commands?wait=20', { name: 'set_target', params: { celsius: 50 } });
    await gateway.api('POST', '/v1/command-batches', { target: { model: 'boiler' }, name: 'reboot' });
    const pages: [name: string, path: string, wanted: string][] = [
      ['fleet', '/', '.figures'],
      ['devices', '/devices', '.row .value'],
      ['device', '/devices/boiler-1', '.u-over'],
      ['device-60-metrics', '/devices/wide-1', '.latest tr:nth-child(60)'],
      ['device-commands', '/devices/boiler-1?tab=commands', '.transitions'],
      ['device-rejected', '/devices/pump-3?tab=rejected', '.refused'],
      ['device-trace', '/devices/boiler-1?tab=trace', '.trace li'],
      ['device-access', '/devices/boiler-1?tab=access', '.credentials li'],
      ['commands', '/commands?new=1', '.batch'],
      ['attempts', '/attempts', 'main .card, main .notice'],
      ['add', '/add', 'form'],
      ['unknown-device', '/devices/nobody', '.empty b'],
    ];
    const findings: string[] = [];
    for (const width of [1440, 1024, 390]) {
      const viewport = { width, height: 844 };
      const { page } = await openConsole(browser, `${gateway.operatorUrl}/#key=${gateway.key}`, {
        colorScheme,
        viewport,
      });
      for (const [name, path, wanted] of pages) {
        await page.goto(gateway.operatorUrl + path);
        await page.locator(wanted).first().waitFor();
        findings.push(...(await pageFindings(page)));
        await keepPicture(page, name, colorScheme);
      }
      await page.goto(gateway.operatorUrl);
      await page.getByRole('button', { name: 'Sign out' }).click();
      await page.getByLabel('Operator key').waitFor();
      findings.push(...(await pageFindings(page)));
      await keepPicture(page, 'sign-in', colorScheme);
      await page.close();
    }
    assert.deepEqual(findings, []);
  });

test('the first view is small, and every page fits the screen of a phone', async (context) => {
  const { gateway, browser } = await startBoth(context);
  const viewport = { width: 390, height: 844 };
  const page = await browser.newPage({ viewport });
  let bytes = 0;
  page.on('requestfinished', async (request) => {
    // The last requests may still be in progress when the test ends.
    const { responseBodySize } = await request.sizes().catch(() => ({ responseBodySize: 0 }));
    if (/\.(js|css|svg)$|\/$/.test(new URL(request.url()).pathname)) bytes += responseBodySize;
  });
  await page.goto(`${gateway.operatorUrl}/#key=${gateway.key}`);
  await page.getByRole('link', { name: 'Add your first device' }).waitFor();
  await page.getByText('No frames were sent lately.').waitFor();
  assert.equal(await page.getByText('0.0 ms').count(), 0);
  const interactiveMs = await page.evaluate('performance.now()');
  context.diagnostic(`the first view: ${bytes} bytes, interactive after ${Math.round(interactiveMs as number)} ms`);
  assert.ok(bytes > 10_000 && bytes < firstViewBytesMax, `${bytes} bytes`);
  for (const [link, title] of [
    ['Devices', 'Devices'],
    ['Commands', 'Commands'],
    ['Add', 'Add a device'],
    ['More', 'More'],
  ]) {
    await page.getByRole('navigation').getByRole('link', { name: link }).click();
    await page.getByRole('heading', { name: title, level: 1 }).waitFor();
    const width = await page.evaluate('document.documentElement.scrollWidth');
    assert.ok((width as number) <= viewport.width, `${title} is ${width} px wide`);
  }
});

test('other tabs need no key, a kept key outlives the browser, and signing out ends both', async (context) => {
  const { gateway, browser } = await startBoth(context);
  const profile = await browser.newContext();
  const tab = async (path: string): Promise<Page> => {
    const page = await profile.newPage();
    await page.goto(gateway.operatorUrl + path);
    return page;
  };
  const first = await tab('/devices');
  await first.getByRole('button', { name: 'Sign in' }).click();
  await first.getByText('Enter the operator key.').waitFor();
  await first.getByLabel('Operator key').fill(gateway.key);
  await first.getByRole('button', { name: 'Sign in' }).click();
  await first.getByRole('heading', { name: 'Devices', level: 1 }).waitFor();

  const second = await tab('/commands');
  await second.getByRole('heading', { name: 'Commands', level: 1 }).waitFor();
  const docs = await tab('/docs');
  await docs.getByText('Requests from this page are sent with your key.').waitFor();
  assert.equal(
    await second.evaluate(`localStorage.getItem('tidegate.key')`),
    null,
    'kept only where someone asked for it',
  );
  await second.getByRole('button', { name: 'Sign out' }).click();
  await first.getByLabel('Operator key').waitFor();
  await second.close();

  await first.getByLabel('Keep me signed in').check();
  await first.getByLabel('Operator key').fill(gateway.key);
  await first.getByRole('button', { name: 'Sign in' }).click();
  await first.getByRole('heading', { name: 'Devices', level: 1 }).waitFor();
  for (const page of profile.pages()) await page.close();
  const later = await tab('/attempts');
  await later.getByRole('heading', { name: 'Refused connections', level: 1 }).waitFor();
  await later.getByRole('button', { name: 'Sign out' }).click();
  await later.getByLabel('Operator key').waitFor();
  assert.equal(await later.evaluate('localStorage.length + sessionStorage.length'), 0);
  await profile.close();
});

test('a list opens where it was left, forms say what is wrong, and a fresh secret is not lost by a click', async (context) => {
  const { gateway, browser } = await startBoth(context);
  await gateway.api('POST', '/v1/device-imports', {
    devices: Array.from({ length: 200 }, (_, i) => ({ id: `pump-${i + 1}` })),
  });
  const { page, problems } = await openConsole(browser, `${gateway.operatorUrl}/devices?q=pump#key=${gateway.key}`);
  await page.getByText('200 shown').waitFor();
  await page.evaluate(`document.querySelector('.scroller').scrollTo(0, 5600)`);
  await page.getByRole('link', { name: /pump-104/ }).click();
  for (const back of [() => page.goBack(), () => page.getByRole('link', { name: 'Back to devices' }).click()]) {
    await page.getByRole('heading', { name: 'pump-104', level: 1 }).waitFor();
    await back();
    await page.getByRole('link', { name: /pump-104/ }).waitFor();
    assert.equal(await page.evaluate(`document.querySelector('.scroller').scrollTop`), 5600);
    assert.match(page.url(), /\?q=pump$/);
    await page.getByRole('link', { name: /pump-104/ }).click();
  }

  await page.goto(`${gateway.operatorUrl}/add`);
  await page.getByRole('button', { name: 'Add device' }).click();
  await page.getByText('Enter an id.').waitFor();
  assert.equal(await page.evaluate('document.activeElement?.getAttribute("aria-invalid")'), 'true');
  await page.getByLabel('Id', { exact: true }).fill('my pump');
  await page.getByRole('button', { name: 'Add device' }).click();
  await page.getByText('Use 1 to 64 letters, digits, _ and -.').waitFor();
  await page.getByLabel('Id', { exact: true }).fill('pump-1');
  await page.getByRole('button', { name: 'Add device' }).click();
  await page.getByText('pump-1').waitFor();
  await page.getByLabel('Id', { exact: true }).fill('pump-new');
  await page.getByLabel('Name', { exact: true }).fill('The new pump');
  await page.getByLabel('Model').selectOption('boiler');
  await page.getByLabel('Notes').fill('Came on a Monday.');
  await page.getByRole('button', { name: 'Add device' }).click();
  await page.getByText('Secret of pump-new.').waitFor();
  const { name, model, notes } = await gateway.api<DeviceBody>('GET', '/v1/devices/pump-new');
  assert.deepEqual([name, model, notes], ['The new pump', 'boiler', 'Came on a Monday.']);
  const questions: string[] = [];
  let leave = false;
  page.on('dialog', (dialog) => {
    questions.push(dialog.message());
    void (leave ? dialog.accept() : dialog.dismiss());
  });
  const fleet = page.getByRole('navigation').getByRole('link', { name: 'Fleet' });
  await fleet.click();
  await page.getByText('Secret of pump-new.').waitFor();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByText('Secret of pump-new.').waitFor();
  leave = true;
  await fleet.click();
  await page.getByRole('heading', { name: 'Fleet', level: 1 }).waitFor();
  assert.deepEqual(
    questions,
    Array(3).fill('You have not copied the secret of pump-new. It is not shown again. Leave anyway?'),
  );
  // The browser reports the refusal of the id that exists.
  assert.deepEqual(
    problems.filter((text) => !text.includes('409 (Conflict)')),
    [],
  );
});

test('a viewer reads why there is no button, and a wrong key leads back to the sign-in form with the reason', async (context) => {
  const { gateway, browser } = await startBoth(context);
  await gateway.api('POST', '/v1/devices', { id: 'boiler-7', model: 'boiler' });
  const viewer = await gateway.api<NewKeyBody>('POST', '/v1/keys', { name: 'wall', role: 'viewer' });
  const { page } = await openConsole(browser, `${gateway.operatorUrl}/devices/boiler-7?tab=commands#key=${viewer.key}`);
  await page.getByText('To send commands, you need the role').waitFor();
  assert.equal(await page.getByRole('button', { name: /^Send/ }).count(), 0);
  await page.goto(`${gateway.operatorUrl}/add`);
  await page.getByText('To add devices, you need the role').waitFor();
  await page.close();
  const wrong = await openConsole(browser, `${gateway.operatorUrl}/#key=tgk_${'A'.repeat(43)}`);
  await wrong.page.getByRole('alert').getByText('The gateway does not know this key.').waitFor();
  await wrong.page.getByLabel('Operator key').fill(gateway.key);
  await wrong.page.getByRole('button', { name: 'Sign in' }).click();
  await wrong.page.getByText('of 1 device connected').waitFor();
});

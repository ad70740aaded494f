import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Browser } from 'playwright-core';
import WebSocket from 'ws';
import type { DeviceBody, DevicePage, NewCredentialBody, NewKeyBody } from '../../schemas/generated/operator.js';
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
    await form.getByText('Someone else has changed this to Theirs').waitFor();
    await form.getByRole('button', { name: 'Use their value' }).click();
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

test('an operator selects rows and changes, commands and removes all of them', async (context) => {
  const devices = Array.from({ length: 30 }, (_, n) => ({
    id: `d${String(n).padStart(2, '0')}`,
    tags: { site: n < 20 ? 'north' : 'south' },
  }));
  const { gateway, browser } = await startWith(context, devices);
  const all = async (): Promise<DeviceBody[]> => (await gateway.api<DevicePage>('GET', '/v1/devices')).items;
  const { page, problems } = await openConsole(browser, `${gateway.operatorUrl}/devices#key=${gateway.key}`);
  const bar = page.getByRole('region', { name: 'Selected devices' });
  const box = (id: string) => page.getByLabel(`Select ${id}`, { exact: true });

  await context.test('a click and a shift-click select a range, and a tag is set', async () => {
    await box('d02').check();
    await box('d06').click({ modifiers: ['Shift'] });
    await bar.getByText('5 selected').waitFor();
    await box('d04').uncheck();
    await bar.getByText('4 selected').waitFor();
    await bar.getByRole('button', { name: 'Set tag' }).click();
    await bar.getByLabel('Tag', { exact: true }).fill('floor');
    await bar.getByLabel('Value').fill('2');
    await bar.getByRole('button', { name: 'Set tag for 4 devices' }).click();
    await bar.getByText('4 devices changed.').waitFor();
    const tagged = (await all()).filter(({ tags }) => tags.floor === '2').map(({ id }) => id);
    assert.deepEqual(tagged, ['d02', 'd03', 'd05', 'd06']);
    await page.getByRole('link', { name: /d05.*floor=2/ }).waitFor();
  });

  await context.test('all that match the filter are selected, also those that are not drawn', async () => {
    await bar.getByRole('button', { name: 'Clear selection' }).click();
    await page.getByLabel('tag', { exact: true }).selectOption('site=north');
    await page.getByLabel('Select all 20').check();
    await bar.getByText('20 selected').waitFor();
    await bar.getByRole('button', { name: 'Set model' }).click();
    await bar.getByLabel('Model').selectOption('room');
    await bar.getByRole('button', { name: 'Set model for 20 devices' }).click();
    await bar.getByText('20 devices changed.').waitFor();
    assert.equal((await all()).filter(({ model }) => model === 'room').length, 20);
    await page.getByRole('searchbox').fill('d07');
    await bar.getByText('(19 not shown)').waitFor();
  });

  await context.test('a device that was removed meanwhile leaves the selection', async () => {
    await gateway.api('DELETE', '/v1/devices/d01');
    await bar.getByText('19 selected').waitFor();
  });

  await context.test('the selection goes to the form of a batch', async () => {
    await bar.getByRole('button', { name: 'Send command' }).click();
    assert.match(await page.getByLabel(/^Device ids/).inputValue(), /^d00 d02 d03 .*d19$/);
    await page.goBack();
  });

  await context.test('removing asks first and names the number', async () => {
    await bar.getByRole('button', { name: 'Remove', exact: true }).click();
    await bar.getByRole('button', { name: 'Cancel' }).click();
    assert.equal((await all()).length, 29);
    await bar.getByRole('button', { name: 'Remove', exact: true }).click();
    await bar.getByRole('button', { name: 'Remove 19 devices permanently' }).click();
    await bar.getByText('19 devices changed.').waitFor();
    assert.equal((await all()).length, 10);
  });

  await context.test('a viewer has no boxes', async () => {
    const viewer = await gateway.api<NewKeyBody>('POST', '/v1/keys', { name: 'wall', role: 'viewer' });
    const wall = await openConsole(browser, `${gateway.operatorUrl}/devices#key=${viewer.key}`);
    await wall.page.getByText('10 shown').waitFor();
    assert.equal(await wall.page.getByRole('checkbox').count(), 0);
  });
  assert.deepEqual(problems, []);
});

/** Registers a device and connects it. The returned function sends one frame. */
async function connectDevice(
  context: TestContext,
  gateway: GatewayProcess,
  id: string,
  more: object = {},
): Promise<(values: object) => void> {
  const { secret } = await gateway.api<NewCredentialBody>('POST', '/v1/devices', { id, ...more });
  const ws = new WebSocket(`${gateway.deviceUrl}?stream=main`, ['tidegate.v1.json'], { auth: `${id}:${secret}` });
  context.after(() => ws.terminate());
  await new Promise<void>((resolve) => ws.once('message', () => resolve()));
  let seq = 0;
  return (values) => ws.send(JSON.stringify({ seq: ++seq, values }));
}

test('the list is sorted by name, state and value, has columns of choice, and views that are saved', async (context) => {
  const { gateway, browser } = await startWith(context, [
    { id: 'd1', name: 'Zebra' },
    { id: 'd2', name: 'Ape' },
  ]);
  const cold = await connectDevice(context, gateway, 'd3', { tags: { site: 'north' } });
  const warm = await connectDevice(context, gateway, 'd10');
  cold({ warmth: 5, other: 1 });
  warm({ warmth: 50, other: 1 });
  const { page, problems } = await openConsole(browser, `${gateway.operatorUrl}/devices#key=${gateway.key}`);
  await page.getByText('4 shown').waitFor();
  /** Waits until the list has this order. Rows are placed by their transform, so the order of the DOM is that of the list. */
  const untilOrder = async (...ids: string[]): Promise<void> => {
    const wanted = JSON.stringify(ids.map((id) => `/devices/${id}`));
    await page.evaluate(`new Promise((resolve) => {
      const look = () => {
        const order = [...document.querySelectorAll('.rows .row-link')].map((row) => row.getAttribute('href'));
        if (JSON.stringify(order) !== '${wanted}') return;
        observer.disconnect();
        resolve();
      };
      const observer = new MutationObserver(look);
      observer.observe(document.body, { childList: true, subtree: true });
      look();
    })`);
  };
  /** The headings that say that the list is sorted by them, with the direction. */
  const sorted = async (): Promise<string[]> =>
    page.getByRole('columnheader').evaluateAll((heads) =>
      heads.flatMap((head) => {
        const sort = head.getAttribute('aria-sort') ?? 'none';
        return sort === 'none' ? [] : [`${head.textContent} ${sort}`];
      }),
    );
  const heading = (name: string) => page.getByRole('columnheader').getByRole('button', { name, exact: true });
  await untilOrder('d1', 'd2', 'd3', 'd10');
  assert.deepEqual(await sorted(), ['NameId ↑ ascending']);
  await heading('Id').click();
  await untilOrder('d10', 'd3', 'd2', 'd1');
  assert.deepEqual(await sorted(), ['NameId ↓ descending']);
  await heading('Name').focus();
  await page.keyboard.press('Enter');
  await untilOrder('d2', 'd1', 'd3', 'd10');
  assert.deepEqual(await sorted(), ['Name ↑Id ascending']);
  await page.keyboard.press('Space');
  await untilOrder('d1', 'd2', 'd3', 'd10');
  assert.match(page.url(), /sort=-name$/);
  await heading('State').click();
  await untilOrder('d3', 'd10', 'd1', 'd2');
  assert.deepEqual(await sorted(), ['State ↑ ascending']);
  await page.locator('.value', { hasText: 'warmth' }).first().waitFor();
  await page.getByLabel('Sort by latest value').selectOption('m.warmth');
  await untilOrder('d3', 'd10', 'd1', 'd2');
  await heading('Turn the order round').click();
  await untilOrder('d10', 'd3', 'd1', 'd2');
  await page.mouse.move(5, 5);
  cold({ warmth: 70 });
  await untilOrder('d3', 'd10', 'd1', 'd2');

  await context.test('the order is kept while the pointer is on the list', async () => {
    await page.locator('.rows .row').first().hover();
    await page.getByText('sorting is paused while the pointer is on the list').waitFor();
    warm({ warmth: 90 });
    await page.locator('.rows .row', { hasText: 'd10' }).getByText('90', { exact: false }).waitFor();
    await untilOrder('d3', 'd10', 'd1', 'd2');
    await page.mouse.move(5, 5);
    await untilOrder('d10', 'd3', 'd1', 'd2');
  });

  await context.test('columns are chosen, stay in the address and in this browser', async () => {
    await page.getByText('Columns', { exact: true }).click();
    await page.getByRole('checkbox', { name: 'warmth' }).check();
    await page.getByRole('checkbox', { name: 'site' }).check();
    const row = page.locator('.rows .row', { hasText: 'd3' });
    await row.locator('.value', { hasText: 'north' }).waitFor();
    assert.equal(await row.locator('.value', { hasText: 'other' }).count(), 0);
    assert.match(page.url(), /sort=-m\.warmth&cols=m\.warmth%2Ct\.site$/);
    await heading('warmth').click();
    assert.match(page.url(), /sort=m\.warmth&/);
    assert.deepEqual(await sorted(), ['warmth ↑ ascending']);
    await page.getByRole('checkbox', { name: 'warmth' }).uncheck();
    await page.getByText('Sorted by warmth, which has no column.').waitFor();
    await page.getByRole('button', { name: 'Sort by id' }).click();
    assert.deepEqual(await sorted(), ['NameId ↑ ascending']);
    await page.getByRole('checkbox', { name: 'warmth' }).check();
    await page.goto(`${gateway.operatorUrl}/devices`);
    await page.locator('.rows .row', { hasText: 'd3' }).locator('.value', { hasText: 'north' }).waitFor();
  });

  await context.test('a view is saved with filters, order and columns, opened again, and removed', async () => {
    await page.goto(`${gateway.operatorUrl}/devices?q=d&sort=-name`);
    await page.getByText('Views', { exact: true }).click();
    await page.getByLabel('Save filters, sorting and columns as').fill('By name');
    await page.getByRole('button', { name: 'Save view' }).click();
    await page.getByRole('navigation').getByRole('link', { name: 'Devices' }).click();
    await page.reload();
    await untilOrder('d1', 'd2', 'd3', 'd10');
    await page.getByText('Views (1)').click();
    await page.getByRole('link', { name: 'By name' }).click();
    await page.waitForURL(/q=d&sort=-name&cols=t\.site%2Cm\.warmth$/);
    await untilOrder('d1', 'd2', 'd3', 'd10');
    await page.getByRole('button', { name: 'Remove view By name' }).click();
    assert.equal(await page.evaluate(`localStorage.getItem('tidegate.views')`), '[]');
  });

  await context.test('an address or a storage that makes no sense shows the list by id', async () => {
    await page.evaluate(
      `localStorage.setItem('tidegate.views', '{"a":1'); localStorage.setItem('tidegate.columns', 'x.,m.%')`,
    );
    await page.goto(`${gateway.operatorUrl}/devices?sort=nonsense&cols=m.%25E0,zz`);
    await untilOrder('d1', 'd2', 'd3', 'd10');
  });
  assert.deepEqual(problems, []);
});

test('wherever the id of a device is shown, its name is, too', async (context) => {
  const { gateway, browser } = await startWith(context, [{ id: 'other-1' }]);
  const send = await connectDevice(context, gateway, 'boiler-7', { name: 'North <hall>', model: 'boiler' });
  send({ temperature: 50 });
  await gateway.api('POST', '/v1/devices/boiler-7/commands', { name: 'reboot' });
  const { id } = await gateway.api<{ id: string }>('POST', '/v1/command-batches', {
    target: { ids: ['boiler-7'] },
    name: 'reboot',
  });
  const stranger = new WebSocket(gateway.deviceUrl, ['tidegate.v1.json'], { auth: `boiler-7:tgd_${'A'.repeat(43)}` });
  await new Promise((resolve) => stranger.once('error', resolve));
  const { page, problems } = await openConsole(browser, `${gateway.operatorUrl}/#key=${gateway.key}`);
  const link = page.getByRole('main').getByRole('link', { name: /North <hall> boiler-7/ });
  for (const path of ['/', '/devices', '/commands', '/attempts', '/audit'])
    await context.test(path, async () => {
      await page.goto(gateway.operatorUrl + path);
      await link.first().waitFor();
    });
  await context.test('a batch, the chart, its legend and its search, the map, and the title', async () => {
    await page.goto(`${gateway.operatorUrl}/commands?batch=${id}`);
    await page.getByRole('button', { name: 'North <hall> (boiler-7)' }).waitFor();
    await page.goto(`${gateway.operatorUrl}/chart?series=boiler-7:temperature&add=1`);
    await page.getByRole('button', { name: 'North <hall> boiler-7:temperature' }).waitFor();
    await page.getByRole('button', { name: 'Remove North <hall> (boiler-7):temperature' }).waitFor();
    await page.getByRole('button', { name: /^North <hall> boiler-7 boiler/ }).waitFor();
    await page.goto(`${gateway.operatorUrl}/devices/boiler-7`);
    await page.getByRole('heading', { name: 'North <hall> boiler-7', level: 1 }).waitFor();
    assert.match(await page.title(), /^North <hall> \(boiler-7\) · /);
  });
  assert.deepEqual(problems, []);
});

test('menus, questions and forms are used by keyboard, and the focus returns to what opened them', async (context) => {
  const { gateway, browser } = await startWith(context, [{ id: 'd1' }]);
  const { page, problems } = await openConsole(browser, `${gateway.operatorUrl}/devices#key=${gateway.key}`);
  /** The text of the element with the focus, and whether the page marks it. */
  const focused = (): Promise<unknown> =>
    page.evaluate(`(() => {
      const element = document.activeElement;
      const { outlineStyle } = getComputedStyle(element);
      return [element.textContent.trim(), outlineStyle !== 'none' || element.matches('.row-link')];
    })()`);
  await page.getByRole('link', { name: 'd1' }).waitFor();

  await context.test('the menu of the columns', async () => {
    await page.getByText('Columns', { exact: true }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('checkbox', { name: 'temperature', exact: true }).waitFor();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Space');
    await page.keyboard.press('Escape');
    await page.getByRole('checkbox', { name: 'temperature', exact: true }).waitFor({ state: 'hidden' });
    assert.deepEqual(await focused(), ['Columns (1)', true]);
  });

  await context.test('from the headings into the rows', async () => {
    await page.getByRole('columnheader').getByRole('button', { name: 'Last seen' }).focus();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    assert.deepEqual(await focused(), ['d1', true]);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'd1', level: 1 }).waitFor();
  });

  await context.test('the form that edits a device', async () => {
    await page.getByRole('button', { name: 'Edit' }).press('Enter');
    await page.getByRole('form', { name: 'Edit the device' }).getByRole('button', { name: 'Cancel' }).press('Enter');
    await page.getByRole('form', { name: 'Edit the device' }).waitFor({ state: 'detached' });
    assert.deepEqual(await focused(), ['Edit', true]);
  });

  await context.test(
    'the question before a device is removed, which a key that is held down does not answer',
    async () => {
      await page.goto(`${gateway.operatorUrl}/devices/d1?tab=access`);
      await page.getByRole('button', { name: 'Remove', exact: true }).press('Enter');
      await page.getByRole('button', { name: 'Remove d1 permanently' }).waitFor();
      assert.deepEqual(await focused(), ['Cancel', true]);
      await page.keyboard.press('Escape');
      assert.deepEqual(await focused(), ['Remove', true]);
      await page.getByRole('button', { name: 'Remove', exact: true }).press('Enter');
      await page.getByRole('button', { name: 'Cancel' }).press('Enter');
      assert.deepEqual(await focused(), ['Remove', true]);
      assert.equal((await gateway.api<DeviceBody>('GET', '/v1/devices/d1')).id, 'd1');
    },
  );
  assert.deepEqual(problems, []);
});

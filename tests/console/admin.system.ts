import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import WebSocket from 'ws';
import type { KeyPage, NewCredentialBody, NewKeyBody } from '../../schemas/generated/operator.js';
import { packageRoot } from '../../schemas/load.js';
import { type GatewayProcess, type GatewayProcessOptions, startGatewayProcess } from '../rig/gatewayProcess.js';
import { tempFolder } from '../rig/tempFolder.js';
import { openBrowser } from './browser.js';
import { keepPicture, openConsole, pageFindings, picturesFolder } from './consolePage.js';

const models = join(packageRoot, 'config', 'models');

/** Starts a gateway and a browser. The gateway ends before its folder is removed. */
async function startBoth(
  context: TestContext,
  set: string[] = [],
): Promise<{ gateway: GatewayProcess; browser: Browser }> {
  const ends: (() => Promise<unknown>)[] = [];
  context.after(async () => {
    for (const end of ends.reverse()) await end();
  });
  const gateway = await startGatewayProcess(asInstalled(tempFolder(context), ['gatewayId=harbour', ...set]));
  ends.push(gateway.stop);
  const browser = await openBrowser();
  ends.push(() => browser.close());
  return { gateway, browser };
}

/**
 * For pictures, a gateway whose paths are those of an installation and not of this machine: it sees its folder as /srv/tidegate/data, by a
 * mount that only it has. That needs root.
 */
function asInstalled(folder: string, set: string[]): GatewayProcessOptions {
  if (picturesFolder === undefined) return { data: folder, set };
  const mount = 'mount -t tmpfs none /srv && mkdir -p /srv/tidegate/data && mount --bind "$0" /srv/tidegate/data';
  return {
    data: folder,
    set: ['data=/srv/tidegate/data', 'models=/srv/tidegate/models', ...set],
    wrapper: [
      'unshare',
      '--mount',
      'sh',
      '-c',
      `${mount} && cp -r "$1" /srv/tidegate/models && shift && exec "$@"`,
      folder,
      models,
    ],
  };
}

/** Opens a page of the console, signed in with the first key unless another is given. */
async function openPage(
  { gateway, browser }: { gateway: GatewayProcess; browser: Browser },
  path: string,
  key = gateway.key,
): Promise<{ page: Page; problems: string[] }> {
  return openConsole(browser, `${gateway.operatorUrl}${path}#key=${key}`);
}

/** Registers a device, which sends two readings and has its ack when this resolves. */
async function sendReadings(context: TestContext, gateway: GatewayProcess, id: string): Promise<void> {
  const { secret } = await gateway.api<NewCredentialBody>('POST', '/v1/devices', { id });
  const ws = new WebSocket(`${gateway.deviceUrl}?stream=main`, ['tidegate.v1.json'], { auth: `${id}:${secret}` });
  context.after(() => ws.terminate());
  await new Promise<void>((resolve, reject) => {
    ws.on('error', reject);
    ws.on('message', (data) => {
      const { type } = JSON.parse(String(data)) as { type: string };
      if (type === 'welcome') ws.send('{"seq":1,"values":{"temperature":21.5,"pressure":1013}}');
      if (type === 'ack') resolve();
    });
  });
}

test('an admin adds a key with an expiry, sees its text once, knows the own key, and revokes', async (context) => {
  const both = await startBoth(context);
  const { page, problems } = await openPage(both, '/keys');
  const rows = page.getByRole('region', { name: 'Operator keys' }).getByRole('listitem');
  await rows.filter({ hasText: 'your key' }).waitFor();
  await page.getByLabel('Name').fill('night shift');
  await page.getByLabel('Role').selectOption('operator');
  await page.getByLabel('Expiry').selectOption('7');
  await page.getByRole('button', { name: 'Add key' }).click();
  const text = await page.getByRole('region', { name: 'Key', exact: true }).innerText();
  assert.match(text.trim(), /^tgk_[A-Za-z0-9_-]{43}$/);
  await rows.filter({ hasText: 'night shift' }).filter({ hasText: 'never used' }).waitFor();
  const { items } = await both.gateway.api<KeyPage>('GET', '/v1/keys');
  const made = items.find(({ name }) => name === 'night shift');
  assert.equal(made?.role, 'operator');
  const left = (made?.notAfter ?? 0) - Date.now();
  assert.ok(left > 6.9 * 86_400_000 && left <= 7 * 86_400_000, `it expires in ${left} ms`);

  const asked = page.waitForEvent('dialog');
  const leaving = page.getByRole('navigation').getByRole('link', { name: 'Fleet' }).click();
  const question = await asked;
  assert.equal(question.message(), 'You have not copied the key night shift. It is not shown again. Leave anyway?');
  await question.dismiss();
  await leaving;
  await page.getByRole('button', { name: 'I have copied it' }).click();
  await page.getByRole('region', { name: 'Key', exact: true }).waitFor({ state: 'detached' });
  assert.doesNotMatch(await page.content(), new RegExp(text.trim()));

  const row = rows.filter({ hasText: 'night shift' });
  await row.getByRole('button', { name: 'Revoke' }).click();
  await row.getByRole('button', { name: 'Cancel' }).click();
  await row.getByRole('button', { name: 'Revoke' }).click();
  await row.getByRole('button', { name: 'Revoke night shift' }).click();
  await row.waitFor({ state: 'detached' });
  assert.equal((await both.gateway.api<KeyPage>('GET', '/v1/keys')).items.length, 1);
  assert.deepEqual(problems, []);
});

test('the audit is shown in words, filtered by who, what, subject and time, and read further back', async (context) => {
  const both = await startBoth(context);
  const { gateway } = both;
  const shift = await gateway.api<NewKeyBody>('POST', '/v1/keys', { name: 'night shift', role: 'operator' });
  for (let number = 0; number < 120; number++) await gateway.api('POST', '/v1/devices', { id: `pump-${number}` });
  await gateway.api('PATCH', '/v1/devices/pump-7', { tags: { site: 'north', floor: '2' }, state: 'disabled' });
  const authorization = `Bearer ${shift.key}`;
  await fetch(`${gateway.operatorUrl}/v1/devices/pump-9`, { method: 'DELETE', headers: { authorization } });

  const { page, problems } = await openPage(both, '/audit');
  const entries = page.getByRole('region', { name: 'Changes, newest first' }).getByRole('listitem');
  await entries.filter({ hasText: 'Removed a device pump-9' }).filter({ hasText: 'night shift' }).waitFor();
  await entries.filter({ hasText: 'tags: site=north, floor=2 · state: disabled' }).waitFor();
  assert.equal(await entries.count(), 100);
  await page.getByRole('button', { name: 'Show older' }).click();
  await entries.filter({ hasText: 'night shift, operator' }).waitFor();
  assert.equal(await page.getByRole('button', { name: 'Show older' }).count(), 0);

  await page.getByLabel('Who').selectOption('night shift');
  await entries.nth(1).waitFor({ state: 'detached' });
  assert.match(await entries.innerText(), /Removed a device pump-9/);
  await page.getByLabel('Who').selectOption('anyone');
  await page.getByLabel('Device, batch or key').fill('pump-7');
  await entries.filter({ hasText: 'pump-7' }).nth(1).waitFor();
  await entries.nth(2).waitFor({ state: 'detached' });
  assert.equal(await entries.count(), 2);
  await page.getByLabel('What').selectOption('Changed a device');
  await entries.nth(1).waitFor({ state: 'detached' });
  await page.getByLabel('Time', { exact: true }).selectOption('from … to …');
  await page.getByLabel('to', { exact: true }).fill('2020-01-31T12:00');
  await page.getByText('No changes match.').waitFor();
  assert.deepEqual(problems, []);
});

test('the settings show value, default and source, and a reload reports what it changed', async (context) => {
  const both = await startBoth(context, ['store.retentionDays=30', 'mqtt.username=harbour', 'mqtt.password=hunter2']);
  const { page, problems } = await openPage(both, '/settings');
  const row = (key: string) => page.getByRole('listitem').filter({ has: page.getByText(key, { exact: true }) });
  await row('store.retentionDays').waitFor();
  assert.match(await row('store.retentionDays').innerText(), /30\s+default: \d+\s+command line\s+restart to apply/);
  assert.match(await row('limits.links').innerText(), /default\s+reload to apply/);
  assert.match(await row('mqtt.password').innerText(), /set, hidden/);
  assert.doesNotMatch(await page.content(), /hunter2/);
  await page.getByLabel('Which settings').selectOption('set in this installation');
  await row('limits.links').waitFor({ state: 'detached' });
  await page.getByLabel('Key or description').fill('retention');
  await page.getByText('1 shown').waitFor();
  await page.getByRole('button', { name: 'Reload configuration' }).click();
  await page.getByText('Reloaded. No settings have changed.').waitFor();
  assert.deepEqual(problems, []);
});

test('the storage shows what is not sealed, and sealing moves it into the day', async (context) => {
  const both = await startBoth(context);
  await sendReadings(context, both.gateway, 'pump-2');
  const { page, problems } = await openPage(both, '/storage');
  await page.getByText('2 readings in the log are not in day files yet.').waitFor();
  await page.getByText('No day files yet.').waitFor();
  await page.getByRole('button', { name: 'Seal now' }).click();
  await page.getByText('Sealed: all readings are in day files.').waitFor();
  await page.getByText('0 readings in the log are not in day files yet.').waitFor();
  await page.getByRole('rowheader', { name: /^20\d\d-\d\d-\d\d$/ }).waitFor();
  assert.deepEqual(problems, []);
});

test('a backup is made now, into the folder of the settings or another, and shown with its job', async (context) => {
  const folder = tempFolder(context);
  const set = [
    `backup.folder=${join(folder, 'backups')}`,
    'backup.schedule=30 3 * * *',
    'backup.timeZone=Europe/Berlin',
  ];
  const both = await startBoth(context, set);
  const { page, problems } = await openPage(both, '/backups');
  await page.getByText(/The next backup starts in .* time zone Europe\/Berlin\./).waitFor();
  await page.getByText('No backups yet.').waitFor();
  await page.getByRole('button', { name: 'Back up now' }).click();
  const made = page.getByRole('region', { name: 'Complete backups' }).getByRole('listitem');
  await made.filter({ hasText: join(folder, 'backups', 'tidegate-') }).waitFor();
  assert.equal(readdirSync(join(folder, 'backups')).length, 1);
  await page.getByLabel('Folder').fill(folder);
  await page.getByRole('button', { name: 'Back up now' }).click();
  await page.getByText(/exists and is not an empty folder/).waitFor();
  await page.getByLabel('Folder').fill(join(folder, 'monday'));
  await page.getByRole('button', { name: 'Back up now' }).click();
  await page.getByText(`Backup started: ${join(folder, 'monday')}`).waitFor();
  await page.goto(`${both.gateway.operatorUrl}/jobs`);
  const job = page.getByRole('listitem').filter({ hasText: `Backup to ${join(folder, 'monday')}` });
  await job.filter({ hasText: 'done' }).waitFor();
  // The gateway answers 400 for the folder that is not empty, which browsers log as an error.
  assert.deepEqual(
    problems.filter((text) => !text.includes('400')),
    [],
  );
});

test('the commands of all devices are found by device, name and state', async (context) => {
  const both = await startBoth(context);
  for (const id of ['pump-1', 'pump-2']) await both.gateway.api('POST', '/v1/devices', { id });
  for (const [id, name] of [
    ['pump-1', 'open'],
    ['pump-2', 'open'],
    ['pump-2', 'close'],
  ])
    await both.gateway.api('POST', `/v1/devices/${id}/commands`, { name, params: { speed: 3 } });
  const { page, problems } = await openPage(both, '/commands');
  const rows = page.getByRole('region', { name: 'Commands of all devices' }).getByRole('listitem');
  await rows.nth(2).waitFor();
  await page.getByLabel('Command name').fill('open');
  await rows.nth(2).waitFor({ state: 'detached' });
  await page.getByLabel('Device id').fill('pump-2');
  await rows.nth(1).waitFor({ state: 'detached' });
  assert.match(await rows.innerText(), /open pump-2\s+{"speed":3}\s+queued/);
  await page.getByLabel('State').selectOption('succeeded');
  await page.getByText('No commands match.').waitFor();
  // While an id is typed there may be no such device, which browsers log as an error.
  assert.deepEqual(
    problems.filter((text) => !text.includes('404')),
    [],
  );
});

test('/ goes to the search field, ? opens a help that keeps the focus, and Escape leaves both', async (context) => {
  const both = await startBoth(context);
  const { page, problems } = await openPage(both, '/settings');
  const search = page.getByLabel('Key or description');
  await search.waitFor();
  await page.keyboard.press('/');
  await page.keyboard.type('a?b');
  assert.equal(await search.inputValue(), 'a?b');
  assert.equal(await page.getByRole('dialog').count(), 0);
  await page.keyboard.press('Escape');
  await page.keyboard.press('?');
  const help = page.getByRole('dialog', { name: 'Keys' });
  await help.waitFor();
  for (let presses = 0; presses < 5; presses++) {
    await page.keyboard.press('Tab');
    const outside = await page.evaluate(
      `document.activeElement.closest('dialog') === null && document.activeElement !== document.body`,
    );
    assert.equal(outside, false, 'the focus stays in the dialog');
  }
  assert.deepEqual(await pageFindings(page), []);
  await page.keyboard.press('Escape');
  await help.waitFor({ state: 'hidden' });
  assert.deepEqual(problems, []);
});

test('a viewer reads which role a page of the administration needs', async (context) => {
  const both = await startBoth(context);
  const viewer = await both.gateway.api<NewKeyBody>('POST', '/v1/keys', { name: 'wall', role: 'viewer' });
  for (const path of ['/keys', '/audit']) {
    const { page, problems } = await openPage(both, path, viewer.key);
    await page.getByText(/you need the role admin/).waitFor();
    assert.deepEqual(problems, []);
    await page.close();
  }
});

for (const colorScheme of ['light', 'dark'] as const)
  test(`axe-core finds nothing on the pages of the administration, and none is wider than its screen, in the ${colorScheme} theme and three widths`, async (context) => {
    const both = await startBoth(context, [
      `backup.folder=${picturesFolder === undefined ? join(tempFolder(context), 'backups') : '/srv/backups'}`,
    ]);
    await both.gateway.api('POST', '/v1/backup');
    await both.gateway.api('POST', '/v1/devices', { id: 'pump-1' });
    await sendReadings(context, both.gateway, 'pump-2');
    await both.gateway.api('POST', '/v1/gateway/seal');
    await both.gateway.api('POST', '/v1/keys', {
      name: 'a-key-with-a-name-that-has-no-space-'.repeat(3),
      role: 'admin',
    });
    const pages: [name: string, path: string, wanted: string][] = [
      ['more', '/more', '.more li'],
      ['keys', '/keys', '.credentials li'],
      ['audit', '/audit?span=between', '.entries li'],
      ['settings', '/settings', '.settings li'],
      ['command-history', '/commands?span=between', '.entries li, .empty'],
      ['storage', '/storage', '.days tbody tr'],
      ['backups', '/backups', '.entries li'],
      ['jobs', '/jobs', '.entries li'],
    ];
    const findings: string[] = [];
    const { page } = await openConsole(both.browser, `${both.gateway.operatorUrl}/#key=${both.gateway.key}`, {
      colorScheme,
    });
    for (const [name, path, wanted] of pages) {
      await page.goto(both.gateway.operatorUrl + path);
      await page.locator(wanted).first().waitFor();
      for (const width of [1440, 1024, 390]) {
        await page.setViewportSize({ width, height: 844 });
        findings.push(...(await pageFindings(page)));
        await keepPicture(page, name, colorScheme);
      }
    }
    assert.deepEqual(findings, []);
  });

test('on a phone the pages of the administration are behind More', async (context) => {
  const both = await startBoth(context);
  const { page } = await openConsole(both.browser, `${both.gateway.operatorUrl}/#key=${both.gateway.key}`, {
    viewport: { width: 390, height: 844 },
  });
  const navigation = page.getByRole('navigation', { name: 'Pages' });
  await navigation.getByRole('link', { name: 'Fleet' }).waitFor();
  assert.equal(await navigation.getByRole('link', { name: 'Keys' }).isVisible(), false);
  await navigation.getByRole('link', { name: 'More' }).click();
  await page.getByRole('main').getByRole('link', { name: /^Keys/ }).click();
  await page.getByRole('heading', { name: 'Keys', level: 1 }).waitFor();
  assert.equal(await navigation.getByRole('link', { name: 'More' }).getAttribute('aria-current'), 'page');
});

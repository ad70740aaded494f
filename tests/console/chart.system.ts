import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { parquetReadObjects } from 'hyparquet';
import type { Browser, Page } from 'playwright-core';
import WebSocket from 'ws';
import type { NewCredentialBody } from '../../schemas/generated/operator.js';
import { packageRoot } from '../../schemas/load.js';
import { type GatewayProcess, startGatewayProcess } from '../rig/gatewayProcess.js';
import { tempFolder } from '../rig/tempFolder.js';
import { openBrowser } from './browser.js';
import { keepPicture, openConsole, pageFindings } from './consolePage.js';

type Values = Record<string, number | string | boolean>;

/** Starts a gateway and a browser, which end in reverse order, the gateway before its folder is removed. */
async function startBoth(
  context: TestContext,
  set: string[] = [],
): Promise<{ gateway: GatewayProcess; browser: Browser }> {
  const ends: (() => Promise<unknown>)[] = [];
  context.after(async () => {
    for (const end of ends.reverse()) await end();
  });
  const gateway = await startGatewayProcess({ data: tempFolder(context), set: ['gatewayId=harbour', ...set] });
  ends.push(gateway.stop);
  const browser = await openBrowser();
  ends.push(() => browser.close());
  return { gateway, browser };
}

/** Registers a device, sends one frame per time, and waits until all are stored. At most 60 frames: they are in the window together. */
async function sendFrames(
  context: TestContext,
  gateway: GatewayProcess,
  id: string,
  frames: { ts: number; values: Values }[],
): Promise<void> {
  assert.ok(frames.length <= 60);
  const { secret } = await gateway.api<NewCredentialBody>('POST', '/v1/devices', { id, model: 'boiler' });
  const ws = new WebSocket(gateway.deviceUrl, ['tidegate.v1.json'], { auth: `${id}:${secret}` });
  context.after(() => ws.terminate());
  await new Promise<void>((resolve, reject) => {
    ws.on('error', reject);
    ws.on('message', (data) => {
      const message = JSON.parse(String(data)) as { type: string; seq: number; message?: string };
      if (message.type === 'nack') reject(new Error(String(data)));
      if (message.type === 'welcome')
        frames.forEach((frame, i) => void ws.send(JSON.stringify({ seq: i + 1, ...frame })));
      if (message.type === 'ack' && message.seq === frames.length) resolve();
    });
  });
}

/** Five minutes before this minute: two boilers that send every 10 s, the first with a gap of a minute. */
async function sendHistory(context: TestContext, gateway: GatewayProcess): Promise<{ from: number; to: number }> {
  const to = Math.floor(Date.now() / 60_000) * 60_000;
  const from = to - 300_000;
  const times = Array.from({ length: 30 }, (_, i) => i);
  const frames = (base: number) =>
    times.map((i) => ({
      ts: from + i * 10_000,
      values: {
        temperature: base + i / 10,
        pressure: 1013 + i / 100,
        mode: i < 12 ? 'idle' : 'heating',
        burner: i >= 12,
      },
    }));
  await sendFrames(
    context,
    gateway,
    'boiler-1',
    frames(50).filter((_, i) => i < 15 || i > 20),
  );
  await sendFrames(context, gateway, 'boiler-2', frames(60));
  return { from, to };
}

const chartPath = (series: string[], rest: Record<string, string>): string => {
  const parameters = new URLSearchParams(series.map((one): [string, string] => ['series', one]));
  for (const [name, value] of Object.entries(rest)) parameters.set(name, value);
  return `/chart?${parameters}`;
};

const cellsOf = async (page: Page, series: string): Promise<string[]> =>
  page
    .getByRole('row', { name: new RegExp(`^${series}`) })
    .locator('td')
    .allInnerTexts();

test('several metrics of several devices are drawn together, from an address that holds all of it', async (context) => {
  const { gateway, browser } = await startBoth(context);
  const { from, to } = await sendHistory(context, gateway);
  const iso = (ts: number): string => new Date(ts).toISOString();
  const series = [
    'boiler-1:temperature',
    'boiler-2:temperature',
    'boiler-1:pressure',
    'boiler-1:mode',
    'boiler-1:burner',
  ];
  const path = chartPath(series, { from: iso(from), to: iso(to), zone: 'utc' });
  const { page, problems } = await openConsole(browser, `${gateway.operatorUrl}${path}#key=${gateway.key}`);
  const legend = page.getByRole('region', { name: 'Values of the lines' });

  await context.test('the legend has the numbers of what was sent', async () => {
    await page.getByText('Shows single readings. 2 gaps').waitFor();
    assert.deepEqual((await cellsOf(page, 'boiler-2:temperature')).slice(0, 5), [
      '62.90',
      '60.00',
      '62.90',
      '61.45',
      '°C',
    ]);
    assert.deepEqual((await cellsOf(page, 'boiler-1:temperature')).slice(1, 3), ['50.00', '52.90']);
  });

  await context.test('texts and booleans are bars with the length of each state, and a gap ends a bar', async () => {
    const row = page.getByRole('row', { name: /^boiler-1:mode/ });
    // Heating from 2:00 to the reading at 2:20, which holds for one interval, and from 3:30 to the end.
    await row.getByText('heating', { exact: true }).waitFor();
    assert.match(await row.innerText(), /heating\s+2 min, 50 %, 2 times/);
    assert.match(await row.innerText(), /idle\s+2 min, 50 %, once/);
    assert.match(
      await page.getByRole('row', { name: /^boiler-1:burner/ }).innerText(),
      /no\s+2 min, 50 %, once\s+yes\s+2 min, 50 %, 2 times/,
    );
  });

  await context.test('the pointer shows the values at its time', async () => {
    const plot = page.locator('.plot .u-over');
    const box = (await plot.boundingBox()) as { x: number; y: number; width: number; height: number };
    await page.mouse.move(box.x + box.width * 0.2, box.y + 50);
    await legend.getByText('here').waitFor();
    assert.equal(
      (await cellsOf(page, 'boiler-2:temperature'))[0],
      '60.60',
      'a fifth of five minutes is the 7th reading',
    );
    assert.match(await page.getByRole('row', { name: /^boiler-1:mode/ }).innerText(), /idle for 2 min from/);
    await page.mouse.move(box.x + box.width * 0.6, box.y + 50);
    await legend.getByText('gap').first().waitFor();
    await page.mouse.move(5, 5);
  });

  await context.test('a press hides a series, and the address keeps it', async () => {
    await page.getByRole('button', { name: 'boiler-2:temperature', exact: true }).click();
    await page.waitForURL(/hide=boiler-2%3Atemperature/);
    await page.reload();
    await page.locator('tr.off', { hasText: 'boiler-2:temperature' }).waitFor();
    await page.getByRole('button', { name: 'boiler-2:temperature', exact: true }).click();
    await page.waitForURL((url) => !url.search.includes('hide'));
  });

  await context.test('a drag zooms, Shift moves, keys zoom, and the zoom is reset', async () => {
    const plot = page.locator('.plot .u-over');
    await plot.waitFor();
    const box = (await plot.boundingBox()) as { x: number; y: number; width: number; height: number };
    const drag = async (start: number, end: number): Promise<void> => {
      await page.mouse.move(box.x + box.width * start, box.y + 100);
      await page.mouse.down();
      await page.mouse.move(box.x + box.width * end, box.y + 100, { steps: 5 });
      await page.mouse.up();
    };
    const zoom = (): number[] => (/zoom=(\d+)-(\d+)/.exec(page.url()) ?? []).slice(1).map(Number);
    await drag(0.25, 0.75);
    await page.waitForURL(/zoom=/);
    const [zoomFrom, zoomTo] = zoom();
    assert.ok(Math.abs(zoomFrom - from - 75_000) < 3_000 && Math.abs(zoomTo - zoomFrom - 150_000) < 5_000);
    await page.keyboard.down('Shift');
    await drag(0.5, 0.75);
    await page.keyboard.up('Shift');
    const [movedFrom, movedTo] = zoom();
    assert.ok(Math.abs(movedTo - movedFrom - (zoomTo - zoomFrom)) < 3, 'moving keeps the width');
    assert.ok(movedFrom < zoomFrom - 30_000, 'the content follows the pointer, so the range goes back');
    await page.locator('.plots').press('+');
    await page.waitForURL((url) => {
      const [a, b] = (url.searchParams.get('zoom') ?? '').split('-').map(Number);
      return b - a < (movedTo - movedFrom) * 0.6;
    });
    await page.getByRole('button', { name: 'Reset zoom' }).click();
    await page.waitForURL((url) => !url.search.includes('zoom'));
  });

  assert.deepEqual(problems, []);
});

test('the time is chosen by texts, in local time or UTC, and what is no time is refused', async (context) => {
  const { gateway, browser } = await startBoth(context);
  await sendHistory(context, gateway);
  const path = chartPath(['boiler-1:temperature'], {});
  const { page, problems } = await openConsole(browser, `${gateway.operatorUrl}${path}#key=${gateway.key}`, {
    timezoneId: 'Asia/Kolkata',
  });
  await page.getByText('Times in Asia/Calcutta (UTC+5:30)').waitFor();
  const from = page.getByLabel('From', { exact: true });
  const show = page.getByRole('button', { name: 'Show', exact: true });
  await from.fill('soon');
  await show.click();
  await page.getByRole('alert').getByText('“soon” is not a time.').waitFor();
  await from.fill('-6h');
  await show.click();
  await page.waitForURL(/from=-6h/);
  await from.fill('2026-01-01 05:30');
  await page.getByLabel('To', { exact: true }).fill('2026-01-01 06:30');
  await show.click();
  await page.waitForURL(/from=2026-01-01T00%3A00%3A00.000Z&to=2026-01-01T01%3A00%3A00.000Z/);
  await page.getByText('No data in this time range.').waitFor();
  await page.getByRole('button', { name: 'UTC' }).click();
  await page.waitForURL(/zone=utc/);
  assert.equal(await from.inputValue(), '2026-01-01 00:00:00');
  await page.getByRole('button', { name: '1h', exact: true }).click();
  await page.waitForURL(/from=-1h/);
  await page.getByText('Shows the mean per 10s').waitFor();
  assert.deepEqual(problems, []);
});

test('series are picked from a search of devices, twelve at most, and follow new values', async (context) => {
  const { gateway, browser } = await startBoth(context);
  await sendHistory(context, gateway);
  const { page, problems } = await openConsole(browser, `${gateway.operatorUrl}/devices/boiler-1#key=${gateway.key}`);
  await page.getByRole('button', { name: 'mode' }).click();
  await page.getByRole('row', { name: /^mode/ }).last().getByText('heating').first().waitFor();
  await page.getByRole('link', { name: 'Compare…' }).click();
  await page.getByRole('heading', { name: 'Chart', level: 1 }).waitFor();
  await page.getByRole('searchbox', { name: 'Device' }).fill('boiler-2');
  await page.getByRole('button', { name: /^boiler-2/ }).click();
  await page.getByRole('checkbox', { name: /^temperature/ }).check();
  await page.waitForURL(/series=boiler-1%3Amode&series=boiler-2%3Atemperature/);
  await page.getByRole('row', { name: /^boiler-2:temperature/ }).waitFor();
  await page.getByRole('button', { name: 'Remove boiler-1:mode' }).click();
  await page.waitForURL((url) => !url.search.includes('mode'));

  const many = Array.from({ length: 14 }, (_, i) => `boiler-${i}:temperature`);
  await page.goto(gateway.operatorUrl + chartPath([...many, 'nonsense'], { add: '1' }));
  await page.getByText('A chart shows up to 12 series. 2 more in this URL are not shown.').waitFor();
  await page.getByText('“nonsense” is not a series.').waitFor();
  await page.getByText('Remove one to add another.').waitFor();
  await page.getByText('There is no device boiler-3').waitFor();
  // The gateway answers 404 for the ten devices that do not exist, which browsers log as errors.
  assert.deepEqual(
    problems.filter((text) => !text.includes('404')),
    [],
  );
});

/** Runs a program of the page as an operator would: a shell, or Python, with the key in the environment. */
async function runSnippet(command: string, args: string[], gateway: GatewayProcess): Promise<string> {
  const { stdout } = await promisify(execFile)(command, args, {
    // `npx tidegate` would start npm; the function is the same program.
    env: { ...process.env, TIDEGATE_KEY: gateway.key },
    maxBuffer: 10_000_000,
  });
  return stdout;
}

const npxAsNode = `npx() { shift; "${process.execPath}" "${join(packageRoot, 'dist', 'cli', 'main.js')}" "$@"; }\n`;
/** Debian's Python, for which the package python3-pandas is. */
const python = '/usr/bin/python3';

test('what is shown is saved as CSV, JSON and Parquet, and every program that the page shows runs', async (context) => {
  const { gateway, browser } = await startBoth(context);
  const { from, to } = await sendHistory(context, gateway);
  const series = ['boiler-1:temperature', 'boiler-2:temperature', 'boiler-2:mode'];
  const path = chartPath(series, { from: new Date(from).toISOString(), to: new Date(to).toISOString() });
  const { page, problems } = await openConsole(browser, `${gateway.operatorUrl}${path}#key=${gateway.key}`, {
    acceptDownloads: true,
  });
  await page.getByText('Shows single readings.').waitFor();
  await page.getByText('Export', { exact: true }).click();

  const saved = async (format: string): Promise<Buffer> => {
    await page.getByRole('combobox', { name: 'File' }).selectOption(format);
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Save file' }).click(),
    ]);
    assert.match(download.suggestedFilename(), new RegExp(`^tidegate-.*\\.${format}$`));
    return readFileSync(await download.path());
  };

  await context.test('CSV', async () => {
    const lines = (await saved('csv')).toString().trimEnd().split('\r\n');
    assert.equal(lines[0], 'device,metric,unit,time,ts,value');
    assert.equal(lines.length, 1 + 24 + 30 + 30);
    assert.equal(lines[1], `boiler-1,temperature,Cel,${new Date(from).toISOString()},${from},50`);
    await page.getByText('Saved 84 rows.').waitFor();
  });

  await context.test('JSON', async () => {
    const rows = JSON.parse((await saved('json')).toString()) as { device: string; value: unknown }[];
    assert.equal(rows.length, 84);
    assert.deepEqual(rows.at(-1)?.value, 'heating');
  });

  await context.test('Parquet', async () => {
    const bytes = await saved('parquet');
    const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer;
    const rows = (await parquetReadObjects({ file })) as Record<string, unknown>[];
    assert.equal(rows.length, 84);
    assert.deepEqual(rows[0], {
      device: 'boiler-1',
      metric: 'temperature',
      unit: 'Cel',
      time: new Date(from),
      value: 50,
      value_text: null,
    });
  });

  const programOf = async (name: string): Promise<string> => {
    await page.getByLabel('Copy as').selectOption(name);
    return page.getByRole('region', { name: /^Command for/ }).innerText();
  };
  for (const [name, run] of [
    ['curl', (text: string) => runSnippet('sh', ['-c', text], gateway)],
    ['query', (text: string) => runSnippet('sh', ['-c', npxAsNode + text], gateway)],
    ['sql', (text: string) => runSnippet('sh', ['-c', npxAsNode + text], gateway)],
    ['python', (text: string) => runSnippet(python, ['-c', text], gateway)],
    ['pandas', (text: string) => runSnippet(python, ['-c', text], gateway)],
  ] as const)
    await context.test(name, async () => {
      const printed = await run(await programOf(name));
      if (name === 'pandas') return assert.match(printed, /\[84 rows x 4 columns\]/);
      const values = printed.split('\n').filter((line) => /temperature|mode/.test(line));
      assert.equal(values.length, 84, printed.slice(0, 500));
      assert.match(printed, /heating/);
    });

  await context.test('in buckets as drawn, for a longer time', async () => {
    await page.goto(gateway.operatorUrl + chartPath(series, { from: '-1h' }));
    await page.getByText('Shows the mean per 10s').waitFor();
    await page.getByText('Export', { exact: true }).click();
    const sql = await runSnippet('sh', ['-c', npxAsNode + (await programOf('sql'))], gateway);
    assert.match(sql, /^device,metric,start,avg,min,max,count$/m);
    assert.match(sql, new RegExp(`^boiler-1,temperature,${from},50,50,50,1$`, 'm'));
    const csv = (await saved('csv')).toString();
    assert.match(csv, /^device,metric,unit,time,ts,avg,min,max,sum,count,first,last\r\n/);
    assert.match(csv, new RegExp(`,${from},50,50,50,50,1,50,50\\r\\n`));
  });

  assert.deepEqual(problems, []);
});

test('a file that cannot be read completely is not saved, and the page says why', async (context) => {
  const { gateway, browser } = await startBoth(context);
  await sendHistory(context, gateway);
  const path = chartPath(['boiler-1:temperature'], { from: '-1h' });
  const { page } = await openConsole(browser, `${gateway.operatorUrl}${path}#key=${gateway.key}`);
  await page.getByText('Shows the mean per 10s').waitFor();
  await page.getByText('Export', { exact: true }).click();
  await gateway.api('DELETE', '/v1/devices/boiler-1');
  await page.getByRole('button', { name: 'Save file' }).click();
  await page.getByText('Not saved: There is no device boiler-1').waitFor();
});

test('Cancel ends the reading of a file, which can be saved afterwards', async (context) => {
  const { gateway, browser } = await startBoth(context);
  const { from, to } = await sendHistory(context, gateway);
  const range = { from: new Date(from).toISOString(), to: new Date(to).toISOString() };
  const { page, problems } = await openConsole(
    browser,
    `${gateway.operatorUrl}${chartPath(['boiler-1:temperature', 'boiler-2:temperature'], range)}#key=${gateway.key}`,
    { acceptDownloads: true },
  );
  await page.getByText('Shows single readings.').waitFor();
  await page.getByText('Export', { exact: true }).click();
  const downloads: string[] = [];
  page.on('download', (download) => void downloads.push(download.suggestedFilename()));
  const readings =
    (id: string) =>
    (url: URL): boolean =>
      url.pathname === `/v1/devices/${id}/readings` && !url.searchParams.has('every');

  // The answer of the second device waits until Cancel was pressed.
  let release = (): void => {};
  const pressed = new Promise<void>((resolve) => {
    release = resolve;
  });
  await page.route(readings('boiler-2'), async (route) => {
    await pressed;
    await route.continue();
  });
  await page.getByRole('button', { name: 'Save file' }).focus();
  await page.keyboard.press('Enter');
  await page.getByText('24 rows read…').waitFor();
  await page.getByRole('button', { name: 'Cancel' }).press('Enter');
  release();
  await page.getByRole('button', { name: 'Save file' }).waitFor();
  await page.getByText('Up to 1,000,000 rows per file.').waitFor();
  await page.unroute(readings('boiler-2'));
  assert.deepEqual(downloads, []);
  await page.getByRole('button', { name: 'Save file' }).click();
  await page.getByText('Saved 54 rows.').waitFor();
  assert.deepEqual(problems, []);
});

test('the map shows every device that sends a position, by name, and leads to its page', async (context) => {
  const { gateway, browser } = await startBoth(context);
  const ts = Date.now();
  await sendFrames(context, gateway, 'truck-1', [{ ts, values: { lat: 53.5, lon: 10, speed: 3 } }]);
  const { page, problems } = await openConsole(browser, `${gateway.operatorUrl}/map#key=${gateway.key}`);
  await page.getByText('1 device with a position').waitFor();
  const popup = page.locator('.leaflet-popup');
  await context.test(
    'the only device is in the middle, with its id under the pointer, and a click shows its values',
    async () => {
      await page.locator('.map-place').hover();
      await page.locator('.leaflet-tooltip', { hasText: 'truck-1' }).waitFor();
      await page.locator('.map-place').click();
      await popup.getByText('speed 3').waitFor();
      await popup.getByRole('button', { name: 'Close popup' }).click();
    },
  );
  await sendFrames(context, gateway, 'truck-2', [{ ts, values: { lat: -33.9, lon: 151.2 } }]);
  await sendFrames(context, gateway, 'wrong-1', [{ ts, values: { lat: 91, lon: 10 } }]);
  await sendFrames(context, gateway, 'boiler-1', [{ ts, values: { temperature: 50 } }]);
  await gateway.api('PATCH', '/v1/devices/truck-1', { name: 'Milk <b>run</b>' });
  await page.getByText('2 devices with a position').waitFor();
  await page.getByRole('searchbox').fill('milk');
  await page.getByText('1 device with a position').waitFor();
  await page.getByRole('button', { name: 'truck-1' }).click();
  await popup.getByText('lat 53.5').waitFor();
  await popup.getByRole('link', { name: 'Milk <b>run</b> (truck-1)' }).click();
  await page.getByRole('heading', { name: 'truck-1', level: 1 }).waitFor();
  assert.deepEqual(problems, []);
});

/** A truck that drives from side to side for the five minutes before this one, a position every 10 s. */
async function sendDrive(context: TestContext, gateway: GatewayProcess): Promise<{ from: number; to: number }> {
  const to = Math.floor(Date.now() / 60_000) * 60_000;
  const from = to - 300_000;
  const frames = Array.from({ length: 30 }, (_, i) => ({
    ts: from + i * 10_000,
    values: { lat: 53.5 + i / 1000, lon: 10 + (i % 2) / 100 },
  }));
  await sendFrames(context, gateway, 'truck-1', frames);
  return { from, to };
}

test('the track of a device is drawn for the time of the chart, on its page and on the map', async (context) => {
  const { gateway, browser } = await startBoth(context);
  const { from, to } = await sendDrive(context, gateway);
  const iso = (ts: number): string => new Date(ts).toISOString();
  const range = `from=${iso(from)}&to=${iso(to)}`;
  const { page, problems } = await openConsole(
    browser,
    `${gateway.operatorUrl}/devices/truck-1?${range}#key=${gateway.key}`,
  );
  const way = page.locator('path.way');
  const corners = async (): Promise<number> => ((await way.getAttribute('d')) ?? '').split('L').length;
  await page.getByText('30 positions from').waitFor();
  await way.waitFor({ state: 'attached' });
  assert.equal(await corners(), 30);

  await context.test('a shorter time has a shorter track', async () => {
    await page.goto(`${gateway.operatorUrl}/devices/truck-1?from=${iso(from)}&to=${iso(from + 95_000)}`);
    await page.getByText('10 positions from').waitFor();
  });

  await context.test('a time without positions says so', async () => {
    await page.goto(`${gateway.operatorUrl}/devices/truck-1?from=2020-01-01&to=2020-01-02`);
    await page.getByText('No position was stored in this time range.').waitFor();
    assert.equal(await way.count(), 0);
  });

  await context.test('in buckets, for a longer time', async () => {
    await page.goto(`${gateway.operatorUrl}/devices/truck-1?from=-6h`);
    // One per minute, and the newest value.
    await page.getByText('6 positions from').waitFor();
  });

  await context.test('on the map, where it can be hidden again, by keyboard', async () => {
    await page.goto(`${gateway.operatorUrl}/map?${range}`);
    await page.getByRole('button', { name: 'truck-1' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Track of truck-1' }).waitFor();
    await page.getByText('30 positions from').waitFor();
    await way.waitFor({ state: 'attached' });
    assert.match(page.url(), /device=truck-1/);
    await page.getByRole('button', { name: 'Hide track' }).focus();
    await page.keyboard.press('Enter');
    await way.waitFor({ state: 'detached' });
    assert.equal(await page.evaluate('document.activeElement.textContent'), 'truck-1');
  });
  assert.deepEqual(problems, []);
});

/** A pixel as a PNG, which a map shows as large as a tile. */
const pixel = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

/** A server that answers each request with this status and, if it is 200, with a tile. */
async function startTiles(
  context: TestContext,
  status: number,
): Promise<{ origin: string; requests: IncomingMessage[] }> {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    response.writeHead(status, { 'content-type': 'image/png' }).end(status === 200 ? pixel : '');
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
}

test('a map server of the settings gives the tiles, and the browser loads images from no other', async (context) => {
  const tiles = await startTiles(context, 200);
  const { gateway, browser } = await startBoth(context, [
    `console.mapTiles.url=${tiles.origin}/{z}/{x}/{y}.png`,
    'console.mapTiles.attribution=© Example <b>Maps</b>',
  ]);
  await sendFrames(context, gateway, 'truck-1', [{ ts: Date.now(), values: { lat: 53.5, lon: 10 } }]);
  const { page, problems } = await openConsole(browser, `${gateway.operatorUrl}/map#key=${gateway.key}`);
  await page.locator('img.leaflet-tile-loaded').first().waitFor();
  await page.getByText('© Example <b>Maps</b>').waitFor();
  assert.equal(await page.getByText('Land: Natural Earth').count(), 0);
  for (const { url, headers } of tiles.requests) {
    assert.match(url ?? '', /^\/\d+\/\d+\/\d+\.png$/);
    assert.equal(headers.referer, `${gateway.operatorUrl}/`);
  }
  assert.deepEqual(problems, []);

  const other = await startTiles(context, 200);
  await page.evaluate(`new Promise((resolve) => {
    const image = new Image();
    image.onload = image.onerror = resolve;
    image.src = ${JSON.stringify(`${other.origin}/0/0/0.png`)};
  })`);
  assert.equal(other.requests.length, 0);
  assert.match(problems.join(), /img-src/);
});

test('a map server that does not answer leaves the outlines of the land, and the page names it', async (context) => {
  const tiles = await startTiles(context, 503);
  const { gateway, browser } = await startBoth(context, [
    `console.mapTiles.url=${tiles.origin}/{z}/{x}/{y}.png`,
    'console.mapTiles.attribution=Example Maps',
  ]);
  const { page } = await openConsole(browser, `${gateway.operatorUrl}/map#key=${gateway.key}`);
  await page.getByText(`The tiles of ${new URL(tiles.origin).host} could not be loaded`).waitFor();
  await page.getByText('Land: Natural Earth').waitFor();
});

for (const colorScheme of ['light', 'dark'] as const)
  test(`axe-core finds nothing on the pages of charts, and none is wider than its screen, in the ${colorScheme} theme and three widths`, async (context) => {
    const { gateway, browser } = await startBoth(context);
    const { from, to } = await sendHistory(context, gateway);
    const range = { from: String(from), to: String(to) };
    const series = ['boiler-1:temperature', 'boiler-2:pressure', 'boiler-1:mode', 'boiler-1:burner'];
    const legend = '.series-legend .legend';
    const pages: [name: string, path: string, wanted: string][] = [
      ['chart', chartPath(series, { ...range, add: '1' }), legend],
      ['chart-empty', '/chart', '.picker button'],
      ['map', '/map', '.leaflet-control-scale'],
      ['device-texts', `/devices/boiler-1?metric=mode&from=${from}&to=${to}`, legend],
    ];
    const findings: string[] = [];
    for (const width of [1440, 1024, 390]) {
      const { page, problems } = await openConsole(browser, `${gateway.operatorUrl}/chart#key=${gateway.key}`, {
        colorScheme,
        viewport: { width, height: 900 },
      });
      for (const [name, path, wanted] of pages) {
        await page.goto(gateway.operatorUrl + path);
        await page.locator(wanted).first().waitFor();
        findings.push(...(await pageFindings(page)));
        await keepPicture(page, name, colorScheme);
      }
      await page.goto(gateway.operatorUrl + chartPath(series, range));
      await page.getByText('Export', { exact: true }).click();
      for (const program of ['curl', 'query', 'sql', 'python', 'pandas']) {
        await page.getByLabel('Copy as').selectOption(program);
        findings.push(...(await pageFindings(page)));
      }
      await page.getByText('Export', { exact: true }).scrollIntoViewIfNeeded();
      await keepPicture(page, 'chart-export', colorScheme);
      findings.push(...problems);
      await page.close();
    }
    assert.deepEqual(findings, []);
  });

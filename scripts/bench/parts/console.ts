import { tableOf } from '../../../cli/terminal/output.js';
import type { GatewayBody } from '../../../schemas/generated/operator.js';
import { openBrowser } from '../../../tests/console/browser.js';
import type { GatewayProcess } from '../../../tests/rig/gatewayProcess.js';
import type { PartOptions } from '../part.js';
import { startGateway } from '../servers/servers.js';
import { fsyncP50Ms } from '../table/fsync.js';
import { machineOf } from '../table/machine.js';
import { against, sealing } from '../table/rows.js';

/** How many devices one import request may have. */
const importMax = 1_000;
const readingsPerFrame = 10;
const framesPerSecond = 5_000;
/** Settings that let all links come from one address at once. */
const oneAddress = [
  'admission.addressConnectsPerSecond=100000',
  'admission.addressConnectsBurst=100000',
  'admission.connectsBurst=100000',
];
/** The load lasts this much longer than the look at the pages, even on a slow machine. The gateway is stopped when the look ends. */
const loadLeadSeconds = 40;
/** A longer task of the page is felt as a delay (docs/decisions/0039). */
const longTaskMs = 100;

/** What was measured on one page. */
interface Seen {
  page: string;
  longestMs: number;
  /** How many tasks were longer than `longTaskMs`. */
  longTasks: number;
  /** The gateway's own figure at the end of the look. */
  readingsPerSecond: number;
}

interface ConsoleLook {
  /** From the navigation until the first view could be used. */
  interactiveMs: number;
  seen: Seen[];
}

/**
 * Measures the longest tasks of each page of the console while many devices send. `devices` devices are in the registry, and `links` of them
 * are online. It needs the Debian package chromium.
 */
export async function benchConsole({ seconds, links, devices, json }: PartOptions): Promise<void> {
  const machine = machineOf(fsyncP50Ms());
  const server = await startGateway(links, 'binary', [...sealing, ...oneAddress]);
  const all = Math.max(links, devices);
  await addOffline(server.gateway, all - links);
  const watching = watchConsole(server.gateway, all, seconds);
  const load = against(
    { ...server, stop: () => watching.then(server.stop, server.stop) },
    'console',
    'fsynced',
    { framesPerSecond },
    { seconds: 2 * seconds + loadLeadSeconds, links },
    readingsPerFrame,
  );
  const [{ interactiveMs, seen }] = await Promise.all([watching, load]);
  if (json) return console.log(JSON.stringify({ machine, devices: all, links, interactiveMs, seen }, null, 2));
  console.log(
    tableOf(
      ['PAGE', 'LONGEST TASK MS', `TASKS OVER ${longTaskMs} MS`, 'READINGS/S'],
      seen.map(({ page, longestMs, longTasks, readingsPerSecond }) => [
        page,
        longestMs.toFixed(0),
        String(longTasks),
        readingsPerSecond.toLocaleString('en'),
      ]),
    ),
  );
  console.log(
    `\n${machine}; ${all.toLocaleString('en')} devices, ${links.toLocaleString('en')} online; first view interactive after ${interactiveMs.toFixed(0)} ms`,
  );
}

async function addOffline(gateway: GatewayProcess, count: number): Promise<void> {
  for (let first = 0; first < count; first += importMax) {
    const devices = Array.from({ length: Math.min(importMax, count - first) }, (_, i) => ({ id: `off-${first + i}` }));
    await gateway.api('POST', '/v1/device-imports', { devices });
  }
}

/** Uses each page as an operator would, for its share of the time. */
async function watchConsole(gateway: GatewayProcess, devices: number, seconds: number): Promise<ConsoleLook> {
  await untilSteady(gateway);
  const browser = await openBrowser();
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    await page.addInitScript(
      `globalThis.tasks = [];
       new PerformanceObserver((list) => tasks.push(...list.getEntries().map((task) => task.duration))).observe({ type: 'longtask', buffered: true });`,
    );
    const seen: Seen[] = [];
    const note = async (name: string): Promise<void> => {
      const tasks = (await page.evaluate('tasks.splice(0)')) as number[];
      const longTasks = tasks.filter((ms) => ms > longTaskMs).length;
      const { readingsPerSecond } = await gateway.api<GatewayBody>('GET', '/v1/gateway');
      seen.push({ page: name, longestMs: Math.max(0, ...tasks), longTasks, readingsPerSecond });
    };
    const shareMs = (seconds * 1_000) / 4;
    const { items } = await gateway.api<{ items: { id: string }[] }>('GET', '/v1/devices?limit=1');
    await page.goto(`${gateway.operatorUrl}/#key=${gateway.key}`);
    await page.getByRole('heading', { name: 'Fleet' }).waitFor();
    const interactiveMs = (await page.evaluate('performance.now()')) as number;
    await page.getByText(`of ${devices.toLocaleString('en')} devices`).waitFor({ timeout: 60_000 });
    await page.waitForTimeout(shareMs);
    await note('fleet, from loading on');
    await page.getByRole('link', { name: 'Devices' }).click();
    const list = page.locator('.scroller');
    for (let n = 0; n < 20; n++) {
      await list.evaluate(`(element) => { element.scrollTop += 7777; }`);
      await page.waitForTimeout(shareMs / 20);
    }
    await note('devices, scrolled');
    for (const letter of items[0].id) {
      await page.getByRole('searchbox').press(letter);
      await page.waitForTimeout(shareMs / 20);
    }
    await note('devices, searched');
    await page.goto(`${gateway.operatorUrl}/devices/${items[0].id}`);
    await page.locator('.u-over').waitFor({ timeout: 60_000 });
    await page.waitForTimeout(shareMs);
    await note('a device with its chart, from loading on');
    return { interactiveMs, seen };
  } finally {
    await browser.close();
  }
}

/** Waits until the gateway receives most of the readings that the links are to send. */
async function untilSteady(gateway: GatewayProcess): Promise<void> {
  const enough = 0.8 * framesPerSecond * readingsPerFrame;
  for (;;) {
    const { readingsPerSecond } = await gateway.api<GatewayBody>('GET', '/v1/gateway');
    if (readingsPerSecond > enough) return;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

import type { GatewayBody } from '../../../schemas/generated/operator.js';
import type { GatewayProcess } from '../../../tests/rig/gatewayProcess.js';
import { startGateway } from '../servers/servers.js';
import { against, sealing } from '../table/rows.js';
import { goTo, lookAt, type Seen, sortDevices } from './look.js';

/** How many devices one import request may have. */
const importMax = 1_000;
const readingsPerFrame = 10;
const framesPerSecond = 5_000;
/** The load lasts this much longer than the look at the pages, even on a slow machine. The gateway is stopped when the look ends. */
const loadLeadSeconds = 60;
/** How many pages are looked at, each for its share of the time. */
const pages = 6;

/** Settings that let all links come from one address at once. */
export const oneAddress = [
  'admission.addressConnectsPerSecond=100000',
  'admission.addressConnectsBurst=100000',
  'admission.connectsBurst=100000',
];

export interface ManySeen {
  /** From the navigation until the first view could be used. */
  interactiveMs: number;
  seen: Seen[];
}

/** Looks at the pages while `links` of the `devices` are online and send 50,000 readings per second. */
export async function lookAtMany(
  { devices, links }: { devices: number; links: number },
  seconds: number,
): Promise<ManySeen> {
  const server = await startGateway(links, 'binary', [...sealing, ...oneAddress]);
  await addOffline(server.gateway, devices - links);
  const looking = untilSteady(server.gateway).then(() => usePages(server.gateway, devices, seconds));
  const load = against(
    { ...server, stop: () => looking.then(server.stop, server.stop) },
    'console',
    'fsynced',
    { framesPerSecond },
    { seconds: 2 * seconds + loadLeadSeconds, links },
    readingsPerFrame,
  );
  // The load ends its processes and the gateway, also if the look has failed.
  return looking.finally(() => load);
}

async function addOffline(gateway: GatewayProcess, count: number): Promise<void> {
  for (let first = 0; first < count; first += importMax) {
    const devices = Array.from({ length: Math.min(importMax, count - first) }, (_, i) => ({ id: `off-${first + i}` }));
    await gateway.api('POST', '/v1/device-imports', { devices });
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

/** Uses each page as an operator would, for its share of the time. */
function usePages(gateway: GatewayProcess, devices: number, seconds: number): Promise<ManySeen> {
  const shareMs = (seconds * 1_000) / pages;
  return lookAt(gateway, async ({ page, seen, note }) => {
    const { items } = await gateway.api<{ items: { id: string }[] }>('GET', '/v1/devices?limit=1');
    await page.goto(`${gateway.operatorUrl}/#key=${gateway.key}`);
    await page.getByRole('heading', { name: 'Fleet' }).waitFor();
    const interactiveMs = (await page.evaluate('performance.now()')) as number;
    await page.getByText(`of ${devices.toLocaleString('en')} devices`).waitFor();
    await page.waitForTimeout(shareMs);
    await note('fleet, from its beginning');
    await goTo(page, 'Devices');
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
    await page.getByRole('searchbox').fill('');
    await sortDevices({ page, seen, note }, 'temperature', shareMs);
    await page.goto(`${gateway.operatorUrl}/devices/${items[0].id}`);
    await page.locator('.u-over').waitFor();
    await page.waitForTimeout(shareMs);
    await note('a device with its chart, from its beginning');
    return { interactiveMs, seen };
  });
}

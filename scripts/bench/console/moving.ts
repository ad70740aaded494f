import WebSocket from 'ws';
import { type Client, connectDevice } from '../../../clients/js/client.js';
import { inParallel } from '../../../device-sim/api/operatorApi.js';
import { checkFleet } from '../../../device-sim/fleet/loadFleet.js';
import { runFleet } from '../../../device-sim/run/runFleet.js';
import type { BatchBody, GatewayBody, NewCredentialBody } from '../../../schemas/generated/operator.js';
import type { GatewayProcess } from '../../../tests/rig/gatewayProcess.js';
import { basicAuthorization, openWireClient } from '../../../tests/rig/wireClient.js';
import { startGateway } from '../servers/servers.js';
import { goTo, type Look, lookAt, type Seen, sortDevices } from './look.js';
import { oneAddress } from './many.js';

/** How many devices are on the map. */
export const movingMax = 5_000;
/** How many commands and how many refused attempts there are. Of the attempts the gateway lists the newest 2,000. */
const entries = 10_000;
const wideMetrics = 60;
const longText = 'A text without an end, as some devices send it. '.repeat(20);
const historyMetrics = 8;
const historyDays = 7;
const dayMs = 86_400_000;
const minuteMs = 60_000;
/** How many pages are looked at, each for its share of the time. */
const pages = 7;

/**
 * Looks at the pages of a fleet of `devices` that all move, and of which some come and go. Beside them one device sends 60 metrics and a long
 * text, another has one reading per minute of 8 metrics over 7 days, and there are 10,000 commands and 10,000 refused attempts.
 */
export async function lookAtMoving(devices: number, seconds: number): Promise<Seen[]> {
  const server = await startGateway(0, 'json', oneAddress);
  const { gateway } = server;
  let endFleet = (): void => {};
  const stop = new Promise<void>((resolve) => (endFleet = resolve));
  const clients: Client[] = [];
  try {
    const connect = async (id: string): Promise<Client> => {
      const client = await connectNew(gateway, id);
      clients.push(client);
      return client;
    };
    await fillHistory(await connect('history'));
    const wide = await connect('wide');
    const sending = setInterval(() => wide.send(wideValues()), 1_000);
    const running = runFleet({
      fleet: fleetOf(devices),
      url: gateway.operatorUrl,
      key: gateway.key,
      deviceUrl: gateway.deviceUrl,
      stop,
      drainMs: 0,
      verify: false,
    });
    try {
      await untilOnline(gateway, devices);
      await Promise.all([commandAll(gateway, devices), refuseMany(gateway)]);
      return await usePages(gateway, devices, seconds);
    } finally {
      clearInterval(sending);
      endFleet();
      await running;
    }
  } finally {
    await Promise.all(clients.map((client) => client.stop()));
    await server.stop();
  }
}

const fleetOf = (devices: number) =>
  checkFleet(
    {
      rampSeconds: 5,
      faults: [{ fault: 'offline', devices: 0.2, perMinute: 2, seconds: [2, 10] }],
      groups: [
        {
          prefix: 'van',
          count: devices,
          model: 'tracker',
          encoding: 'binary',
          valueType: 'f64',
          frameIntervalMs: 2_000,
          signals: { lat: { type: 'lat', mean: 53.55 }, lon: { type: 'lon', mean: 9.99 }, speed: { type: 'speed' } },
        },
      ],
    },
    'the fleet of the console bench',
  );

async function connectNew(gateway: GatewayProcess, id: string): Promise<Client> {
  const { secret } = await gateway.api<NewCredentialBody>('POST', '/v1/devices', { id });
  return connectDevice({ url: gateway.deviceUrl, id, secret, stream: 'bench', framesMax: 20_000, WebSocket });
}

function wideValues(): Record<string, number | string> {
  const at = Date.now() / 10_000;
  const numbers = Array.from({ length: wideMetrics }, (_, i) => [`metric-${i}`, Math.sin(at + i) * 10 ** (i % 8)]);
  return { ...Object.fromEntries(numbers), text: longText };
}

/** Sends what the device measured in the last days. */
async function fillHistory(client: Client): Promise<void> {
  const now = Date.now();
  for (let ts = now - historyDays * dayMs; ts < now; ts += minuteMs) {
    const wave = (metric: number): number => Math.sin((ts / dayMs) * 2 * Math.PI * (metric + 1));
    client.send(Object.fromEntries(Array.from({ length: historyMetrics }, (_, i) => [`m${i}`, wave(i)])), ts);
  }
  await client.drained();
}

/** Waits until nearly all devices have a link. */
async function untilOnline(gateway: GatewayProcess, devices: number): Promise<void> {
  for (;;) {
    const { links } = await gateway.api<GatewayBody>('GET', '/v1/gateway');
    if (links > 0.9 * devices) return;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

/** Sends commands to all devices, until there are 10,000, and waits for the end of the batches. */
async function commandAll(gateway: GatewayProcess, devices: number): Promise<void> {
  const wanted = { target: { model: 'tracker' }, name: 'locate', ttlSeconds: 10, concurrency: devices };
  const made = Array.from({ length: Math.ceil(entries / devices) }, () =>
    gateway.api<BatchBody>('POST', '/v1/command-batches', wanted),
  );
  for (const { id } of await Promise.all(made))
    while ((await gateway.api<BatchBody>('GET', `/v1/command-batches/${id}`)).state === 'running')
      await new Promise((resolve) => setTimeout(resolve, 500));
}

/** Connects with wrong secrets: one half of the attempts with ids that are registered. */
async function refuseMany(gateway: GatewayProcess): Promise<void> {
  const ids = Array.from({ length: entries }, (_, i) => (i % 2 === 0 ? `van-${1 + i / 2}` : `stranger-${i}`));
  await inParallel(ids, 50, async (id) => {
    const client = await openWireClient(gateway.devicePort, [
      basicAuthorization({ id, secret: 'wrong' }),
      'Sec-WebSocket-Protocol: tidegate.v1.json',
    ]);
    client.end();
  });
}

/** Uses each page as an operator would, for its share of the time. */
function usePages(gateway: GatewayProcess, devices: number, seconds: number): Promise<Seen[]> {
  const shareMs = (seconds * 1_000) / pages;
  return lookAt(gateway, async ({ page, seen, note }) => {
    const open = (path: string): Promise<unknown> => page.goto(`${gateway.operatorUrl}${path}`);
    await open(`/devices#key=${gateway.key}`);
    await sortDevices({ page, seen, note }, 'speed', shareMs);
    await goTo(page, 'Map');
    await page.getByText(`${devices.toLocaleString('en')} devices with a position`).waitFor();
    await useMap({ page, seen, note }, shareMs);
    await note('map, moved and zoomed');
    await open('/devices/wide');
    await page.getByRole('button', { name: `metric-${wideMetrics - 1}`, exact: true }).waitFor();
    await page.locator('.u-over').waitFor();
    await page.waitForTimeout(shareMs);
    await note(`a device with ${wideMetrics} metrics and a long text, from its beginning`);
    const series = Array.from({ length: historyMetrics }, (_, i) => `series=history:m${i}`).join('&');
    await open(`/chart?from=-${historyDays}d&${series}`);
    await page.locator('.u-over').first().waitFor();
    for (const key of ['+', 'ArrowLeft', '-', '0']) {
      await page.locator('.plots').press(key);
      await page.waitForTimeout(shareMs / 4);
    }
    await note(`${historyMetrics} series over ${historyDays} days, moved and zoomed`);
    await open('/attempts');
    await readOn({ page, seen, note }, '.attempts li', shareMs);
    await note('refused connections, read to the end');
    await open('/commands');
    await readOn({ page, seen, note }, '.entries li', shareMs);
    await note('commands, 20 pages read');
    return seen;
  });
}

/** Moves the map, zooms in and out, and opens the popup of a device. */
async function useMap({ page }: Look, shareMs: number): Promise<void> {
  const map = page.locator('.map-place');
  const box = await map.boundingBox();
  if (box === null) throw new Error('the map has no place on the page');
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  await page.mouse.move(x, y);
  for (const wheel of [-400, 400]) {
    await page.mouse.wheel(0, wheel);
    await page.waitForTimeout(shareMs / 4);
  }
  await page.mouse.down();
  await page.mouse.move(x + 200, y + 50, { steps: 20 });
  await page.mouse.up();
  await page.waitForTimeout(shareMs / 4);
  await page.getByTitle('Show on the map').first().click();
  await page.waitForTimeout(shareMs / 4);
}

const pagesRead = 20;

/** Reads further pages of a list, 20 at most, and waits for the rest of the time. */
async function readOn({ page }: Look, rows: string, shareMs: number): Promise<void> {
  await page.locator(rows).first().waitFor();
  const older = page.locator('.older button');
  for (let n = 0; n < pagesRead && (await older.isVisible()); n++) {
    const before = await page.locator(rows).count();
    await older.click();
    await page.locator(rows).nth(before).waitFor({ state: 'attached' });
  }
  await page.waitForTimeout(shareMs);
}

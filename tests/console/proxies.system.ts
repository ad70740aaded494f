import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import type { Browser, Page } from 'playwright-core';
import WebSocket from 'ws';
import { mainFile } from '../../cli/cli.fixture.js';
import { packageRoot } from '../../schemas/load.js';
import { type GatewayProcess, startGatewayProcess } from '../rig/gatewayProcess.js';
import { freePort } from '../rig/ports.js';
import { tempFolder } from '../rig/tempFolder.js';
import { startCaddy, startNginx } from '../rig/webProxy.js';
import { openBrowser } from './browser.js';
import { openConsole } from './consolePage.js';

interface Stage {
  folder: string;
  gateway: GatewayProcess;
  browser: Browser;
  /** The port that the proxy shall listen on. */
  port: number;
  /** Runs when the test ends, before what was started earlier is stopped. */
  later(end: () => Promise<unknown>): void;
}

async function createStage(context: TestContext, set: string[] = []): Promise<Stage> {
  const ends: (() => Promise<unknown>)[] = [];
  context.after(async () => {
    for (const end of ends.reverse()) await end();
  });
  const later = (end: () => Promise<unknown>): void => void ends.push(end);
  const folder = tempFolder(context);
  const gateway = await startGatewayProcess({
    data: join(folder, 'data'),
    set: ['trustedProxies=127.0.0.1', ...set],
  });
  later(gateway.stop);
  const browser = await openBrowser();
  later(() => browser.close());
  return { folder, gateway, browser, port: await freePort(), later };
}

/** A file of deploy/ with its ports, names and paths replaced by those of the stage. Each must be there. */
function deployed(file: string, changes: Record<string, string>): string {
  let text = readFileSync(join(packageRoot, 'deploy', file), 'utf8');
  for (const [from, to] of Object.entries(changes)) {
    assert.ok(text.includes(from), `${file} has ${from}`);
    text = text.replaceAll(from, to);
  }
  return text;
}

const portsOf = (gateway: GatewayProcess): Record<string, string> => ({
  '127.0.0.1:8080': `127.0.0.1:${gateway.devicePort}`,
  '127.0.0.1:8081': `127.0.0.1:${gateway.operatorPort}`,
});

/** A certificate for localhost by Debian's openssl. */
function certificate(folder: string): { cert: string; key: string } {
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '30'];
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  execFileSync('openssl', ['req', '-x509', ...curve, '-keyout', key, '-out', cert, ...names], { stdio: 'ignore' });
  return { cert, key };
}

/** Registers a device and sends one frame through the proxy. Resolves when it is acked. */
async function sendFrame(gateway: GatewayProcess, deviceUrl: string, id: string): Promise<void> {
  const { secret } = await gateway.api<{ secret: string }>('POST', '/v1/devices', { id });
  const ws = new WebSocket(`${deviceUrl}?stream=main`, ['tidegate.v1.json'], {
    auth: `${id}:${secret}`,
    rejectUnauthorized: false,
    // Not the address of the proxy, which the gateway believes; and it claims to pass on another.
    localAddress: '127.0.0.2',
    family: 4,
    headers: { 'x-forwarded-for': '203.0.113.9' },
  });
  await new Promise<void>((resolve, reject) => {
    ws.on('error', reject);
    ws.on('close', (code, reason) => reject(new Error(`closed with ${code} ${reason}`)));
    ws.on('message', (data) => {
      const { type } = JSON.parse(String(data)) as { type: string };
      if (type === 'welcome') ws.send('{"seq":1,"values":{"temperature":21.5}}');
      if (type === 'ack') resolve();
    });
  });
  const { presence } = await gateway.api<{ presence: { address: string } }>('GET', `/v1/devices/${id}`);
  assert.equal(presence.address, '127.0.0.2', 'the address is that of the client of the proxy');
  ws.removeAllListeners('close');
  ws.terminate();
}

const isLive = (page: Page) => page.locator('.foot').getByText('live', { exact: true }).waitFor();

/** Uses the console at this address as an operator would: live values, links, a reload on each kind of page, /docs and back. */
async function walkConsole({ browser, gateway }: Stage, base: string): Promise<void> {
  const { page, problems } = await openConsole(browser, `${base}#key=${gateway.key}`, { ignoreHTTPSErrors: true });
  // The browser does not name the address of what is missing.
  page.on('response', (response) => response.status() === 404 && problems.push(response.url()));
  await page.getByRole('heading', { name: 'Fleet', level: 1 }).waitFor();
  await isLive(page);
  assert.equal(page.url(), base, 'the key leaves the address bar');
  await page.getByRole('navigation').getByRole('link', { name: 'Devices' }).click();
  await page.getByRole('row', { name: /sensor-1/ }).click();
  await page.getByRole('heading', { name: 'sensor-1', level: 1 }).waitFor();
  assert.equal(page.url(), `${base}devices/sensor-1`);
  await page.reload();
  await page.getByRole('heading', { name: 'sensor-1', level: 1 }).waitFor();
  await isLive(page);
  await page.getByText('21.5').first().waitFor();
  await page.getByRole('link', { name: 'Skip to content' }).press('Enter');
  assert.equal(page.url(), `${base}devices/sensor-1#page`, 'the link to the content stays on the page');
  await page.goBack();
  await page.getByRole('link', { name: 'Back to devices' }).click();
  await page.getByRole('heading', { name: 'Devices', level: 1 }).waitFor();
  assert.equal(page.url(), `${base}devices`);
  await page.getByRole('link', { name: 'API', exact: true }).click();
  assert.equal(page.url(), `${base}docs`);
  const session = page.locator('.opblock-get', { has: page.locator('[data-path="/v1/session"]') }).first();
  await session.locator('.opblock-summary-control').click();
  await session.getByRole('button', { name: 'Execute' }).click();
  await session.locator('.live-responses-table .response-col_status').getByText('200').waitFor();
  await page.getByRole('link', { name: 'Back to the console' }).click();
  await page.getByRole('heading', { name: 'Fleet', level: 1 }).waitFor();
  assert.equal(page.url(), base);
  assert.deepEqual(problems, []);
  await page.waitForFunction(
    'document.images.length > 0 && [...document.images].every((image) => image.naturalWidth > 0)',
  );
  const missing = await page.goto(`${base}devices/a/b/c`);
  assert.equal(missing?.status(), 404);
  await page.getByRole('link', { name: 'Go to the fleet' }).click();
  await page.getByRole('heading', { name: 'Fleet', level: 1 }).waitFor();
  assert.equal(page.url(), base);
  await page.close();
}

/** Asks through the proxy by the command line. */
async function listDevices(gateway: GatewayProcess, url: string, cert?: string): Promise<void> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [mainFile, 'device', 'list', '--json', '--url', url, '--key', gateway.key],
    { env: { ...process.env, ...(cert === undefined ? {} : { NODE_EXTRA_CA_CERTS: cert }) } },
  );
  assert.match(stdout, /"id": ?"sensor-1"/);
}

test('nginx with TLS serves the console, its live feed, the API and devices by the file in deploy/', async (context) => {
  const stage = await createStage(context);
  const { cert, key } = certificate(stage.folder);
  const lines = deployed('nginx/tidegate.conf', {
    '443 ssl': `127.0.0.1:${stage.port} ssl`,
    'gateway.example;': 'localhost;',
    '/etc/nginx/gateway.example.pem': cert,
    '/etc/nginx/gateway.example.key': key,
    ...portsOf(stage.gateway),
  });
  const nginx = await startNginx(join(stage.folder, 'nginx'), lines, stage.port);
  stage.later(nginx.stop);
  const base = `localhost:${stage.port}/`;
  await sendFrame(stage.gateway, `wss://${base}v1/device`, 'sensor-1');
  await listDevices(stage.gateway, `https://${base}`, cert);
  await walkConsole(stage, `https://${base}`);
});

test('nginx below a path serves the console, its live feed, the API and devices by the file in deploy/', async (context) => {
  const stage = await createStage(context);
  const locations = deployed('nginx/below-path.conf', portsOf(stage.gateway));
  const lines = `server { listen 127.0.0.1:${stage.port}; ${locations}\n }`;
  const nginx = await startNginx(join(stage.folder, 'nginx'), lines, stage.port);
  stage.later(nginx.stop);
  const base = `127.0.0.1:${stage.port}/tidegate/`;
  await sendFrame(stage.gateway, `ws://${base}v1/device`, 'sensor-1');
  await listDevices(stage.gateway, `http://${base}`);
  await walkConsole(stage, `http://${base}`);
});

/** Global options, so that Caddy neither listens on port 80 nor changes the certificates that this machine trusts. */
const caddyGlobals = '{\n\tadmin off\n\tauto_https disable_redirects\n\tskip_install_trust\n}\n';

test('Caddy with TLS serves the console, its live feed, the API and devices by the file in deploy/', async (context) => {
  const stage = await createStage(context);
  const { cert, key } = certificate(stage.folder);
  const site = deployed('caddy/Caddyfile', {
    'gateway.example {': `localhost:${stage.port} {\n\ttls ${cert} ${key}`,
    ...portsOf(stage.gateway),
  });
  const caddy = await startCaddy(join(stage.folder, 'caddy'), caddyGlobals + site, stage.port);
  stage.later(caddy.stop);
  const base = `localhost:${stage.port}/`;
  await sendFrame(stage.gateway, `wss://${base}v1/device`, 'sensor-1');
  await listDevices(stage.gateway, `https://${base}`, cert);
  await walkConsole(stage, `https://${base}`);
});

test('Caddy below a path serves the console, its live feed, the API and devices by the file in deploy/', async (context) => {
  const stage = await createStage(context);
  const site = deployed('caddy/below-path.Caddyfile', {
    'site.example {': `http://127.0.0.1:${stage.port} {`,
    ...portsOf(stage.gateway),
  });
  const caddy = await startCaddy(join(stage.folder, 'caddy'), caddyGlobals + site, stage.port);
  stage.later(caddy.stop);
  const base = `127.0.0.1:${stage.port}/tidegate/`;
  await sendFrame(stage.gateway, `ws://${base}v1/device`, 'sensor-1');
  await listDevices(stage.gateway, `http://${base}`);
  const asked = await fetch(`http://127.0.0.1:${stage.port}/tidegate`, { redirect: 'manual' });
  assert.deepEqual([asked.status, asked.headers.get('location')], [302, '/tidegate/']);
  await walkConsole(stage, `http://${base}`);
});

test('two gateways below two paths of one site do not share the key that the browser keeps', async (context) => {
  const stage = await createStage(context);
  const other = await startGatewayProcess({ data: join(stage.folder, 'other') });
  stage.later(other.stop);
  const place = (path: string, { operatorPort }: GatewayProcess): string =>
    `location ${path} { proxy_pass http://127.0.0.1:${operatorPort}/; proxy_http_version 1.1; }`;
  const lines = `server { listen 127.0.0.1:${stage.port}; ${place('/one/', stage.gateway)} ${place('/two/', other)} }`;
  const nginx = await startNginx(join(stage.folder, 'nginx'), lines, stage.port);
  stage.later(nginx.stop);
  const visitor = await stage.browser.newContext();
  const page = await visitor.newPage();
  const signIn = async (path: string, key: string): Promise<void> => {
    await page.goto(`http://127.0.0.1:${stage.port}${path}`);
    await page.getByLabel('Operator key').fill(key);
    await page.getByLabel('Keep me signed in on this computer').check();
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('heading', { name: 'Fleet', level: 1 }).waitFor();
  };
  await signIn('/one/', stage.gateway.key);
  await signIn('/two/', other.key);
  for (const path of ['/one/', '/two/']) {
    const tab = await visitor.newPage();
    await tab.goto(`http://127.0.0.1:${stage.port}${path}`);
    await tab.getByRole('heading', { name: 'Fleet', level: 1 }).waitFor();
  }
});

test('the console says why the live feed is refused, and a setting allows the origin', async (context) => {
  const stage = await createStage(context);
  // As people write it first: no Host.
  const start = ({ operatorPort }: GatewayProcess, headers: string) =>
    startNginx(
      join(stage.folder, 'nginx'),
      `server { listen 127.0.0.1:${stage.port}; location / { proxy_pass http://127.0.0.1:${operatorPort}; proxy_http_version 1.1; ${headers} } }`,
      stage.port,
    );
  const upgrade = 'proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade;';
  const nginx = await start(stage.gateway, upgrade);
  const origin = `http://127.0.0.1:${stage.port}`;
  const { page } = await openConsole(stage.browser, `${origin}/#key=${stage.gateway.key}`);
  const notice = page.getByRole('alert');
  await notice.getByText('operator.allowedOrigins').waitFor();
  assert.match(await notice.innerText(), new RegExp(`^No live events: .*${origin}.*\\bHost\\b`));
  await nginx.stop();

  const plain = await start(stage.gateway, 'proxy_set_header Host $http_host;');
  await notice.getByText('WebSocket').waitFor();
  assert.match(await notice.innerText(), /^No live events: .*a proxy .*Upgrade/);
  await plain.stop();
  await page.close();

  await stage.gateway.stop();
  const again = await stage.gateway.again({ set: [`operator.allowedOrigins=${origin}`] });
  stage.later(again.stop);
  const allowed = await start(again, upgrade);
  stage.later(allowed.stop);
  const { page: page2, problems } = await openConsole(stage.browser, `${origin}/#key=${again.key}`);
  await isLive(page2);
  assert.equal(await page2.getByRole('alert').count(), 0);
  assert.deepEqual(problems, []);
  await page2.close();
});

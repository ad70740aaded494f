import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { snippetsOf } from '../../cli/terminal/snippets.js';
import type { LatestBody, NewCredentialBody } from '../../schemas/generated/operator.js';
import { packageRoot } from '../../schemas/load.js';
import { openBrowser } from '../console/browser.js';
import { type GatewayProcess, startGatewayProcess } from '../rig/gatewayProcess.js';
import { tempFolder } from '../rig/tempFolder.js';

const run = promisify(execFile);
/** A PATH with this Node, and Debian's Python with Debian's packages. */
const env = { ...process.env, PATH: `${dirname(process.execPath)}:/usr/bin:${process.env.PATH}` };
const slow = { timeout: 120_000 };
const readme = readFileSync(join(packageRoot, 'clients', 'js', 'README.md'), 'utf8');

/** The README's program in this language, with the address and the secret of this gateway in place of the example's. */
function fromReadme(language: string, deviceUrl: string, secret: string): string {
  const [, program] = new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\``, 'm').exec(readme) ?? [];
  assert.ok(program !== undefined);
  const filled = program.replace('ws://127.0.0.1:8080/v1/device', deviceUrl).replace('tgd_…', secret);
  assert.ok(
    filled.includes(deviceUrl) && filled.includes(secret),
    'the program of the README has an address and a secret',
  );
  return filled;
}

async function gatewayWith(context: TestContext, id: string): Promise<{ gateway: GatewayProcess; secret: string }> {
  const gateway = await startGatewayProcess({ data: tempFolder(context) });
  context.after(() => gateway.stop());
  const { secret } = await gateway.api<NewCredentialBody>('POST', '/v1/devices', { id });
  return { gateway, secret };
}

async function temperatureOf(gateway: GatewayProcess, id: string): Promise<unknown> {
  const { metrics } = await gateway.api<LatestBody>('GET', `/v1/devices/${id}/latest`);
  return metrics.temperature?.value;
}

test("the JavaScript client's README works as written in Node", slow, async (context) => {
  const { gateway, secret } = await gatewayWith(context, 'boiler-7');
  const folder = tempFolder(context);
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(packageRoot, join(folder, 'node_modules', 'tidegate'));
  symlinkSync(join(packageRoot, 'node_modules', 'ws'), join(folder, 'node_modules', 'ws'));
  writeFileSync(join(folder, 'first.mjs'), fromReadme('js', gateway.deviceUrl, secret));
  const { stdout } = await run(process.execPath, ['first.mjs'], { cwd: folder });
  assert.equal(stdout, 'the reading is on disk\n');
  assert.equal(await temperatureOf(gateway, 'boiler-7'), 21.5);
});

test("the JavaScript client's README works as written in a browser, also with IndexedDB", slow, async (context) => {
  const { gateway, secret } = await gatewayWith(context, 'boiler-7');
  const program = fromReadme('html', gateway.deviceUrl, secret);
  const indexed = program
    .replace(
      "import { webStorage } from './tidegate/storage.js'",
      "import { indexedDbStorage } from './tidegate/indexedDbStorage.js'",
    )
    .replace("webStorage(localStorage, 'boiler-7 ')", "await indexedDbStorage(indexedDB, 'boiler-7')")
    .replace('temperature: 21.5', 'temperature: 22.5');
  assert.notEqual(indexed, program);
  const pages = createServer((request, response) => {
    const path = request.url ?? '/';
    if (path.startsWith('/tidegate/'))
      response
        .setHeader('content-type', 'text/javascript')
        .end(
          readFileSync(
            join(packageRoot, 'dist', 'clients', 'js', path.slice('/tidegate/'.length).replaceAll('..', '')),
          ),
        );
    else
      response.setHeader('content-type', 'text/html').end(`<!doctype html>${path === '/indexed' ? indexed : program}`);
  });
  await new Promise<void>((resolve) => pages.listen(0, '127.0.0.1', resolve));
  const browser = await openBrowser();
  context.after(async () => {
    await browser.close();
    pages.close();
  });
  const page = await browser.newPage();
  const home = `http://127.0.0.1:${(pages.address() as AddressInfo).port}/`;
  for (const [path, temperature] of [
    ['', 21.5],
    ['indexed', 22.5],
  ] as const) {
    await page.goto(home + path);
    await page.waitForFunction("document.title === 'on disk'");
    assert.equal(await temperatureOf(gateway, 'boiler-7'), temperature);
  }
});

for (const language of ['node', 'python', 'c']) {
  test(`the program that tidegate device add prints for ${language} works as pasted`, slow, async (context) => {
    const { gateway, secret } = await gatewayWith(context, 'boiler-7');
    const { program } = snippetsOf(gateway.deviceUrl, 'boiler-7', secret)[language];
    const { stdout } = await run('/bin/bash', ['-e', '-c', program], { cwd: tempFolder(context), env });
    assert.match(stdout, /on disk/);
    const { metrics } = await gateway.api<LatestBody>('GET', '/v1/devices/boiler-7/latest');
    assert.ok(Object.keys(metrics).length > 0, 'the gateway has a reading');
  });
}

test('the program that tidegate device add prints for a browser works as pasted', slow, async (context) => {
  const { gateway, secret } = await gatewayWith(context, 'boiler-7');
  const browser = await openBrowser();
  context.after(() => browser.close());
  const page = await browser.newPage();
  const heard: string[] = [];
  page.on('console', (message) => heard.push(message.text()));
  // The page's log arrives separately, on a busy machine later than the reading.
  const welcomed = page.waitForEvent('console', (message) => /"type":"welcome"/.test(message.text()));
  await page.evaluate(`(() => { ${snippetsOf(gateway.deviceUrl, 'boiler-7', secret).browser.program} })()`);
  while ((await temperatureOf(gateway, 'boiler-7')) !== 21.5) await page.waitForTimeout(50);
  await welcomed;
  assert.match(heard.join('\n'), /"type":"welcome"/);
});

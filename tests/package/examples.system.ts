// Runs every program in examples/ against a real gateway, broker and browser. Needs the Debian packages chromium, curl, mosquitto and
// python3-websockets.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import type { LatestBody, NewCredentialBody, ReadingItem, ReadingPage } from '../../schemas/generated/operator.js';
import { packageRoot } from '../../schemas/load.js';
import { openBrowser } from '../console/browser.js';
import { type GatewayProcess, startGatewayProcess } from '../rig/gatewayProcess.js';
import { type Mosquitto, startMosquitto } from '../rig/mosquitto.js';
import { tempFolder } from '../rig/tempFolder.js';
import { runProgram, startProgram } from './program.js';

const examples = join(packageRoot, 'examples');
const example = (name: string): string => join(examples, name);
const node = process.execPath;
/** Debian's, which has Debian's websockets. -u: lines are printed at once. */
const python = '/usr/bin/python3';
const secretThatIsWrong = `tgd_${'A'.repeat(43)}`;

let gateway: GatewayProcess;
let broker: Mosquitto;

before(async (context) => {
  const suite = context as TestContext;
  broker = await startMosquitto(tempFolder(suite));
  gateway = await startGatewayProcess({
    data: tempFolder(suite),
    set: ['gatewayId=harbour', `mqtt.url=${broker.url}`],
  });
});

after(async () => {
  await gateway?.stop();
  await broker?.stop();
});

async function addDevice(id: string): Promise<string> {
  return (await gateway.api<NewCredentialBody>('POST', '/v1/devices', { id })).secret;
}

function sendCommand(device: string, name: string, params = '{}') {
  return runProgram(node, [example('send-command.mjs'), gateway.operatorUrl, gateway.key, device, name, params]);
}

test('examples/README.md lists every example, and every example says how it is run', () => {
  const readme = readFileSync(example('README.md'), 'utf8');
  const files = readdirSync(examples).filter((file) => file !== 'README.md');
  assert.ok(files.length >= 12);
  for (const file of files) {
    assert.ok(readme.includes(`(${file})`), `README.md does not list ${file}`);
    const head = readFileSync(example(file), 'utf8').split('\n').slice(0, 12).join('\n');
    assert.ok(
      head.includes(file.endsWith('.html') ? `${file}#` : `examples/${file} `),
      `${file} does not say how it is run`,
    );
  }
});

interface DeviceProgram {
  file: string;
  command: string;
  words(folder: string): string[];
  /** Between the secret and the number of readings. */
  folder?: boolean;
  environment?: Record<string, string>;
  stored: RegExp;
  /** What a wrong secret makes it print; the clients keep trying after that. */
  refused: RegExp;
}

const deviceProgram = (file: string, command: string, flags: string[], more: Partial<DeviceProgram> = {}) => ({
  file,
  command,
  words: () => [...flags, example(file)],
  stored: /frame 2 is on disk/,
  refused: /401/,
  ...more,
});

// An ack is cumulative (PROTOCOL.md, W-2): on a busy machine one answers several frames, so no test waits for a single number.
const devicePrograms: DeviceProgram[] = [
  deviceProgram('node-device.mjs', node, []),
  deviceProgram('node-ws-device.mjs', node, []),
  deviceProgram('python-device.py', python, ['-u', '-B']),
  deviceProgram('python-websockets-device.py', python, ['-u', '-B']),
  deviceProgram('python-client-device.py', python, ['-u', '-B'], {
    folder: true,
    environment: { PYTHONPATH: join(packageRoot, 'clients', 'python', 'src') },
    stored: /2 readings are on the gateway's disk/,
  }),
];

for (const { file, command, words, folder = false, environment = {}, stored, refused } of devicePrograms) {
  const id = file.replace('.', '-');
  const start = (context: TestContext, secret: string, ...readings: string[]) => {
    const place = tempFolder(context);
    const where = folder ? [place] : [];
    const program = startProgram(command, [...words(place), gateway.deviceUrl, id, secret, ...where, ...readings], {
      environment,
    });
    context.after(() => program.stop('SIGKILL'));
    return program;
  };

  test(`${file} sends readings until they are on disk, goes on numbering when it is started again, and carries out a command`, async (context) => {
    const secret = await addDevice(id);
    const first = await start(context, secret, '2').exited;
    assert.deepEqual([first.code, stored.test(first.output)], [0, true], first.output + first.errors);
    const { metrics } = await gateway.api<LatestBody>('GET', `/v1/devices/${id}/latest`);
    assert.ok(Number(metrics.temperature.value) >= 20 && Number(metrics.temperature.value) <= 21);

    const second = start(context, secret);
    const done = await sendCommand(id, 'set_interval', '{"seconds":0.05}');
    assert.deepEqual([done.code, done.output], [0, 'succeeded {"seconds":0.05}\n'], done.errors);
    await second.printed(/the interval is 0\.05 s/);
    const refusedCommand = await sendCommand(id, 'dance');
    assert.equal(refusedCommand.code, 1);
    assert.match(refusedCommand.output, /^rejected .*unknown_command/);
    await second.printed(folder ? /FrameStored\(seq=(9|\d\d+)\)/ : /frame (9|\d\d+) is on disk/);
    await second.stop();
    const { items } = await gateway.api<ReadingPage>('GET', `/v1/devices/${id}/readings`);
    assert.ok(items.length >= 9);
  });

  test(`${file} shows that a wrong secret is refused`, async (context) => {
    await start(context, secretThatIsWrong, '1').printed(refused);
  });
}

test('browser-device.html is a device: it sends readings and carries out a command', async (context) => {
  const secret = await addDevice('page');
  const browser = await openBrowser();
  context.after(() => browser.close());
  const page = await browser.newPage();
  const given = new URLSearchParams({ url: gateway.deviceUrl, id: 'page', secret });
  await page.goto(`${pathToFileURL(example('browser-device.html'))}#${given}`);
  await page.getByText('frame 1 is on disk').waitFor();
  const done = await sendCommand('page', 'set_interval', '{"seconds":0.05}');
  assert.deepEqual([done.code, done.output], [0, 'succeeded {"seconds":0.05}\n'], done.errors);
  await page.getByText('the interval is 0.05 s').waitFor();
  await page.getByText(/frame ([5-9]|\d\d+) is on disk/).waitFor();
  assert.match((await sendCommand('page', 'dance')).output, /^rejected .*unknown_command/);
  const other = await browser.newPage();
  given.set('secret', secretThatIsWrong);
  await other.goto(`${pathToFileURL(example('browser-device.html'))}#${given}`);
  await other.getByText('the link is closed: 1006').waitFor();
});

test('send-command.mjs says which device is unknown, and ends with 1', async () => {
  const { code, errors } = await sendCommand('nobody', 'reboot');
  assert.equal(code, 1);
  assert.match(errors, /^device_unknown: There is no device nobody\. /);
});

test('provision-devices.mjs registers what its file lists, and keeps the secrets for their owner alone', async (context) => {
  const folder = tempFolder(context);
  const [input, output] = [join(folder, 'devices.csv'), join(folder, 'secrets.csv')];
  writeFileSync(input, 'id,model,site\npump-1,boiler,north\npump-2,,south\n');
  const words = [example('provision-devices.mjs'), gateway.operatorUrl, gateway.key, input];
  const made = await runProgram(node, [...words, output]);
  assert.deepEqual(
    [made.code, made.output],
    [0, `2 devices are registered; their secrets are in ${output}\n`],
    made.errors,
  );
  const [heading, ...rows] = readFileSync(output, 'utf8').trim().split('\n');
  assert.deepEqual([heading, rows.length, statSync(output).mode & 0o777], ['id,secret', 2, 0o600]);
  const [id, secret] = rows[1].split(',');
  const device = await runProgram(node, [example('node-ws-device.mjs'), gateway.deviceUrl, id, secret, '1']);
  assert.equal(device.code, 0, device.errors);
  const { model, tags } = await gateway.api<{ model: string; tags: object }>('GET', '/v1/devices/pump-1');
  assert.deepEqual([model, tags], ['boiler', { site: 'north' }]);

  const again = await runProgram(node, [...words, output]);
  assert.notEqual(again.code, 0);
  assert.match(again.errors, /EEXIST/);
  const twice = await runProgram(node, [...words, join(folder, 'other.csv')]);
  assert.equal(twice.code, 1);
  assert.match(twice.errors, /from pump-1 on nothing was registered: device_exists/);
});

test('forward-live-feed.mjs prints the readings of the devices that it was given, as they come', async (context) => {
  const [here, there] = [await addDevice('feed-here'), await addDevice('feed-there')];
  const feed = startProgram(node, [example('forward-live-feed.mjs'), gateway.operatorUrl, gateway.key, 'feed-here']);
  context.after(() => feed.stop('SIGKILL'));
  await feed.printed(/waiting for readings/);
  for (const [id, secret] of [
    ['feed-there', there],
    ['feed-here', here],
  ])
    assert.equal((await runProgram(node, [example('node-ws-device.mjs'), gateway.deviceUrl, id, secret, '1'])).code, 0);
  const [line] = await feed.printed(/^\{.*\}$/m);
  const { device, metric, value } = JSON.parse(line) as { device: string; metric: string; value: number };
  assert.deepEqual([device, metric, value >= 20], ['feed-here', 'temperature', true]);
  const { code, output } = await feed.stop();
  assert.equal(code, 0);
  assert.doesNotMatch(output, /feed-there/);
  const refused = await runProgram(node, [example('forward-live-feed.mjs'), gateway.operatorUrl, 'tgk_wrong']);
  assert.deepEqual([refused.code, refused.errors], [1, 'the gateway refused the feed: HTTP 401\n']);
});

async function storedToday(id: string): Promise<{ day: string; items: ReadingItem[] }> {
  const secret = await addDevice(id);
  const sent = await runProgram(node, [example('node-ws-device.mjs'), gateway.deviceUrl, id, secret, '1']);
  assert.equal(sent.code, 0, sent.errors);
  const { items } = await gateway.api<ReadingPage>('GET', `/v1/devices/${id}/readings`);
  const readings = items as ReadingItem[];
  return { day: new Date(readings[0].ts).toISOString().slice(0, 10), items: readings };
}

test('export-day.sh writes the readings of a day as CSV, and nothing if the gateway refuses', async () => {
  const { day, items } = await storedToday('exported');
  const run = (...words: string[]) =>
    runProgram(example('export-day.sh'), [gateway.operatorUrl, ...words], {
      environment: { TIDEGATE_KEY: gateway.key },
    });
  const { code, output, errors } = await run('exported', day);
  assert.equal(code, 0, errors);
  assert.equal(
    output,
    `metric,ts,value\r\n${items.map(({ metric, ts, value }) => `${metric},${ts},${value}\r\n`).join('')}`,
  );
  assert.equal((await run('exported', '2020-02-28')).output, 'metric,ts,value\r\n');
  const refused = await run('nobody', day);
  assert.deepEqual([refused.code, refused.output], [22, '']);
});

test('query-day-file.py counts the readings of a day from its file', async () => {
  const { day, items } = await storedToday('queried');
  await gateway.api('POST', '/v1/gateway/seal');
  const { dataFolder } = await gateway.api<{ dataFolder: string }>('GET', '/v1/gateway');
  const words = ['-B', example('query-day-file.py'), join(dataFolder, 'readings', `${day}.db`)];
  const { code, output, errors } = await runProgram(python, [...words, 'queried']);
  assert.equal(code, 0, errors);
  const [heading, row] = output.trim().split('\n');
  assert.equal(heading, 'device,metric,unit,count,min,mean,max');
  assert.match(row, /^queried,temperature,,1,/);
  assert.ok(Math.abs(Number(row.split(',')[5]) - Number(items[0].value)) < 0.001);
  assert.match((await runProgram(python, words)).output, /^queried,temperature,/m);
});

test('mqtt-subscriber.mjs prints what the bridge publishes, and what came while it was away', async (context) => {
  const secret = await addDevice('bridged');
  const subscribe = () => {
    const subscriber = startProgram(node, [example('mqtt-subscriber.mjs'), broker.url, 'harbour']);
    context.after(() => subscriber.stop('SIGKILL'));
    return subscriber;
  };
  const send = async () => {
    const sent = await runProgram(node, [example('node-ws-device.mjs'), gateway.deviceUrl, 'bridged', secret, '1']);
    assert.equal(sent.code, 0, sent.errors);
  };
  const first = subscribe();
  await first.printed(/^subscribed$/m);
  await send();
  const [, ts] = await first.printed(/^\{"device":"bridged","ts":(\d+),"temperature":2\d.*,"historical":false\}$/m);
  assert.equal((await first.stop()).code, 0);
  await send();
  const second = subscribe();
  const [, later] = await second.printed(/^\{"device":"bridged","ts":(\d+),"temperature":2\d/m);
  assert.ok(Number(later) > Number(ts));
  assert.equal((await second.stop()).code, 0);
});

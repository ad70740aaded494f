import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { subscribe } from '../../gateway/bridge/bridge.fixture.js';
import { startGatewayProcess } from '../rig/gatewayProcess.js';
import { startMosquitto } from '../rig/mosquitto.js';
import { tempFolder } from '../rig/tempFolder.js';

/** A host name of its own for the process after it (UTS namespace); needs root. */
const onHost = (name: string): string[] => ['unshare', '--uts', 'sh', '-c', `hostname ${name} && exec "$@"`, 'sh'];

test('a container that is made again has another host name, and the MQTT topics stay', async (context) => {
  const folder = tempFolder(context);
  const brokerFolder = join(folder, 'broker');
  mkdirSync(brokerFolder);
  const broker = await startMosquitto(brokerFolder);
  context.after(() => broker.stop());
  const listener = await subscribe(context, broker.url, 'tidegate/+/status');
  const hosts = ['harbour', '3f2a9c1b77de', 'harbour-2'];
  for (const host of hosts) {
    const seen = listener.heard.length;
    const gateway = await startGatewayProcess({
      data: join(folder, 'data'),
      set: [`mqtt.url=${broker.url}`],
      wrapper: onHost(host),
    });
    context.after(() => gateway.kill('SIGKILL'));
    await listener.until((heard) => heard.slice(seen).find(({ payload }) => payload === 'online'));
    const moved = gateway.log.find(({ msg }) => msg?.startsWith('this data folder was last used on the host'));
    assert.equal(moved !== undefined, host !== 'harbour', host);
    assert.equal(await gateway.stop(), 0);
  }
  await listener.until((heard) => heard.filter(({ payload }) => payload === 'offline')[hosts.length - 1]);
  assert.deepEqual([...new Set(listener.heard.map(({ topic }) => topic))], ['tidegate/harbour/status']);
});

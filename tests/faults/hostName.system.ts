import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { connect } from 'mqtt';
import { startGatewayProcess } from '../rig/gatewayProcess.js';
import { startMosquitto } from '../rig/mosquitto.js';
import { tempFolder } from '../rig/tempFolder.js';

/** Runs what follows on a host of this name; needs root. */
const onHost = (name: string): string[] => ['unshare', '--uts', 'sh', '-c', `hostname ${name} && exec "$@"`, 'sh'];

test('a data folder has the same MQTT topics on another host, and the log mentions the other host once', async (context) => {
  const folder = tempFolder(context);
  const mosquitto = await startMosquitto(folder);
  context.after(() => mosquitto.stop());
  const topics = new Set<string>();
  const watcher = connect(mosquitto.url);
  context.after(() => watcher.endAsync(true));
  watcher.on('message', (topic) => topics.add(topic));
  await watcher.subscribeAsync('#');
  const arrived = async (topic: string): Promise<void> => {
    while (!topics.has(topic)) await new Promise((resolve) => watcher.once('message', resolve));
  };
  const options = { data: join(folder, 'data'), set: [`mqtt.url=${mosquitto.url}`] };
  const mentions = (run: { log: { msg?: string }[] }): number =>
    run.log.filter(({ msg }) => msg?.includes('last used on the host plant-7')).length;

  const first = await startGatewayProcess({ ...options, wrapper: onHost('plant-7') });
  await arrived('tidegate/plant-7/status');
  assert.equal(mentions(first), 0);
  assert.equal(await first.stop(), 0);

  topics.clear();
  const moved = await startGatewayProcess({ ...options, wrapper: onHost('3f2a9b1c0d4e') });
  assert.equal((await moved.api<{ gatewayId: string }>('GET', '/v1/gateway')).gatewayId, 'plant-7');
  await arrived('tidegate/plant-7/status');
  assert.equal(mentions(moved), 1);
  assert.equal(await moved.stop(), 0);
  assert.deepEqual(
    [...topics].filter((topic) => !topic.startsWith('tidegate/plant-7/')),
    [],
  );

  const again = await startGatewayProcess({ ...options, wrapper: onHost('3f2a9b1c0d4e') });
  assert.equal(mentions(again), 0);
  assert.equal(await again.stop(), 0);
});

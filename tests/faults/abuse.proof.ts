import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { openTestLink, type TestLink } from '../../gateway/gateway.fixture.js';
import type { NewCredentialBody } from '../../schemas/generated/operator.js';
import { startGatewayProcess } from '../rig/gatewayProcess.js';
import { tempFolder } from '../rig/tempFolder.js';
import { basicAuthorization } from '../rig/wireClient.js';

const seconds = 3;
const devices = 20;
const everyMs = 20;
/** On a shared machine the p99 varies by itself, so an increase of up to this much does not count as caused by the attack. */
const slackMs = 50;

/** Name → attack of tests/rig/abuser.ts. Attacks run in a worker, so that they do not slow down the measuring devices. */
const attacks: Record<string, string> = {
  'a flood of upgrades without credentials': 'upgrades',
  'slow requests that never end (slow loris)': 'loris',
  'a ping flood': 'pings',
  'window overruns': 'overrun',
  'a device that never reads': 'deaf',
};

test('other devices get their acks in time while the gateway is abused', async (context) => {
  const gateway = await startGatewayProcess({ data: tempFolder(context) });
  context.after(() => gateway.stop());
  const make = (id: string) => gateway.api<NewCredentialBody>('POST', '/v1/devices', { id });
  const bad = await make('bad');
  const links: TestLink[] = [];
  for (let n = 0; n < devices; n++)
    links.push(await openTestLink(`${gateway.deviceUrl}?stream=main`, ['tidegate.v1.json'], await make(`good-${n}`)));
  let seq = 0;

  /** The p99 of the ack latency in ms, while each device sends a frame every 20 ms. */
  async function measured(): Promise<number> {
    const latencies: number[] = [];
    const until = performance.now() + seconds * 1_000;
    await Promise.all(
      links.map(async (link) => {
        while (performance.now() < until) {
          const sentAt = performance.now();
          const mine = ++seq;
          link.send({ seq: mine, values: { a: mine } });
          await link.untilAck(mine);
          latencies.push(performance.now() - sentAt);
          await new Promise((resolve) => setTimeout(resolve, everyMs));
        }
      }),
    );
    latencies.sort((a, b) => a - b);
    return latencies[Math.floor(latencies.length * 0.99)];
  }

  const quiet = await measured();
  context.diagnostic(`p99 without an attack: ${quiet.toFixed(1)} ms`);
  for (const [name, attack] of Object.entries(attacks)) {
    await context.test(name, async (attackContext) => {
      const data = { port: gateway.devicePort, authorization: basicAuthorization(bad), attack };
      const worker = new Worker(new URL('../rig/abuser.js', import.meta.url), { workerData: data });
      const p99 = await measured();
      await worker.terminate();
      attackContext.diagnostic(`p99 ${p99.toFixed(1)} ms, ${(p99 / quiet).toFixed(2)} times the p99 without an attack`);
      assert.ok(p99 <= 2 * quiet + slackMs, `p99 ${p99} ms under attack, ${quiet} ms without`);
    });
  }
});

import { resolve } from 'node:path';
import pc from 'picocolors';
import { createOperatorApi } from '../../device-sim/api/operatorApi.js';
import { defaultFolder } from '../../device-sim/api/running.js';
import { loadFleet } from '../../device-sim/fleet/loadFleet.js';
import { startHostMonitor } from '../../device-sim/host/hostMonitor.js';
import { runFleet } from '../../device-sim/run/runFleet.js';
import { untilSignal } from '../../device-sim/run/untilSignal.js';
import { readingText, shortText } from '../../schemas/display/values.js';
import type { LatestBody } from '../../schemas/generated/operator.js';
import { type ApiClient, createApiClient } from '../api/apiClient.js';
import { parseSpan } from '../terminal/times.js';
import { configFrom } from './configFrom.js';
import type { ConfigOptions } from './configOptions.js';
import { createLogger } from './logger.js';
import { runGateway } from './runGateway.js';

const realDevice = 'this-machine';

export interface DemoOptions extends ConfigOptions {
  duration?: string;
}

/** Runs a gateway, the fleet `demo` and a device of this machine, until a signal or the end of `duration`. Rejects as serve does. */
export async function demo(options: DemoOptions): Promise<void> {
  const durationMs = options.duration === undefined ? null : parseSpan('--duration', options.duration);
  const config = configFrom(options, ['log.level=warn', 'device.host=127.0.0.1']);
  const log = createLogger(config.log.level);
  const gateway = await runGateway(config, log, () => configFrom(options, ['log.level=warn', 'device.host=127.0.0.1']));
  console.log(
    `${pc.bold('Tidegate')} stores its data in ${gateway.dataFolder}/ and accepts devices at ${gateway.deviceUrl}`,
  );
  const key = gateway.adminKey ?? '';
  const api = createApiClient({ url: gateway.operatorUrl, key });
  const fleet = loadFleet('demo');
  const ended = Promise.race([
    untilSignal(),
    ...(durationMs === null ? [] : [new Promise<void>((resolve) => setTimeout(resolve, durationMs))]),
  ]);
  const secret = await createOperatorApi(gateway.operatorUrl, key).provision(realDevice, null, { kind: 'real' });
  const running = runFleet({
    fleet,
    url: gateway.operatorUrl,
    key,
    deviceUrl: gateway.deviceUrl,
    stop: ended,
    verify: false,
  });
  const stopMonitor = startHostMonitor({ url: gateway.deviceUrl, id: realDevice, secret, intervalMs: 2_000 });
  const devices = fleet.groups.reduce((sum, { count }) => sum + count, 0);
  console.log(`${devices} simulated devices and a real one (${realDevice}) are connecting. First readings:\n`);
  await showFirst(api, ['boiler-1', 'room-1', 'truck-1', realDevice]);
  // Commands find the gateway by its data folder.
  const other = resolve(defaultFolder()) === resolve(config.data) ? '' : ` --data ${config.data}`;
  console.log(
    `\nFrom another terminal, in this folder:\n  npx tidegate query boiler-1${other}\n  npx tidegate query ${realDevice}${other}\n  npx tidegate send boiler-1 set_interval '{"seconds":5}' --wait 10s${other}\n  npx tidegate tail${other}\n\nCtrl-C stops it. The console:`,
  );
  console.log(`${gateway.operatorUrl}/#key=${key}`);
  await ended;
  await stopMonitor();
  await running;
  await gateway.stop();
}

const firstWithinMs = 10_000;

/** Prints the latest values of each device as soon as there are any; waits 10 s in all. */
async function showFirst(api: ApiClient, ids: string[]): Promise<void> {
  const until = Date.now() + firstWithinMs;
  for (const id of ids) {
    let metrics: LatestBody['metrics'] = {};
    while (Object.keys(metrics).length === 0 && Date.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      // On a slow machine the device may not be registered yet.
      const latest = await api.request<LatestBody>('GET', `/v1/devices/${id}/latest`).catch(() => null);
      metrics = latest?.metrics ?? {};
    }
    const shown = Object.entries(metrics)
      .slice(0, 4)
      .map(([metric, { value, unit }]) => `${metric} ${pc.bold(shortText(readingText(value, unit), 40))}`);
    console.log(`  ${id.padEnd(14)} ${shown.length === 0 ? 'no readings yet' : shown.join('   ')}`);
  }
}

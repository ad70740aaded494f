import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadFleet } from '../../device-sim/fleet/loadFleet.js';
import { changedFleet } from '../../device-sim/fleet/runOptions.js';
import { summaryOf } from '../../device-sim/report/report.js';
import type { FleetResult } from '../../device-sim/run/result.js';
import { isVerified, runFleet } from '../../device-sim/run/runFleet.js';
import { startGatewayProcess } from '../../tests/rig/gatewayProcess.js';

/**
 * Verifies that every acknowledged reading is stored once and as it was sent: with 1,000 busy devices, with as many links as one process
 * of the simulator can have, and with several processes side by side.
 */
const runs = [
  { fleet: 'bench-1000', devices: 1_000, processes: 1, seconds: 30 },
  { fleet: 'many-links', devices: 15_000, processes: 1, seconds: 60 },
  { fleet: 'many-links', devices: 18_000, processes: 3, seconds: 60 },
] as const;

for (const { fleet, devices, processes, seconds } of runs) {
  const data = mkdtempSync(join(tmpdir(), 'tidegate-proof-'));
  const gateway = await startGatewayProcess({ data });
  try {
    const result = await runFleet({
      fleet: changedFleet(loadFleet(fleet), { devices: String(devices) }),
      url: gateway.operatorUrl,
      key: gateway.key,
      deviceUrl: gateway.deviceUrl,
      durationMs: 1000 * seconds,
      stop: new Promise<void>(() => {}),
      verify: true,
      processes,
      watch: true,
    });
    console.log(`tidegate-sim ${fleet} --devices ${devices} --processes ${processes} --duration ${seconds}s --verify`);
    console.log(`${summaryOf(result)}\n${gatewayOf(result)}\n`);
    if (!isVerified(result)) process.exitCode = 1;
  } finally {
    await gateway.stop();
    rmSync(data, { recursive: true, force: true });
  }
}

/** The most links at once, and the gateway's largest resident memory. */
function gatewayOf({ samples }: FleetResult): string {
  const seen = samples.flatMap(({ gateway }) => gateway ?? []);
  const most = (values: number[]): number => values.reduce((a, b) => Math.max(a, b), 0);
  const connected = most(samples.map((sample) => sample.connected));
  const memory = most(seen.map(({ residentBytes }) => residentBytes)) / 2 ** 20;
  return `gateway:   ${connected.toLocaleString('en')} links at once, ${memory.toFixed(0)} MiB resident at most`;
}

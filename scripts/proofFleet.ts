import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runFleet } from '../device-sim/fleet.js';
import { loadFleet } from '../device-sim/fleetFile.js';
import { summaryOf } from '../device-sim/report.js';
import { isClean } from '../device-sim/verify.js';
import { startGatewayProcess } from './faults/gatewayProcess.js';

/** The fleet of the first claim: every acknowledged reading of 1,000 devices is stored once and as it was sent. */
const data = mkdtempSync(join(tmpdir(), 'tidegate-proof-'));
const gateway = await startGatewayProcess({ data });
try {
  const stop = new Promise<void>(() => {});
  const result = await runFleet({
    fleet: loadFleet('bench-1000'),
    url: gateway.operatorUrl,
    key: gateway.key,
    deviceUrl: gateway.deviceUrl,
    durationMs: 30_000,
    stop,
    verify: true,
  });
  console.log(summaryOf(result));
  if (result.verdict === null || !isClean(result.verdict)) process.exitCode = 1;
} finally {
  await gateway.stop();
  rmSync(data, { recursive: true, force: true });
}

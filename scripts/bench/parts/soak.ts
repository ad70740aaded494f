import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadFleet } from '../../../device-sim/fleet/loadFleet.js';
import { createLine, summaryOf } from '../../../device-sim/report/report.js';
import type { FleetResult } from '../../../device-sim/run/result.js';
import { isVerified, runFleet } from '../../../device-sim/run/runFleet.js';
import { startGatewayProcess } from '../../../tests/rig/gatewayProcess.js';
import type { PartOptions } from '../part.js';
import { commitMeasured, writeResult } from '../table/results.js';
import { linePlot } from '../table/svgPlots.js';

const secondsMin = 60;

/** A progress line is printed for every 60th sample. */
const lineEvery = 60;

/** Runs every fault of the simulator at once, verifies all readings and commands, and plots the gateway's memory to docs/bench. */
export async function soak({ seconds, json }: PartOptions): Promise<void> {
  const data = mkdtempSync(join(tmpdir(), 'tidegate-soak-'));
  const gateway = await startGatewayProcess({
    data,
    set: ['store.sealReadings=500000', 'store.sealIntervalSeconds=30'],
  });
  const line = createLine();
  let samples = 0;
  try {
    const result = await runFleet({
      fleet: loadFleet('mixed-faults'),
      url: gateway.operatorUrl,
      key: gateway.key,
      deviceUrl: gateway.deviceUrl,
      durationMs: 1000 * Math.max(secondsMin, seconds),
      stop: new Promise(() => {}),
      verify: true,
      watch: true,
      progress: (progress) => {
        if (samples++ % lineEvery === 0) console.error(line(progress));
      },
    });
    const { early, late } = memoryOf(result);
    const memory = `memory:    ${early.toFixed(0)} MiB in the second quarter, ${late.toFixed(0)} MiB in the last`;
    if (json) console.log(JSON.stringify({ ...result, memoryMiB: { early, late } }));
    else console.log(`${summaryOf(result)}\n${memory}`);
    writeResult('soak.svg', plotOf(result));
    if (!isVerified(result)) process.exitCode = 1;
  } finally {
    await gateway.stop();
    rmSync(data, { recursive: true, force: true });
  }
}

const mebibyte = 2 ** 20;

/** Means of the gateway's resident memory, in MiB. The first quarter does not count, because caches and heaps fill up in it. */
function memoryOf({ samples }: FleetResult): { early: number; late: number } {
  const seen = samples.flatMap(({ gateway }) => (gateway === null ? [] : [gateway.residentBytes / mebibyte]));
  const quarter = Math.floor(seen.length / 4);
  const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
  return { early: mean(seen.slice(quarter, 2 * quarter)), late: mean(seen.slice(3 * quarter)) };
}

function plotOf({ samples, devices, elapsedMs }: FleetResult): string {
  const points = samples.map(({ elapsedMs: at, gateway }): [number, number] => [
    at / 1000,
    gateway === null ? Number.NaN : gateway.residentBytes / mebibyte,
  ]);
  const title = `Gateway memory, ${devices} devices under mixed faults for ${Math.round(elapsedMs / 60_000)} min; commit ${commitMeasured()}`;
  return linePlot({ title, unit: ' MiB', lines: [{ name: 'resident', points }] });
}

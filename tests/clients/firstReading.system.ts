import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import type { LatestBody, NewCredentialBody } from '../../schemas/generated/operator.js';
import { packageRoot } from '../../schemas/load.js';
import { startGatewayProcess } from '../rig/gatewayProcess.js';
import { tempFolder } from '../rig/tempFolder.js';

test("a Python script with Debian's websockets sends a binary reading and waits for its ack, and does so again", async (context) => {
  const gateway = await startGatewayProcess({ data: tempFolder(context) });
  context.after(() => gateway.stop());
  const { secret } = await gateway.api<NewCredentialBody>('POST', '/v1/devices', { id: 'snake' });
  const script = join(packageRoot, 'clients', 'python', 'first_reading.py');
  const send = (value: string): string =>
    execFileSync('/usr/bin/python3', [script, gateway.deviceUrl, 'snake', secret, value], { encoding: 'utf8' });
  assert.equal(send('21.5'), 'frame 1 is on disk\n');
  assert.equal(send('22.25'), 'frame 2 is on disk\n');
  const { metrics } = await gateway.api<LatestBody>('GET', '/v1/devices/snake/latest');
  assert.deepEqual([metrics.temperature.value, metrics.temperature.unit], [22.25, 'Cel']);
  assert.throws(
    () =>
      execFileSync('/usr/bin/python3', [script, gateway.deviceUrl, 'snake', `tgd_${'A'.repeat(43)}`, '1'], {
        stdio: 'pipe',
      }),
    /401/,
  );
});

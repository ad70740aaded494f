import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { packageRoot } from '../../schemas/load.js';
import { startGatewayProcess } from '../rig/gatewayProcess.js';
import { tempFolder } from '../rig/tempFolder.js';

/** Prints each datagram that arrives at a Unix socket, as systemd would take it. */
const listener = `
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print('bound', flush=True)
while True:
    data, ancillary, flags, address = s.recvmsg(4096, 64)
    for line in data.decode().splitlines():
        print(line, flush=True)
`;

test('systemd is notified when the gateway is ready and when it stops', async (context) => {
  const folder = tempFolder(context);
  const path = join(folder, 'notify');
  const python = spawn('python3', ['-c', listener, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  context.after(() => python.kill('SIGKILL'));
  const lines = createInterface({ input: python.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<string> => String((await lines.next()).value);
  assert.equal(await next(), 'bound');
  const gateway = await startGatewayProcess({ data: join(folder, 'data'), environment: { NOTIFY_SOCKET: path } });
  context.after(() => gateway.kill('SIGKILL'));
  const heard: string[] = [];
  const until = async (wanted: string): Promise<void> => {
    while (!heard.includes(wanted)) heard.push(await next());
  };
  await until('READY=1');
  await until(`STATUS=devices: ${gateway.deviceUrl}, console: ${gateway.operatorUrl}`);
  assert.ok(!heard.includes('STOPPING=1'));
  const stopped = gateway.stop();
  await until('STOPPING=1');
  assert.equal(await stopped, 0);
  python.kill();
  await once(python, 'exit');
});

test('systemd finds no fault in the unit', (context) => {
  const folder = tempFolder(context);
  const unit = join(folder, 'tidegate.service');
  copyFileSync(join(packageRoot, 'deploy', 'tidegate.service'), unit);
  // The program that the unit starts is not installed here.
  writeFileSync(unit, readFileSync(unit, 'utf8').replace(/^ExecStart=\S+/m, 'ExecStart=/bin/true'));
  execFileSync('systemd-analyze', ['verify', '--man=no', unit], { stdio: ['ignore', 'pipe', 'pipe'] });
});

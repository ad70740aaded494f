import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { connect } from 'node:tls';
import WebSocket from 'ws';
import { startGatewayProcess } from '../rig/gatewayProcess.js';
import { tempFolder } from '../rig/tempFolder.js';
import { basicAuthorization } from '../rig/wireClient.js';

/** Makes a certificate for the name with Debian's openssl. */
function certificate(folder: string, name: string): { cert: string; key: string } {
  const [cert, key] = [join(folder, `${name}.pem`), join(folder, `${name}.key`)];
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  execFileSync(
    'openssl',
    ['req', '-x509', ...curve, '-keyout', key, '-out', cert, '-days', '30', '-subj', `/CN=${name}`],
    {
      stdio: 'ignore',
    },
  );
  return { cert, key };
}

/** The name on the certificate that a port shows, with and without a server name (SNI). */
function shownBy(port: number, servername?: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false, servername }, () => {
      resolve(String(socket.getPeerCertificate().subject.CN));
      socket.destroy();
    });
    socket.on('error', reject);
  });
}

test('both ports reload their certificates without ending a link, and a bad certificate changes nothing', async (context) => {
  const folder = tempFolder(context);
  const [one, two] = [certificate(folder, 'one'), certificate(folder, 'two')];
  const use = ({ cert, key }: { cert: string; key: string }): void => {
    copyFileSync(cert, join(folder, 'cert.pem'));
    copyFileSync(key, join(folder, 'key.pem'));
  };
  use(one);
  const files = (side: string): string[] => [
    `${side}.tls.certFile=${join(folder, 'cert.pem')}`,
    `${side}.tls.keyFile=${join(folder, 'key.pem')}`,
  ];
  const gateway = await startGatewayProcess({
    data: join(folder, 'data'),
    set: [...files('device'), ...files('operator')],
    environment: { NODE_TLS_REJECT_UNAUTHORIZED: '0' },
  });
  context.after(() => gateway.stop());
  process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
  const device = await gateway.api<{ id: string; secret: string }>('POST', '/v1/devices', { id: 'a' });
  const [, authorization] = basicAuthorization(device).split(': ');
  const ws = new WebSocket(`${gateway.deviceUrl}?stream=main`, ['tidegate.v1.json'], {
    headers: { authorization },
    rejectUnauthorized: false,
  });
  let closed: number | null = null;
  ws.on('close', (code) => {
    closed = code;
  });
  const heard: string[] = [];
  ws.on('message', (data) => heard.push(String(data)));
  const until = async (isSo: () => boolean | Promise<boolean>): Promise<void> => {
    while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 20));
  };
  const acked = async (seq: number): Promise<void> => {
    ws.send(JSON.stringify({ seq, values: { a: seq } }));
    await until(() => closed !== null || heard.some((text) => text === `{"type":"ack","seq":${seq}}`));
    assert.equal(closed, null);
  };
  await until(() => heard.length > 0);
  await acked(1);
  assert.deepEqual([await shownBy(gateway.devicePort), await shownBy(gateway.operatorPort)], ['one', 'one']);

  use(two);
  process.kill(gateway.pid, 'SIGHUP');
  // A connection that the old listener had not accepted yet is reset, and its device tries again.
  const shows = (port: number): Promise<boolean> =>
    shownBy(port).then(
      (name) => name === 'two',
      () => false,
    );
  await until(() => shows(gateway.devicePort));
  await until(() => shows(gateway.operatorPort));
  assert.equal(await shownBy(gateway.devicePort, 'gateway.example'), 'two');
  await acked(2);

  writeFileSync(join(folder, 'cert.pem'), 'no certificate');
  await assert.rejects(gateway.api('POST', '/v1/gateway/reload'), /cannot be used for TLS.*config_invalid/);
  assert.equal(await shownBy(gateway.devicePort), 'two');
  use({ cert: one.cert, key: two.key });
  await assert.rejects(gateway.api('POST', '/v1/gateway/reload'), /config_invalid/);
  await acked(3);

  use(one);
  for (let n = 0; n < 5; n++) await gateway.api('POST', '/v1/gateway/reload');
  assert.equal(await shownBy(gateway.devicePort), 'one');
  await acked(4);
  ws.terminate();
  assert.equal(await gateway.stop(), 0);
});

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { test } from 'node:test';
import { judgeHandshake, offeredIn } from '../../gateway/link/handshake.js';
import { claimedId, offeredCredentials } from '../../gateway/link/offeredCredentials.js';
import { createAttempts } from '../../gateway/presence/attempts.js';
import { decodeCommandUpdate, decodeTimeRequest } from '../../schemas/frame/decode.js';
import { createFrameBuffer } from '../../schemas/frame/frameBuffer.js';
import { checkPrefix, checkTelemetry, createTelemetryHeader } from '../../schemas/frame/telemetry.js';
import type { NewCredentialBody } from '../../schemas/generated/operator.js';
import { parseUpMessage } from '../../schemas/message/up.js';
import { startGatewayProcess } from '../rig/gatewayProcess.js';
import { roundsOr } from '../rig/killPoints.js';
import { tempFolder } from '../rig/tempFolder.js';
import { basicAuthorization, maskedFrame } from '../rig/wireClient.js';

/** TIDEGATE_ROUNDS=1000 makes a million cases in process and 20,000 over sockets. TIDEGATE_SEED repeats a run. */
const rounds = roundsOr(20);
const seed = Number(process.env.TIDEGATE_SEED ?? Date.now() % 2 ** 31);

/** mulberry32, a small generator with the same numbers on every machine. */
function randomOf(start: number): () => number {
  let state = start;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const random = randomOf(seed);
const below = (most: number): number => Math.floor(random() * most);
const bytesOf = (length: number): Buffer => Buffer.from(Array.from({ length }, () => below(256)));
const pick = <Item>(items: readonly Item[]): Item => items[below(items.length)];

/** Changes, cuts, doubles or inserts some bytes. */
function mutated(bytes: Buffer): Buffer {
  let result = Buffer.from(bytes);
  for (let n = 1 + below(4); n > 0; n--) {
    const at = below(result.length + 1);
    const kind = below(4);
    if (kind === 0 && at < result.length) result[at] = below(256);
    else if (kind === 1) result = result.subarray(0, at);
    else if (kind === 2) result = Buffer.concat([result.subarray(0, at), bytesOf(1 + below(8)), result.subarray(at)]);
    else result = Buffer.concat([result.subarray(0, at), result.subarray(below(at + 1))]);
  }
  return result;
}

const golden = Buffer.from('010101010100000000748d00a20100000100000000000000000000000000ac41', 'hex');
const texts = [
  '{"seq":1,"ts":1795305600123,"values":{"a":21.5}}',
  '{"type":"hello","agent":"x","attributes":{"a":1}}',
  '{"type":"metrics","table":3,"metrics":[{"name":"a","scale":0.01}]}',
  '{"type":"command_update","id":"01936c3e-7a10-7b21-8c32-9d43ae54bf65","state":"running","result":{}}',
].map((text) => Buffer.from(text));

const invalid = { ok: false, code: 'credentials_invalid', why: 'secret_wrong' } as const;
const nobody = {
  authenticate: () => invalid,
  authenticateSecret: () => invalid,
  authenticateSubject: () => invalid,
  unavailable: () => null,
};

function fuzzParsers(): void {
  const buffer = createFrameBuffer(65_536);
  const bytes = below(2) === 0 ? mutated(golden) : bytesOf(below(80));
  buffer.u8.set(bytes);
  if (checkPrefix(buffer, bytes.length) === null) checkTelemetry(buffer, bytes.length, createTelemetryHeader());
  decodeCommandUpdate(bytes);
  decodeTimeRequest(bytes);
  parseUpMessage(mutated(pick(texts)).toString());
}

function fuzzHandshake(): void {
  const text = (): string =>
    mutated(Buffer.from(pick(['Basic YTpi', 'Bearer tgd_x', 'tidegate.auth.YTpi', 'main', '']))).toString('latin1');
  const [authorization, protocols] = [text(), offeredIn(`${text()},${text()}`)];
  const upgrade = pick(['websocket', text()]);
  const key = pick(['dGhlIHNhbXBsZSBub25jZQ==', text()]);
  const more = { pathId: pick([null, text()]), query: `stream=${text()}`, subject: text(), agent: text() };
  const judged = judgeHandshake({ upgrade, version: '13', key, protocols, authorization, ...more }, nobody);
  assert.equal(judged.ok, false);
  offeredCredentials(authorization, protocols);
  const attempts = createAttempts({ clock: { now: () => 1 }, known: () => false });
  const device = claimedId(more.pathId, authorization, protocols);
  if (!judged.ok) attempts.note({ address: 'x', device, code: judged.code, reason: judged.why, agent: null });
}

test('parsers of frames and handshakes refuse malformed input and never throw', (context) => {
  context.diagnostic(`seed ${seed}, ${rounds * 1_000} cases`);
  for (let n = 0; n < rounds * 500; n++) {
    fuzzParsers();
    fuzzHandshake();
  }
});

/** Writes the bytes, and waits until the gateway ends the connection, but at most two seconds. */
function throwAt(port: number, chunks: Buffer[]): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const done = (): void => {
      socket.destroy();
      resolve();
    };
    socket.on('error', done);
    socket.on('close', done);
    socket.on('data', () => {});
    socket.on('connect', () => {
      for (const chunk of chunks) socket.write(chunk);
      socket.end();
      setTimeout(done, 2_000).unref();
    });
  });
}

test('malformed input over sockets does not stop the gateway, and leaves neither memory nor readings behind', async (context) => {
  const data = tempFolder(context);
  const gateway = await startGatewayProcess({
    data,
    set: [
      'admission.addressConnectsPerSecond=1000000',
      'admission.addressConnectsBurst=1000000',
      'admission.connectsPerSecond=1000000',
      'admission.connectsBurst=1000000',
    ],
  });
  context.after(() => gateway.stop());
  const device = await gateway.api<NewCredentialBody>('POST', '/v1/devices', { id: 'a' });
  const lines = [
    'GET /v1/device HTTP/1.1',
    'Host: x',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  ];
  const good = Buffer.from(`${[...lines, basicAuthorization(device)].join('\r\n')}\r\n\r\n`);
  const stranger = Buffer.from(
    `${[...lines, basicAuthorization({ id: 'b', secret: device.secret })].join('\r\n')}\r\n\r\n`,
  );
  const resident = (): number =>
    Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${gateway.pid}/status`, 'utf8'))?.[1]);
  // Frames of an accepted device. No mutation makes them valid, because their version is unknown.
  const broken = (): Buffer => {
    const bytes = bytesOf(1 + below(60));
    bytes[0] = 2 + below(200);
    return mutated(maskedFrame(bytes, pick([2, 2, 2, 0, 8, 9])));
  };
  const attack = (): Buffer[] =>
    pick([() => [mutated(stranger)], () => [bytesOf(below(200))], () => [good, broken(), broken()]])();
  const count = rounds * 20;
  let left = count;
  let early = 0;
  const worker = async (): Promise<void> => {
    while (left-- > 0) {
      await throwAt(gateway.devicePort, attack());
      if (left === Math.floor(count / 2)) early = resident();
    }
  };
  await Promise.all(Array.from({ length: 16 }, worker));
  const { items } = await gateway.api<{ items: unknown[] }>('GET', '/v1/devices/a/readings');
  assert.deepEqual(items, []);
  assert.match(await gateway.api<string>('GET', '/metrics'), /^tidegate_readings_stored_total 0$/m);
  context.diagnostic(
    `seed ${seed}, ${count} connections, resident memory ${early} KiB after half of them, ${resident()} KiB at the end`,
  );
  assert.ok(resident() < early + 64 * 1024);
});

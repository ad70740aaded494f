import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openTestLink } from '../../gateway/gateway.fixture.js';
import type { NewCredentialBody } from '../../schemas/generated/operator.js';
import { limits } from '../../schemas/tables/limits.js';
import { type GatewayProcess, startGatewayProcess } from '../rig/gatewayProcess.js';
import { tempFolder } from '../rig/tempFolder.js';
import { basicAuthorization, opcodes, openWireClient, type WireClient } from '../rig/wireClient.js';

/**
 * One way in which a peer is slow or hostile. All attacks run against the same gateway while a well-behaved device sends, which must get its
 * acks before, during and after each.
 */
interface Attack {
  name: string;
  /** `open` opens a link of the hostile device. */
  run(gateway: GatewayProcess, open: () => Promise<WireClient>): Promise<void>;
}

const telemetry = (seq: number): string => JSON.stringify({ seq, ts: -seq, values: { a: seq } });

async function nackOf(client: WireClient): Promise<{ type: string; code?: string; seq?: number }> {
  for (let frame = await client.next(); frame !== null; frame = await client.next()) {
    if (frame.opcode !== opcodes.text) continue;
    const message = JSON.parse(frame.payload.toString()) as { type: string };
    if (message.type === 'nack') return message;
  }
  throw new Error('the link ended without a nack');
}

const attacks: Attack[] = [
  {
    name: 'truncated and overlong binary frames are nacked, and their link stays open',
    async run(_gateway, open) {
      const client = await open();
      const frame = Buffer.from('010101010900000000748d00a20100000100000000000000000000000000ac41', 'hex');
      for (const bytes of [frame.subarray(0, 9), frame.subarray(0, 31), Buffer.concat([frame, frame])]) {
        client.send(bytes);
        assert.equal((await nackOf(client)).code, 'frame_length');
      }
      client.end();
    },
  },
  {
    name: 'a message over the soft limit is nacked, and one over the hard limit ends the link',
    async run(_gateway, open) {
      const client = await open();
      client.send(`{"seq":1,"values":{"a":"${'x'.repeat(limits.maxFrameBytes)}"}}`);
      assert.equal((await nackOf(client)).code, 'frame_too_large');
      client.send(Buffer.alloc(limits.hardFrameBytes + 1));
      await client.untilEnd();
    },
  },
  {
    name: 'bad UTF-8 in a text message ends the link',
    async run(_gateway, open) {
      const client = await open();
      client.send(Buffer.from([0x7b, 0xff, 0xfe, 0x7d]), opcodes.text);
      await client.untilEnd();
    },
  },
  {
    name: 'bad opcodes, unmasked frames and reserved bits end the link',
    async run(_gateway, open) {
      for (const bytes of [
        [0x83, 0x80, 0, 0, 0, 0],
        [0x81, 0x01, 0x41],
        [0xc1, 0x80, 0, 0, 0, 0],
        [0x89, 0xfe, 0, 126],
      ]) {
        const client = await open();
        client.raw(Uint8Array.from(bytes.length > 4 || bytes[1] !== 0xfe ? bytes : [...bytes, ...Array(130).fill(0)]));
        client.raw(Buffer.alloc(1_000));
        await client.untilEnd();
      }
    },
  },
  {
    name: 'a fragmented telemetry frame is assembled, with a ping between its fragments',
    async run(_gateway, open) {
      const client = await open();
      const text = telemetry(1_000_000);
      client.send(text.slice(0, 10), opcodes.text, false);
      client.send('', opcodes.ping);
      client.send(text.slice(10), opcodes.continuation, true);
      for (let frame = await client.next(); ; frame = await client.next()) {
        assert.ok(frame !== null);
        if (frame.opcode === opcodes.text && frame.payload.includes('"ack"')) break;
      }
      client.end();
    },
  },
  {
    name: 'a window overrun is closed with 4003',
    async run(_gateway, open) {
      const client = await open();
      client.socket.cork();
      for (let seq = 2_000_001; seq <= 2_000_500; seq++) client.send(telemetry(seq));
      client.socket.uncork();
      assert.equal(await client.untilEnd(), 4003);
    },
  },
  {
    name: 'a ping flood is closed with 4004',
    async run(_gateway, open) {
      const client = await open();
      client.socket.cork();
      for (let n = 0; n < 5_000; n++) client.send('', opcodes.ping);
      client.socket.uncork();
      assert.equal(await client.untilEnd(), 4004);
    },
  },
  {
    name: 'floods of time requests, hellos and metric tables are closed with 4004',
    async run(_gateway, open) {
      for (const message of [
        '{"type":"time","echo":1}',
        '{"type":"hello"}',
        '{"type":"metrics","metrics":[{"name":"t"}]}',
      ]) {
        const client = await open();
        client.socket.cork();
        for (let n = 0; n < 5_000; n++) client.send(message);
        client.socket.uncork();
        assert.equal(await client.untilEnd(), 4004);
      }
    },
  },
  {
    name: 'descending and repeated seqs are nacked with seq_invalid',
    async run(_gateway, open) {
      const client = await open();
      client.send(telemetry(3_000_000));
      client.send(telemetry(2_999_999));
      client.send(telemetry(3_000_000));
      for (const seq of [2_999_999, 3_000_000])
        assert.deepEqual(await nackOf(client).then(({ code, seq: of }) => [code, of]), ['seq_invalid', seq]);
      client.end();
    },
  },
  {
    name: 'a device that ignores its welcome and starts at 1 again loses no frame: all are kept in quarantine',
    async run(gateway, open) {
      const client = await open();
      for (let seq = 1; seq <= 10; seq++) client.send(telemetry(seq));
      for (let seq = 1; seq <= 10; seq++)
        assert.deepEqual(await nackOf(client).then(({ code, seq: of }) => [code, of]), ['seq_invalid', seq]);
      client.end();
      const { items } = await gateway.api<{ items: { seq: number; bytes: string }[] }>(
        'GET',
        '/v1/devices/bad/rejected?limit=10',
      );
      assert.deepEqual(
        items.map(({ bytes }) => Buffer.from(bytes, 'base64').toString()),
        Array.from({ length: 10 }, (_, i) => telemetry(10 - i)),
      );
    },
  },
  {
    name: 'a device that sends requests and never reads the answers is closed before they fill the memory',
    async run(gateway, open) {
      const client = await open();
      client.socket.pause();
      const requests = JSON.stringify({ type: 'time', echo: 1 });
      let ended = false;
      client.socket.on('close', () => {
        ended = true;
      });
      const offline = async (): Promise<boolean> =>
        !(await gateway.api<{ presence: { online: boolean } }>('GET', '/v1/devices/bad')).presence.online;
      while (!ended && !(await offline())) {
        for (let n = 0; n < 20_000; n++) client.send(requests);
        await new Promise((resolve) => setImmediate(resolve));
      }
      const metrics = await gateway.api<string>('GET', '/metrics');
      assert.match(metrics, /tidegate_links_closed_total\{close="(slow_reader|rate_limited)"\} [1-9]/);
      client.end();
    },
  },
  {
    name: 'a flood of unauthenticated upgrades is refused',
    async run(gateway) {
      await Promise.all(
        Array.from({ length: 20 }, async () => {
          for (let n = 0; n < 50; n++) {
            const client = await openWireClient(gateway.devicePort, [
              basicAuthorization({ id: 'bad', secret: `tgd_${'A'.repeat(43)}` }),
            ]);
            assert.match(client.head, /^HTTP\/1\.1 (401|429) /);
            client.end();
          }
        }),
      );
    },
  },
];

test('a slow or hostile peer harms only its own link', async (context) => {
  const gateway = await startGatewayProcess({ data: tempFolder(context) });
  context.after(() => gateway.stop());
  const make = (id: string) => gateway.api<NewCredentialBody>('POST', '/v1/devices', { id });
  const [good, bad, silent] = [await make('good'), await make('bad'), await make('silent')];

  // This socket never answers a ping. The gateway must close it after 60 s of silence.
  const silentClient = await openWireClient(gateway.devicePort, [basicAuthorization(silent)]);
  const silentSince = performance.now();
  const silentUntil = silentClient.untilEnd().then(() => performance.now());

  const link = await openTestLink(`${gateway.deviceUrl}?stream=main`, ['tidegate.v1.json'], good);
  let seq = 0;
  let worstMs = 0;
  let attacking = true;
  const behave = (async () => {
    while (attacking) {
      const sentAt = performance.now();
      link.send(telemetry(++seq));
      await link.untilAck(seq);
      worstMs = Math.max(worstMs, performance.now() - sentAt);
    }
  })();

  for (const { name, run } of attacks) {
    await context.test(name, async () => {
      const before = seq;
      await run(gateway, () => openWireClient(gateway.devicePort, [basicAuthorization(bad)]));
      while (seq < before + 3) await new Promise((resolve) => setImmediate(resolve));
    });
  }

  await context.test('a silent socket is found and closed', async () => {
    const seconds = ((await silentUntil) - silentSince) / 1000;
    assert.ok(seconds > limits.silenceSeconds - 10 && seconds < limits.silenceSeconds + 15, `${seconds} s`);
  });

  attacking = false;
  await behave;
  context.diagnostic(`the well-behaved device got ${seq} acks, the slowest after ${worstMs.toFixed(0)} ms`);
  const { items } = await gateway.api<{ items: unknown[] }>('GET', '/v1/devices/good/readings?limit=10000&metric=a');
  assert.ok(items.length > 0);
  assert.equal(await gateway.stop(), 0);
});

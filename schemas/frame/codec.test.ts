import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readJson } from '../load.js';
import type { FaultCode } from '../tables/faults.js';
import { decodeDown, decodeUp, rowTimes } from './decode.js';
import {
  encodeAck,
  encodeCommand,
  encodeCommandUpdate,
  encodeNack,
  encodeTelemetry,
  encodeTimeAnswer,
  encodeTimeRequest,
  encodeWelcome,
} from './encode.js';
import { createFrameBuffer } from './frameBuffer.js';
import { checkPrefix, checkTelemetry, createTelemetryHeader } from './telemetry.js';
import type { DownFrame, TelemetryFrame, UpFrame } from './types.js';

interface Valid {
  name: string;
  direction: 'up' | 'down';
  hex: string;
  frame: UpFrame | DownFrame;
  receipt?: number;
  times?: number[];
}
interface Invalid {
  name: string;
  hex: string;
  fault: FaultCode;
  seq: number;
}
const vectors = readJson('schemas/vectors/frames.json') as { valid: Valid[]; invalid: Invalid[] };
const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'));

function encode(direction: Valid['direction'], frame: UpFrame | DownFrame): Uint8Array {
  switch (frame.type) {
    case 'telemetry':
      return encodeTelemetry(frame);
    case 'command_update':
      return encodeCommandUpdate(frame);
    case 'time':
      return direction === 'up' ? encodeTimeRequest(frame) : encodeTimeAnswer(frame as never);
    case 'welcome':
      return encodeWelcome(frame);
    case 'ack':
      return encodeAck(frame);
    case 'nack':
      return encodeNack(frame as never);
    case 'command':
      return encodeCommand(frame);
  }
}

for (const { name, direction, hex, frame, times, receipt } of vectors.valid) {
  test(`golden frame, both ways: ${name}`, () => {
    if (direction === 'up') assert.deepEqual(decodeUp(bytes(hex)), { ok: true, frame });
    else assert.deepEqual(decodeDown(bytes(hex)), frame);
    assert.equal(Buffer.from(encode(direction, frame)).toString('hex'), hex);
    if (times !== undefined) assert.deepEqual(rowTimes(bytes(hex), receipt ?? 0), times);
  });
}

for (const { name, hex, fault, seq } of vectors.invalid) {
  test(`golden refusal: ${name}`, () => {
    const decoded = decodeUp(bytes(hex));
    assert.ok(!decoded.ok);
    assert.deepEqual([decoded.fault.code, decoded.seq], [fault, seq]);
  });
}

const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
const telemetry: fc.Arbitrary<TelemetryFrame> = fc
  .record({
    kind: fc.constantFrom('f32' as const, 'f64' as const, 'i32' as const),
    columns: fc.integer({ min: 1, max: 12 }),
    rows: fc.integer({ min: 1, max: 12 }),
    seq: u32,
    base: fc.integer({ min: -(2 ** 52), max: 2 ** 52 }),
    table: fc.integer({ min: 0, max: 65_535 }),
  })
  .chain(({ kind, columns, rows, seq, base, table }) => {
    const finite =
      kind === 'i32'
        ? fc.integer({ min: -0x7fff_ffff, max: 0x7fff_ffff })
        : kind === 'f32'
          ? fc.float({ noNaN: true, noDefaultInfinity: true })
          : fc.double({ noNaN: true, noDefaultInfinity: true });
    const cell = fc.option(finite, { nil: null, freq: 5 });
    return fc.record({
      type: fc.constant('telemetry' as const),
      kind: fc.constant(kind),
      seq: fc.constant(seq),
      base: fc.constant(base),
      table: fc.constant(table),
      metrics: fc.uniqueArray(fc.integer({ min: 0, max: 65_535 }), { minLength: columns, maxLength: columns }),
      rows: fc
        .uniqueArray(u32, { minLength: rows, maxLength: rows })
        .chain((offsets) =>
          fc.tuple(
            ...offsets.map((offset) =>
              fc.array(cell, { minLength: columns, maxLength: columns }).map((cells) => [offset, ...cells]),
            ),
          ),
        ),
    });
  });
const seeded = { seed: 20_261_124, numRuns: 300 };

test('every telemetry frame is decoded as it was encoded', () => {
  fc.assert(
    fc.property(telemetry, (frame) => {
      const decoded = decodeUp(encodeTelemetry(frame));
      assert.ok(decoded.ok, JSON.stringify(decoded));
      assert.deepEqual(JSON.parse(JSON.stringify(decoded.frame)), JSON.parse(JSON.stringify(frame)));
    }),
    seeded,
  );
});

test('every telemetry frame with missing or additional bytes is refused for its length', () => {
  fc.assert(
    fc.property(telemetry, (frame) => {
      const message = encodeTelemetry(frame);
      for (let length = 0; length < message.length; length++) {
        const decoded = decodeUp(message.subarray(0, length));
        assert.ok(!decoded.ok);
        assert.equal(decoded.fault.code, 'frame_length');
        assert.equal(decoded.seq, length >= 8 ? frame.seq : 0);
      }
      const longer = new Uint8Array(message.length + 1);
      longer.set(message);
      assert.equal(decodeUp(longer).ok, false);
    }),
    { ...seeded, numRuns: 60 },
  );
});

test('a frame with a flipped header bit is refused or decoded as another valid frame, and never throws', () => {
  fc.assert(
    fc.property(telemetry, fc.integer({ min: 0, max: 8 * 20 - 1 }), (frame, bit) => {
      const message = encodeTelemetry(frame);
      message[bit >> 3] ^= 1 << (bit & 7);
      const decoded = decodeUp(message);
      if (decoded.ok) assert.equal(encode('up', decoded.frame).length, message.length);
    }),
    { ...seeded, numRuns: 2_000 },
  );
});

test('any bytes are decoded or refused in both directions, and never throw', () => {
  const prefix = fc.constantFrom([1, 1], [1, 2], [1, 3], [1, 0x81], [1, 0x82], [1, 0x83], [1, 0x84], [1, 0x85], []);
  fc.assert(
    fc.property(prefix, fc.uint8Array({ maxLength: 200 }), (start, rest) => {
      const message = Uint8Array.from([...start, ...rest]);
      decodeUp(message);
      decodeDown(message);
    }),
    { ...seeded, numRuns: 5_000 },
  );
});

test('the bytes after a message in the buffer do not change how it is decoded', () => {
  const buffer = createFrameBuffer(4_096);
  const header = createTelemetryHeader();
  fc.assert(
    fc.property(telemetry, fc.nat(40), (frame, cut) => {
      const message = encodeTelemetry(frame);
      const length = Math.max(0, message.length - cut);
      const results = [0x00, 0xff].map((poison) => {
        buffer.u8.fill(poison);
        buffer.u8.set(message.subarray(0, length));
        const fault = checkPrefix(buffer, length) ?? checkTelemetry(buffer, length, header);
        return JSON.stringify([fault, fault === null ? header : null]);
      });
      assert.equal(results[0], results[1]);
    }),
    seeded,
  );
});

test('a frame with a wrong count of rows or columns is refused for its length', () => {
  for (const [columns, rows] of [
    [255, 65_535],
    [1, 65_535],
    [255, 1],
  ]) {
    const message = bytes('010101010900000000748d00a20100000100000000000000000000000000ac41');
    message[2] = columns;
    message[16] = rows & 0xff;
    message[17] = rows >> 8;
    const decoded = decodeUp(message);
    assert.ok(!decoded.ok);
    assert.equal(decoded.fault.code, 'frame_length');
  }
});

test('minus zero, subnormals and the largest numbers keep their bits', () => {
  for (const value of [-0, 5e-324, Number.MAX_VALUE, -Number.MAX_VALUE]) {
    const decoded = decodeUp(
      encodeTelemetry({ type: 'telemetry', kind: 'f64', seq: 1, base: 1, table: 0, metrics: [0], rows: [[0, value]] }),
    );
    assert.ok(decoded.ok && decoded.frame.type === 'telemetry');
    assert.ok(Object.is(decoded.frame.rows[0][1], value));
  }
});

test('a nack detail is cut to 120 bytes between characters', () => {
  const message = encodeNack({ type: 'nack', code: 'json_invalid', seq: 1, detail: 'ä'.repeat(100) });
  assert.equal(message.length, 8 + 120);
  assert.equal((decodeDown(message) as { detail: string }).detail, 'ä'.repeat(60));
});

test('a device ignores unknown types, reserved bytes and trailing bytes', () => {
  assert.equal(decodeDown(bytes('0190000000000000')), undefined);
  assert.equal(decodeDown(bytes('0282000011000000')), undefined);
  assert.deepEqual(decodeDown(bytes('0182000011000000ffff')), { type: 'ack', seq: 17, window: 0 });
  assert.deepEqual(
    decodeDown(bytes('018140001000000000748d00a2010000000001001900ffff')),
    decodeDown(bytes('018140001000000000748d00a20100000000010019000000')),
  );
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readJson } from '../load.js';
import { roundedNumbers } from '../message/numbers.js';
import { faults } from '../tables/faults.js';
import { decodeDown, decodeUp, frameBufferOf, rowTimes } from './decode.js';
import { encodeCommand, encodeCommandUpdate, encodeTelemetry } from './encode.js';
import { checkTelemetry, createTelemetryHeader } from './telemetry.js';
import { commandUpdateStates, type TelemetryFrame } from './types.js';

interface Vector {
  name: string;
  direction?: 'up' | 'down';
  hex: string;
}
const vectors = readJson('schemas/vectors/frames.json') as { valid: Vector[]; invalid: Vector[] };
const all = [...vectors.valid, ...vectors.invalid].map((vector) => ({
  ...vector,
  message: new Uint8Array(Buffer.from(vector.hex, 'hex')),
}));
const seeded = { seed: 20_261_124, numRuns: 500 };
const frame: TelemetryFrame = {
  type: 'telemetry',
  kind: 'f32',
  seq: 1,
  base: 1,
  table: 0,
  metrics: [0],
  rows: [[0, 1]],
};

/** Decodes in both directions. A refusal must have a fault of the table. */
function outcome(message: Uint8Array): string {
  const up = decodeUp(message);
  if (!up.ok) assert.ok(up.fault.code in faults, up.fault.code);
  return JSON.stringify([up, decodeDown(message) ?? null]);
}

test('every truncation of every golden frame is decoded or refused, and never throws', () => {
  for (const { name, direction, message } of all) {
    for (let length = 0; length < message.length; length++) {
      outcome(message.subarray(0, length));
      if (direction === 'up' && message[1] !== 0x02) {
        const decoded = decodeUp(message.subarray(0, length));
        assert.ok(!decoded.ok, `${name} cut to ${length}`);
        assert.equal(decoded.fault.code, 'frame_length', `${name} cut to ${length}`);
      }
    }
  }
});

test('a golden frame with any header byte set to any value never throws', () => {
  for (const { message } of all) {
    for (let at = 0; at < Math.min(message.length, 32); at++) {
      const changed = message.slice();
      for (let value = 0; value < 256; value++) {
        changed[at] = value;
        outcome(changed);
      }
    }
  }
});

test('a message is decoded the same anywhere in a larger buffer, whatever surrounds it', () => {
  const random = fc.uint8Array({ maxLength: 80 });
  const prefixed = fc
    .tuple(fc.constantFrom(1, 2, 3, 0x81, 0x82, 0x83, 0x84, 0x85), random)
    .map(([type, rest]) => Uint8Array.from([1, type, ...rest]));
  const cut = fc
    .tuple(fc.constantFrom(...all.map(({ message }) => message)), fc.nat(64))
    .map(([message, bytes]) => message.slice(0, Math.max(0, message.length - bytes)));
  fc.assert(
    fc.property(fc.oneof(random, prefixed, cut), fc.nat(9), fc.nat(40), (message, before, after) => {
      const alone = outcome(message);
      for (const poison of [0x00, 0x01, 0x7b, 0xff]) {
        const surroundings = new Uint8Array(before + message.length + after).fill(poison);
        surroundings.set(message, before);
        assert.equal(outcome(surroundings.subarray(before, before + message.length)), alone);
      }
    }),
    { ...seeded, numRuns: 2_000 },
  );
});

test('a base above 0 is an absolute time, and a base of 0 or below is the age of the last row', () => {
  const offsets = fc.uniqueArray(fc.integer({ min: 0, max: 0xffff_ffff }), { minLength: 1, maxLength: 8 });
  const base = fc.integer({ min: -(2 ** 41), max: 2 ** 41 });
  fc.assert(
    fc.property(offsets, base, fc.integer({ min: 1, max: 2 ** 41 }), (rows, from, receivedAt) => {
      const message = encodeTelemetry({ ...frame, base: from, rows: rows.map((offset) => [offset, 1]) });
      const times = rowTimes(message, receivedAt);
      if (from <= 0) assert.equal(times.at(-1), receivedAt + from);
      else assert.equal(times[0], from + rows[0]);
      const apart = (list: number[]): number[] => list.map((value) => value - list[0]);
      assert.deepEqual(apart(times), apart(rows));
    }),
    seeded,
  );
});

test('two rows with the same offset are refused only if a metric has a value in both', () => {
  const cell = fc.option(fc.integer({ min: 0, max: 9 }), { nil: null });
  const row = fc.tuple(fc.integer({ min: 0, max: 2 }), cell, cell);
  for (const kind of ['f32', 'f64', 'i32'] as const) {
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 6 }), (rows) => {
        const seen = new Set<string>();
        let twice = false;
        for (const [offset, ...cells] of rows) {
          for (const [column, value] of cells.entries()) {
            if (value === null) continue;
            twice ||= seen.has(`${offset} ${column}`);
            seen.add(`${offset} ${column}`);
          }
        }
        const decoded = decodeUp(encodeTelemetry({ ...frame, kind, metrics: [0, 1], rows }));
        assert.equal(decoded.ok ? 'ok' : decoded.fault.code, twice ? 'schema_invalid' : 'ok');
      }),
      seeded,
    );
  }
});

test('a frame with a metric twice is refused, and the next frame is not affected', () => {
  const twice = decodeUp(encodeTelemetry({ ...frame, metrics: [7, 8, 7], rows: [[0, 1, 2, 3]] }));
  assert.ok(!twice.ok);
  assert.equal(twice.fault.code, 'schema_invalid');
  assert.ok(decodeUp(encodeTelemetry({ ...frame, metrics: [7, 8], rows: [[0, 1, 2]] })).ok);
});

test('infinity of either sign is refused in every cell, and the largest finite number is accepted', () => {
  for (const kind of ['f32', 'f64'] as const) {
    const largest = kind === 'f32' ? 3.4028234663852886e38 : Number.MAX_VALUE;
    for (let place = 0; place < 4; place++) {
      const outcomeOf = (value: number): string => {
        const cells = Array.from({ length: 4 }, (_, i) => (i === place ? value : 1));
        const rows = [0, 1].map((r) => [r, ...cells.slice(2 * r, 2 * r + 2)]);
        const decoded = decodeUp(encodeTelemetry({ ...frame, kind, metrics: [0, 1], rows }));
        return decoded.ok ? 'ok' : decoded.fault.code;
      };
      for (const sign of [1, -1]) {
        assert.equal(outcomeOf(sign * Number.POSITIVE_INFINITY), 'value_invalid');
        assert.equal(outcomeOf(sign * largest), 'ok');
      }
    }
  }
});

test('every NaN is "no value", whatever its payload', () => {
  for (const bits of ['0000c07f', '010080ff', 'ffffffff', '0100807f']) {
    const message = encodeTelemetry(frame);
    message.set(Buffer.from(bits, 'hex'), 28);
    const decoded = decodeUp(message);
    assert.ok(decoded.ok && decoded.frame.type === 'telemetry');
    assert.deepEqual(decoded.frame.rows, [[0, null]]);
  }
});

test('table and metric numbers keep all 16 bits', () => {
  for (const number of [0, 1, 255, 256, 32_768, 65_535]) {
    const message = encodeTelemetry({ ...frame, table: number, metrics: [number] });
    const header = createTelemetryHeader();
    const buffer = frameBufferOf(message);
    assert.equal(checkTelemetry(buffer, message.length, header), null);
    assert.deepEqual([header.table, buffer.u16[header.metricsAt]], [number, number]);
  }
});

test('the encoder refuses a row with fewer or more values than columns', () => {
  for (const row of [[0], [0, 1], [0, 1, 2, 3]]) {
    assert.throws(
      () => encodeTelemetry({ ...frame, metrics: [0, 1], rows: [row] }),
      /row 0 has \d values for 2 columns/,
    );
  }
});

test('command updates and commands are decoded as they were encoded', () => {
  // Integers that a double cannot hold are refused, which schemas/message/up.test.ts checks.
  const texts = fc.json().filter((text) => roundedNumbers(text).length === 0);
  const json = texts.map((text) => JSON.parse(text) as unknown);
  fc.assert(
    fc.property(fc.uuid(), fc.constantFrom(...commandUpdateStates), json, (id, state, value) => {
      const isError = state === 'failed' || state === 'rejected';
      const update = {
        type: 'command_update' as const,
        id,
        state,
        ...(isError ? { error: value } : { result: value }),
      };
      assert.deepEqual(decodeUp(encodeCommandUpdate(update)), { ok: true, frame: update });
    }),
    seeded,
  );
  const times = fc.integer({ min: 0, max: 2 ** 52 });
  const name = fc.stringMatching(/^[A-Za-z0-9_\-./:]{1,64}$/);
  fc.assert(
    fc.property(fc.uuid(), name, json, times, fc.constantFrom(0, 1, 2, 255), (id, called, params, expiresAt, known) => {
      const command = { type: 'command' as const, id, name: called, params, ttlMs: 60_000, expiresAt, known };
      assert.deepEqual(decodeDown(encodeCommand(command)), command);
    }),
    seeded,
  );
});

test('a time to live above the range of the header is encoded as its largest value', () => {
  const id = '01890a5d-ac96-774b-bcce-b302099a8057';
  const command = { type: 'command' as const, id, name: 'x', params: {}, expiresAt: 1, known: 0 as const };
  const told = (ttlMs: number): unknown =>
    (decodeDown(encodeCommand({ ...command, ttlMs })) as unknown as { ttlMs: number }).ttlMs;
  assert.deepEqual([2 ** 32 - 1, 2 ** 32, 31_536_000_000].map(told), [2 ** 32 - 1, 2 ** 32 - 1, 2 ** 32 - 1]);
});

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { decodeUp } from './frame/decode.js';
import { packageRoot, readJson } from './load.js';
import { parseUpMessage } from './message/up.js';
import { closeCodes } from './tables/closeCodes.js';
import { faults } from './tables/faults.js';
import { limits } from './tables/limits.js';
import { refusals } from './tables/refusals.js';
import { subprotocols } from './tables/subprotocols.js';

const page = readFileSync(join(packageRoot, 'schemas', 'PROTOCOL.md'), 'utf8');
const rows = (pattern: RegExp): string[] => [...page.matchAll(pattern)].map(([, ...cells]) => cells.join(' | '));

test('the tables of PROTOCOL.md are the tables of the code', () => {
  assert.deepEqual(
    rows(/^\| (\d+) \| `(\w+)` \| ([^|]+?) \|$/gm).filter((row) => !/^[45]\d\d /.test(row)),
    Object.entries(faults).map(([code, { number, meaning }]) => `${number} | ${code} | ${meaning}`),
  );
  assert.deepEqual(
    rows(/^\| (\d{4}) \| `(\w+)` \| (soon|slowly) \| ([^|]+?) \|$/gm),
    Object.entries(closeCodes).map(
      ([name, { code, comeBack, meaning }]) => `${code} | ${name} | ${comeBack} | ${meaning}`,
    ),
  );
  assert.deepEqual(
    rows(/^\| ([45]\d\d) \| `(\w+)` \|/gm),
    Object.entries(refusals).map(([code, { status }]) => `${status} | ${code}`),
  );
  assert.deepEqual(rows(/^\| `([\w.]+)` \| (?:text|binary)/gm), Object.keys(subprotocols));
});

test('the limits of PROTOCOL.md are the limits of the code, but for what concerns operators only', () => {
  const { keyPattern: _, ...ofDevices } = limits;
  assert.deepEqual(
    rows(/^\| `(\w+)` \| `?([^`|]+?)`? \| [^|]+ \|$/gm).sort(),
    Object.entries(ofDevices)
      .map(([name, value]) => `${name} | ${value instanceof RegExp ? value.source : value}`)
      .sort(),
  );
});

test('the examples in hex are the golden frames of their names', () => {
  const { valid } = readJson('schemas/vectors/frames.json') as { valid: { name: string; hex: string }[] };
  const examples = [...page.matchAll(/^\| ([^|]+) \| `((?:[0-9a-f]{2,} ?)+)` \|$/gm)];
  assert.ok(examples.length > 10);
  for (const [, name, hex] of examples) {
    assert.equal(hex.replaceAll(' ', ''), valid.find((vector) => vector.name === name)?.hex, name);
  }
});

test('every rule that is cited exists', () => {
  const defined = new Set(rows(/^- \*\*([A-Z]-\d+)\*\*/gm));
  for (const [cited] of page.matchAll(/\b[HNIJBWRC]-\d+\b/g)) assert.ok(defined.has(cited), cited);
});

test('every rule has a number of its own, in order', () => {
  const numbers = rows(/^- \*\*([A-Z]-\d+)\*\*/gm);
  assert.ok(numbers.length > 50);
  for (const letter of new Set(numbers.map((rule) => rule[0]))) {
    const own = numbers.filter((rule) => rule[0] === letter);
    assert.deepEqual(
      own,
      own.map((_, i) => `${letter}-${i + 1}`),
    );
  }
});

test('the examples that a device may send are valid', () => {
  const lines = page
    .split('\n')
    .filter(
      (line) => /^\{"type":"(telemetry|metrics|hello|command_update|time)"/.test(line) && !line.includes('serverTime'),
    );
  assert.ok(lines.length >= 6);
  for (const line of lines) assert.equal(parseUpMessage(line).ok, true, line);
  const hex = /^01 01 01 01 .*$/m.exec(page)?.[0].replaceAll(' ', '') ?? '';
  assert.equal(decodeUp(Buffer.from(hex, 'hex')).ok, true);
});

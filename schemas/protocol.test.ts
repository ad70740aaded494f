import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ackBytes, timeAnswerBytes, timeRequestBytes, welcomeBytes } from './frame/layout.js';
import { packageRoot, readJson } from './load.js';
import { parseUpMessage } from './message/up.js';
import { closeCodes } from './tables/closeCodes.js';
import { faults } from './tables/faults.js';
import { limits } from './tables/limits.js';
import { refusals } from './tables/refusals.js';
import { subprotocols } from './tables/subprotocols.js';

const page = readFileSync(join(packageRoot, 'schemas', 'PROTOCOL.md'), 'utf8');
const cells = (text: string, pattern: RegExp): string[] =>
  [...text.matchAll(pattern)].map(([, ...found]) => found.join(' | '));
const rows = (pattern: RegExp): string[] => cells(page, pattern);

/** The text of the page under a heading, up to the next heading of the same level. */
function section(heading: string): string {
  const [, text] = page.split(`\n## ${heading}\n`);
  assert.ok(text !== undefined, `PROTOCOL.md has no heading "${heading}"`);
  return text.split('\n## ')[0];
}

test('the tables of faults, close codes, refusals and subprotocols are the same as in the code', () => {
  const ends = section('7. Faults, closes and reconnecting');
  const handshake = section('1. Handshake');
  assert.deepEqual(
    cells(ends, /^\| (\d{1,2}) \| `(\w+)` \| ([^|]+?) \|$/gm),
    Object.entries(faults).map(([code, { number, meaning }]) => `${number} | ${code} | ${meaning}`),
  );
  assert.deepEqual(
    cells(ends, /^\| (\d{4}) \| `(\w+)` \| (soon|slowly) \| ([^|]+?) \|$/gm),
    Object.entries(closeCodes).map(
      ([name, { code, comeBack, meaning }]) => `${code} | ${name} | ${comeBack} | ${meaning}`,
    ),
  );
  const refused = [...handshake.matchAll(/^\| ([45]\d\d) \| `(\w+)` \| ([^|]*?) ?\| [^|]+ \|$/gm)];
  assert.deepEqual(
    refused.map(([, status, code, headers]) => [code, Number(status), headers.includes('Retry-After')]),
    Object.entries(refusals).map(([code, { status, retryAfter }]) => [code, status, retryAfter]),
  );
  assert.deepEqual(cells(handshake, /^\| `([\w.]+)` \| (?:text|binary)/gm), Object.keys(subprotocols));
});

test('the limits of PROTOCOL.md are the same as in the code, except those that concern operators only', () => {
  const { keyPattern: _, ...ofDevices } = limits;
  assert.deepEqual(
    cells(section('Limits'), /^\| `(\w+)` \| `?([^`|]+?)`? \| [^|]+ \|$/gm).sort(),
    Object.entries(ofDevices)
      .map(([name, value]) => `${name} | ${value instanceof RegExp ? value.source : value}`)
      .sort(),
  );
});

const golden = (readJson('schemas/vectors/frames.json') as { valid: { name: string; hex: string }[] }).valid;
const hexOf = (name: string): string | undefined => golden.find((vector) => vector.name === name)?.hex;

test('the examples in hex are the golden frames with their names', () => {
  const examples = [...page.matchAll(/^\| ([^|]+) \| `((?:[0-9a-f]{2,} ?)+)` \|$/gm)];
  assert.equal(examples.length, 10);
  for (const [, name, hex] of examples) assert.equal(hex.replaceAll(' ', ''), hexOf(name), name);
});

test('the worked examples are golden frames with every byte at its offset', () => {
  const examples = [...page.matchAll(/^Golden frame "([^"]+)":[^\n]*\n\n```\n([^`]+)```$/gm)];
  assert.equal(examples.length, 6);
  for (const [, name, text] of examples) {
    let hex = '';
    for (const line of text.trimEnd().split('\n')) {
      const fields = /^ *(\d+) {2}((?:[0-9a-f]{2} ?)+) {2}/.exec(line);
      assert.ok(fields !== null, `${name}: ${line}`);
      assert.equal(Number(fields[1]), hex.length / 2, `${name}: offset of ${line}`);
      hex += fields[2].replaceAll(' ', '');
    }
    assert.equal(hex, hexOf(name), name);
  }
});

test('each line of a byte diagram has eight bytes, and the fixed sizes are the same as in the code', () => {
  const diagrams = [
    ...section('6. Binary messages').matchAll(/^### (.+?), `(0x\w\w)`\n\n(?:[^`#|+]+\n)?```\n([^`]+)```$/gm),
  ];
  const lastLine = new Map<string, string>();
  for (const [, name, type, text] of diagrams) {
    const lines = text.split('\n').filter((line) => /^ *(\d+|start|32\+N) \|/.test(line));
    const [first] = lines;
    assert.ok(first.includes(`|  0x01  |  ${type}  |`), `${name}: ${first}`);
    lines.forEach((line, at) => {
      const fields = line.slice(line.indexOf('|') + 1, -1).split('|');
      const bytes = fields.reduce((sum, field) => sum + (field.length + 1) / 9, 0);
      assert.equal(bytes, 8, `${name}: ${line}`);
      if (/^ *\d/.test(line) && !line.includes('32+N'))
        assert.equal(Number.parseInt(line, 10), 8 * at, `${name}: ${line}`);
    });
    lastLine.set(name, lines[lines.length - 1]);
  }
  assert.deepEqual(
    [...lastLine.keys()],
    ['Telemetry', 'Command update', 'Time request', 'Welcome', 'Ack', 'Nack', 'Command', 'Time answer'],
  );
  const bytesOf = (name: string): number => Number.parseInt(lastLine.get(name) ?? '', 10) + 8;
  assert.deepEqual(['Time request', 'Welcome', 'Ack', 'Time answer'].map(bytesOf), [
    timeRequestBytes,
    welcomeBytes,
    ackBytes,
    timeAnswerBytes,
  ]);
});

test('every rule that a page, a comment or a test cites exists', () => {
  const defined = new Set(rows(/^- \*\*([A-Z]-\d+)\*\*/gm));
  const cited = /\b[HNIJBWRC]-\d+\b/g;
  let count = 0;
  for (const folder of ['schemas', 'clients', 'device-sim', 'gateway', 'tests', 'docs']) {
    const files = readdirSync(join(packageRoot, folder), { recursive: true, encoding: 'utf8' });
    for (const file of files.filter(
      (name) => /\.(ts|tsx|md|py|c|h|ino|js|mjs)$/.test(name) && !/node_modules/.test(name),
    )) {
      for (const [rule] of readFileSync(join(packageRoot, folder, file), 'utf8').matchAll(cited)) {
        assert.ok(defined.has(rule), `${folder}/${file} cites ${rule}`);
        count++;
      }
    }
  }
  assert.ok(count > 500, `${count} citations`);
});

test('the rules of each letter are numbered 1, 2, 3 …, in the order of the page', () => {
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
});

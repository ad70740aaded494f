import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readJson } from './load.js';
import { oldNodeMessage } from './nodeVersion.js';

test('Node 20 and newer are accepted', () => {
  for (const version of ['20.0.0', '22.23.5', '26.12.1', '100.0.0', '27.0.0-nightly2026'])
    assert.equal(oldNodeMessage(version), null);
});

test('an older Node is refused in one line that says what to do', () => {
  for (const version of ['0.12.18', '4.0.0', '16.9.1', '18.20.8', '19.9.0', 'unknown'])
    assert.match(
      oldNodeMessage(version) ?? '',
      new RegExp(`^Tidegate needs Node 20 or newer, and this is Node ${version}: install .+\\.$`),
    );
});

test('the oldest Node is that of engines in package.json', () => {
  const [, oldest] = /^>=(\d+)$/.exec((readJson('package.json') as { engines: { node: string } }).engines.node) ?? [];
  assert.equal(oldNodeMessage(`${oldest}.0.0`), null);
  assert.notEqual(oldNodeMessage(`${Number(oldest) - 1}.99.0`), null);
});

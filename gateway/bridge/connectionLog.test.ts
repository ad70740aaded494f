import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Logger } from 'pino';
import { createConnectionLog } from './connectionLog.js';

test('a connection that changes often logs one line per second, which counts the changes before it', () => {
  const lines: [string, unknown][] = [];
  const note = ({ notLogged }: { notLogged?: number }, text: string) => lines.push([text, notLogged]);
  let now = 0;
  const logChange = createConnectionLog({ info: note, warn: note } as unknown as Logger, 'mqtt://b', () => now);
  const connected = { connected: true, why: null, retryMs: null };
  logChange(connected);
  for (now = 1; now < 1_000; now += 333) logChange({ connected: false, why: 'lost', retryMs: 100 });
  now = 1_000;
  logChange({ connected: true, why: 'no commands', retryMs: null });
  now = 2_000;
  logChange({ connected: false, why: 'lost', retryMs: 100 });
  assert.deepEqual(lines, [
    ['bridge connected', undefined],
    ['bridge hindered', 3],
    ['bridge not connected', undefined],
  ]);
});

/**
 * All clients against the rules of PROTOCOL.md. tests/clients/ has the tests that run a client with a gateway, or another language's tools.
 * A client's own tests are beside its code, in clients/.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { wrongs } from '../../clients/js/conformance/wrong.js';
import { inParallel } from '../../device-sim/api/operatorApi.js';
import { verdictsOf } from '../../device-sim/conform/report.js';
import { conform } from '../../device-sim/conform/runner.js';
import { packageRoot } from '../../schemas/load.js';
import type { Encoding } from '../../schemas/tables/subprotocols.js';

const cFolder = mkdtempSync(join(tmpdir(), 'tidegate-c-'));
const cClient = join(packageRoot, 'clients', 'c');
execFileSync('make', ['-s', '-C', cClient, 'examples', `BUILD=${cFolder}`]);
after(() => rmSync(cFolder, { recursive: true, force: true }));
const pythonAdapter = join(packageRoot, 'clients', 'python', 'conformance_adapter.py');
const adapter = [process.execPath, join(packageRoot, 'dist', 'clients', 'js', 'conformance', 'adapter.js')];

/** Every client of this repository must pass every situation in each of its encodings. */
const clients: { name: string; encodings: Encoding[]; command: string[] }[] = [
  { name: 'JavaScript', encodings: ['json', 'binary'], command: adapter },
  { name: 'C', encodings: ['binary'], command: [join(cFolder, 'adapter')] },
  { name: 'Python', encodings: ['json', 'binary'], command: ['/usr/bin/python3', '-B', pythonAdapter] },
];

/** Rules that no client of this repository can show, because they concern the other encoding or a message that a device may leave out. */
const notShown: Record<Encoding, readonly string[]> = {
  json: ['B-1', 'B-2', 'B-3', 'B-4', 'B-5', 'B-7', 'B-8', 'B-9', 'B-11', 'H-9', 'H-10'],
  binary: ['B-7', 'H-9', 'H-10', 'J-1', 'J-2', 'J-3'],
};

/** A run mostly waits for a gateway that is silent on purpose, so all runs are made at once. */
test('the clients of this repository follow the protocol', { concurrency: true, timeout: 600_000 }, async (context) => {
  const runs = clients.flatMap(({ name, encodings, command }) =>
    encodings.map((encoding) =>
      context.test(`the ${name} client follows every rule in ${encoding}`, async () => {
        const verdicts = verdictsOf(await conform({ command, encoding, rules: [], width: 4 }));
        const failed = verdicts.filter(({ verdict }) => verdict === 'fail');
        assert.deepEqual(failed, []);
        const missing = verdicts.filter(
          ({ verdict, rule }) => verdict === 'not shown' && !notShown[encoding].includes(rule),
        );
        assert.deepEqual(missing, [], 'every other rule is judged');
      }),
    ),
  );
  const wrong = context.test('each client that breaks a rule on purpose fails that rule', async () => {
    const missed: string[] = [];
    await inParallel(Object.entries(wrongs), 4, async ([name, { rule, situation, ...more }]) => {
      const encoding: Encoding = 'encoding' in more ? more.encoding : 'json';
      const options = { encoding, rules: [], situation, width: 1 };
      const verdicts = verdictsOf(await conform({ ...options, command: [...adapter, '--wrong', name] }));
      const failed = verdicts.filter(({ verdict }) => verdict === 'fail').map((verdict) => verdict.rule);
      if (!failed.includes(rule))
        missed.push(`${name}: expected ${rule} to fail, and failed were ${failed.join(', ') || 'none'}`);
    });
    assert.deepEqual(missed, []);
  });
  await Promise.all([...runs, wrong]);
});

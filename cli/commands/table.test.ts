import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { Command } from 'commander';
import { mainFile } from '../cli.fixture.js';
import { addComplete, addOutlines } from './table.js';

/** The subcommands as the help of a program lists them. */
const listed = (program: Command): string[][] =>
  program.commands.map((command) => [
    command.name(),
    command.description(),
    ...command.registeredArguments.map((argument) => `${argument.name()} ${argument.required}`),
  ]);

test('the table has the name, the arguments and the description that each subcommand has', async () => {
  const [outlines, complete] = [new Command('tidegate'), new Command('tidegate')];
  addOutlines(outlines);
  await addComplete(complete);
  assert.deepEqual(listed(outlines), listed(complete));
});

/** Prints each file that a program imports to stderr. */
const listing = `
  import { register } from 'node:module';
  register('data:text/javascript,' + encodeURIComponent(\`
    import { writeSync } from 'node:fs';
    export async function load(url, context, next) { writeSync(2, url + String.fromCharCode(10)); return next(url, context); }
  \`));
`;

/** The modules that a call of the command line imports. */
function imported(...args: string[]): string[] {
  const { stderr } = spawnSync(
    process.execPath,
    ['--import', `data:text/javascript,${encodeURIComponent(listing)}`, mainFile, ...args],
    { encoding: 'utf8' },
  );
  return stderr.split('\n').filter((line) => line.startsWith('file:'));
}

test('help, a mistyped word and completion load no gateway and none of its libraries', () => {
  const heavy = /\/node_modules\/(?!commander|picocolors|ws\/)|\/dist\/gateway\/(gateway|config|operator|link)/;
  assert.ok(imported('health', '--set', 'operator.port=1').some((url) => heavy.test(url)));
  const calls = [
    ['--help'],
    ['nonsense'],
    ['help', 'serve'],
    ['serve', '--help'],
    ['demo', '--help'],
    ['config', '--help'],
    ['health', '--help'],
  ];
  for (const args of calls) {
    const urls = imported(...args);
    assert.ok(
      urls.some((url) => url.includes('/commander/')),
      args.join(' '),
    );
    assert.deepEqual(
      urls.filter((url) => heavy.test(url)),
      [],
      args.join(' '),
    );
  }
  assert.deepEqual(
    imported('--help').filter((url) => /\/cli\/commands\/(?!table)/.test(url)),
    [],
  );
});

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { packageRoot } from '../../schemas/load.js';
import { tempFolder } from '../rig/tempFolder.js';

const mainFile = join(packageRoot, 'dist', 'cli', 'main.js');

/** Completes lines in a real shell, each by `complete`, which prints the words that it offers, one per line. */
const shells: Record<string, { source: string; complete(line: string): string }> = {
  bash: {
    source: '',
    complete: (line) =>
      `COMP_WORDS=(${words(line)}); COMP_CWORD=$((\${#COMP_WORDS[@]}-1)); ${functionOf(line)}; ls / >/dev/null; printf '%s\\n' "\${COMPREPLY[@]}"`,
  },
  zsh: {
    // Completion functions run only while somebody types, so what they hand over to zsh is printed instead.
    source: 'compdef() { :; }; _describe() { print -l -- $next[@]; }; _files() { :; };',
    complete: (line) => `words=(${words(line)}); CURRENT=$#words; ${functionOf(line)}; ls / >/dev/null`,
  },
  fish: { source: '', complete: (line) => `complete -C '${line}'` },
};

const words = (line: string): string =>
  line
    .split(' ')
    .map((word) => `'${word}'`)
    .join(' ');

/** The function of the program's script. */
const functionOf = (line: string): string => `_${line.split(' ')[0].replace('-', '_')}`;

function completed(context: TestContext, shell: string, line: string): string[] {
  const [program] = line.split(' ');
  const folder = tempFolder(context);
  const script = join(folder, 'completion');
  writeFileSync(script, execFileSync(process.execPath, [mainFile, 'completion', shell, program]));
  const { source, complete } = shells[shell];
  const flags = shell === 'bash' ? ['--norc'] : shell === 'zsh' ? ['-f'] : ['--no-config'];
  const output = execFileSync(shell, [...flags, '-c', `${source} source ${script}; ${complete(line)}`], {
    encoding: 'utf8',
    cwd: folder,
    env: { ...process.env, HOME: folder },
  });
  return output
    .split('\n')
    .map((offer) => offer.split(shell === 'zsh' ? ':' : '\t')[0])
    .filter((offer) => offer !== '' && offer !== 'completion');
}

for (const shell of Object.keys(shells))
  test(`${shell} completes commands, subcommands and options`, (context) => {
    const offered = (line: string): string[] => completed(context, shell, line);
    const starts = (line: string, start: string): string[] => offered(line).filter((word) => word.startsWith(start));
    assert.deepEqual(starts('tidegate dev', 'dev'), ['device']);
    assert.ok(starts('tidegate device ', '').includes('rotate'));
    assert.deepEqual(starts('tidegate device add --mo', '--mo'), ['--model']);
    assert.deepEqual(starts('tidegate query boiler-1 --fo', '--fo'), ['--format']);
    assert.deepEqual(starts('tidegate query boiler-1 --role', '--role'), []);
    assert.deepEqual(starts('tidegate completion f', 'f'), ['fish']);
    assert.deepEqual(starts('tidegate-sim con', 'con'), ['conform']);
    assert.deepEqual(starts('tidegate-sim bench-1000 --ver', '--ver'), ['--verify']);
  });

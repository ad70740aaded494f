import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { packageRoot, readJson } from '../../schemas/load.js';

/** Pages for maintainers: what they say of files, settings and decisions must be true. */
const read = (path: string): string => readFileSync(join(packageRoot, path), 'utf8');
const architecture = read('ARCHITECTURE.md');
const decisions = readdirSync(join(packageRoot, 'docs', 'decisions')).filter((name) => /^\d{4}-/.test(name));

/** What stands in backticks, code blocks left out. */
const quoted = (text: string): string[] =>
  [...text.replaceAll(/^```[\s\S]*?^```$/gm, '').matchAll(/`([^`\n]+)`/g)].map(([, words]) => words);

interface Schema {
  properties?: Record<string, Schema>;
  $ref?: string;
  $defs?: Record<string, Schema>;
}

/** The keys of the configuration with their sections, such as `limits.links`. */
function settings(): Set<string> {
  const root = readJson('schemas/config/gateway.schema.json') as Schema;
  const found = new Set<string>();
  function collect(schema: Schema, path: string): void {
    const at = schema.$ref === undefined ? schema : root.$defs?.[basename(schema.$ref)];
    for (const [name, inner] of Object.entries(at?.properties ?? {})) {
      found.add(path + name);
      collect(inner, `${path}${name}.`);
    }
  }
  collect(root, '');
  return found;
}

test('every setting that ARCHITECTURE.md, CONTRIBUTING.md or a decision names is one', () => {
  const known = settings();
  assert.ok(known.has('limits.links') && known.has('store.sealReadings'));
  const sections = [...known].filter((key) => [...known].some((other) => other.startsWith(`${key}.`)));
  const setting = new RegExp(`^(?:${sections.join('|')})\\.[A-Za-z.]+$`);
  const file = /\.(?:ts|js|db|md|yaml|json|unfinished)$/;
  for (const page of ['ARCHITECTURE.md', 'CONTRIBUTING.md', ...decisions.map((name) => `docs/decisions/${name}`)])
    for (const words of quoted(read(page)))
      if (setting.test(words) && !file.test(words)) assert.ok(known.has(words), `${page}: ${words}`);
});

test('every file that ARCHITECTURE.md names without its whole path is there', () => {
  const folders = ['', 'gateway/', 'gateway/store/'];
  const names = new Set(
    ['cli', 'console', 'device-sim', 'gateway', 'schemas', 'scripts'].flatMap((folder) =>
      readdirSync(join(packageRoot, folder), { recursive: true, encoding: 'utf8' }).map((path) => basename(path)),
    ),
  );
  for (const words of quoted(architecture)) {
    if (!/^[\w/-]+\.(?:test\.)?ts$/.test(words)) continue;
    const isThere = words.includes('/')
      ? folders.some((folder) => existsSync(join(packageRoot, folder, words)))
      : names.has(words);
    assert.ok(isThere, words);
  }
});

test('no line of ARCHITECTURE.md, CONTRIBUTING.md or a decision is longer than 140 characters', () => {
  for (const page of ['ARCHITECTURE.md', 'CONTRIBUTING.md', ...decisions.map((name) => `docs/decisions/${name}`)])
    for (const line of read(page).split('\n')) assert.ok(line.length <= 140, `${page}: ${line}`);
});

test('decisions are numbered in order, are in the index under their title, and have their four sections', () => {
  const index = read('docs/decisions/README.md');
  decisions.sort().forEach((name, i) => {
    const number = String(i + 1).padStart(4, '0');
    const text = read(`docs/decisions/${name}`);
    const title = new RegExp(`^# ${number} (.+)$`, 'm').exec(text)?.[1];
    assert.ok(name.startsWith(`${number}-`) && title !== undefined, name);
    assert.ok(index.includes(`- [${number}](${name}) ${title}\n`), `${name} is not in the index under its title`);
    assert.deepEqual(
      [...text.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading),
      ['Context', 'Decision', 'Consequences', 'Measured'],
      name,
    );
    for (const [, link] of text.matchAll(/\]\(([^)]+)\)/g))
      assert.ok(existsSync(join(packageRoot, 'docs', 'decisions', link)), `${name}: ${link}`);
    for (const words of quoted(text))
      if (/^[\w.-]+\/[\w./-]+\.(?:tsx?|mjs|md|py|json)$/.test(words))
        assert.ok(existsSync(join(packageRoot, words)), `${name}: ${words}`);
  });
  for (const [, number] of architecture.matchAll(/\((\d{4})\)/g))
    assert.ok(Number(number) >= 1 && Number(number) <= decisions.length, `there is no decision ${number}`);
});

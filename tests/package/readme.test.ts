import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { test } from 'node:test';
import { packageRoot } from '../../schemas/load.js';

const folders = 'schemas|gateway|device-sim|scripts|clients|config|docs|deploy|cli|console|tests|examples';
const endings = 'ts|tsx|mjs|js|md|yaml|yml|json|py|sh|service|png|svg|c|h|ino|html|css';
/** A file by its ending, or a folder by its slash. Names with a placeholder, such as docs/proof/<part>.md, are not meant. */
const named = new RegExp(
  `(?:^|[\\s\`(])((?:${folders})/(?:[\\w./-]+\\.(?:${endings})|(?:[\\w.-]+/)*))(?![\\w/<*{])`,
  'gm',
);
const links = /\]\(([^)\s]+)\)/g;
const elsewhere = /^[a-z]+:/;
const notOurs = /^(node_modules|dist|data|build|\..*)$/;

function pagesIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter(({ name }) => !notOurs.test(name))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      return entry.isDirectory() ? pagesIn(path) : entry.name.endsWith('.md') ? [path] : [];
    });
}

/** Raw output of `npm run proof`, which names what it ran when it ran. */
const isRaw = (path: string): boolean => /^docs\/proof\/(?!README)/.test(path);

const fences = /^```[\s\S]*?^```/gm;
const withoutCode = (text: string): string => text.replaceAll(fences, '').replaceAll(/`[^`\n]*`/g, '');

/** The anchors of a page, as GitHub makes them from its headings. */
function anchorsOf(text: string): Set<string> {
  const anchors = new Set<string>();
  for (const [, heading] of text.replaceAll(fences, '').matchAll(/^#{1,6} +(.*)$/gm)) {
    const plain = heading
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .trim()
      .toLowerCase();
    const anchor = plain.replaceAll(/[^\p{L}\p{N} _-]/gu, '').replaceAll(' ', '-');
    let unique = anchor;
    for (let n = 1; anchors.has(unique); n++) unique = `${anchor}-${n}`;
    anchors.add(unique);
  }
  for (const [, id] of text.matchAll(/<a (?:id|name)="([^"]+)"/g)) anchors.add(id);
  return anchors;
}

/** Links of a page that lead nowhere. */
function brokenLinks(page: string, text: string): string[] {
  return [...withoutCode(text).matchAll(links)]
    .map(([, link]) => link)
    .filter((link) => {
      if (elsewhere.test(link)) return false;
      const [path, anchor] = link.split('#');
      const target = path === '' ? page : resolve(dirname(page), path);
      if (!existsSync(target)) return true;
      return (
        anchor !== undefined && !(statSync(target).isFile() && anchorsOf(readFileSync(target, 'utf8')).has(anchor))
      );
    });
}

/** Files and folders that a page names, from the root or from its own folder, and that are not there. */
function missingFiles(page: string, text: string): string[] {
  const paths = new Set([...text.matchAll(named)].map(([, path]) => path));
  return [...paths].filter((path) => ![packageRoot, dirname(page)].some((base) => existsSync(join(base, path))));
}

for (const page of pagesIn(packageRoot)) {
  const name = relative(packageRoot, page);
  if (isRaw(name)) continue;
  test(`every link of ${name} leads somewhere, and every file that it names exists`, () => {
    const text = readFileSync(page, 'utf8');
    assert.deepEqual({ links: brokenLinks(page, text), files: missingFiles(page, text) }, { links: [], files: [] });
  });
}

test('a link, an anchor and a file that do not exist are found', () => {
  const page = join(packageRoot, 'docs', 'store.md');
  const text =
    '# A `b` (c)\n[1](nowhere.md) [2](#a-b-c) [3](#a) [4](../README.md#no-such-heading) `gateway/none.ts` `docs/none/`';
  assert.deepEqual(brokenLinks(page, text), ['nowhere.md', '#a-b-c', '#a', '../README.md#no-such-heading']);
  assert.deepEqual(missingFiles(page, text), ['gateway/none.ts', 'docs/none/']);
  assert.deepEqual([...anchorsOf(`${text}\n## A b c`)], ['a-b-c', 'a-b-c-1']);
});

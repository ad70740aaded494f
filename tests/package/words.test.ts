import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import ts from 'typescript';
import { problems } from '../../gateway/operator/http/problems.js';
import { packageRoot } from '../../schemas/load.js';
import { parsed, type ShownText, sourcesOf, textsOf, walk } from './texts.js';

/** Texts that operators read: the console, the command line, and the errors of the API. */
const errors: ShownText[] = Object.entries(problems).flatMap(([code, { title, fix }]) =>
  [title, fix].map((text) => ({ at: `problem ${code}`, text })),
);
const shown: ShownText[] = [...sourcesOf('console'), ...sourcesOf('cli')].flatMap(textsOf).concat(errors);

const [terms, forOperators] = readFileSync(join(packageRoot, 'docs', 'glossary.md'), 'utf8').split(
  '## Words for operators',
);

const rowsOf = (markdown: string): string[][] =>
  markdown
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .slice(1)
    .map((line) => line.split('|').map((cell) => cell.trim()));

/** Words of the third column that operators read in another meaning, such as `client` for a program, or `connection` for a link. */
const alsoRight = new Set([
  ...[
    'admin',
    'broker',
    'client',
    'closed',
    'connect',
    'connection',
    'current value',
    'error',
    'expiry',
    'field',
    'history',
    'id',
  ],
  ...[
    'job',
    'log',
    'message',
    'node',
    'offset',
    'queue',
    'receipt',
    'record',
    'repeatable',
    'report',
    'request',
    'safe',
    'save',
  ],
  ...['schema', 'sent', 'status', 'step', 'type', 'user', 'word'],
]);

/** The words of the third column that are wrong wherever an operator reads them. */
function wrongTerms(): string[] {
  const right = new Set(rowsOf(terms).map(([, word]) => word.replace(/ \(.*\)/, '')));
  return rowsOf(terms)
    .flatMap(([, , , not]) => not.replaceAll(/\([^)]*\)/g, '').split(','))
    .map((word) => word.trim())
    .filter((word) => word !== '' && !right.has(word) && !alsoRight.has(word));
}

const uses = (word: string, { text }: ShownText): boolean =>
  new RegExp(`(?<![\\w-])${word.replaceAll(/[.*+?^$()[\]{}|\\]/g, '\\$&')}s?(?![\\w-])`, 'i').test(text);

test('the texts of the console, of the command line and of errors are found', () => {
  assert.ok(shown.length > 900, `${shown.length} texts`);
  for (const text of ['Refused connections', 'No devices match.', 'Someone else has changed this to'])
    assert.ok(
      shown.some((one) => one.text === text),
      text,
    );
});

test('no text that operators read has a word that the glossary refuses', () => {
  const words = wrongTerms();
  assert.ok(words.length > 40, `${words.length} words`);
  const found = shown.flatMap((one) =>
    words.filter((word) => uses(word, one)).map((word) => `${one.at}: "${word}" in: ${one.text}`),
  );
  assert.deepEqual(found, []);
});

test('no text that operators read has a word of which the glossary has a usual one', () => {
  const words = rowsOf(forOperators).flatMap(([, , not]) => not.split(',').map((word) => word.trim()));
  assert.ok(words.includes('link') && words.includes('goodbye'));
  const found = shown.flatMap((one) =>
    words.filter((word) => uses(word, one)).map((word) => `${one.at}: "${word}" in: ${one.text}`),
  );
  assert.deepEqual(found, []);
});

/** The first words of a sentence that says what to do. */
const instruction =
  /^(Choose|Check|Connect|Correct|Create|Name|Open|Read|Restore|Revoke|Send|Shorten|The old configuration stays|Use|Wait|Write|Nothing is left)\b/;

test('every error of the API says what to do', () => {
  for (const [code, { title, fix }] of Object.entries(problems)) {
    assert.match(fix, instruction, code);
    assert.match(fix, /\.$/, code);
    assert.doesNotMatch(title, /\.$/, code);
  }
});

test('no form of the console shows the bubbles of the browser, which are in its language and not in the words of the page', () => {
  let forms = 0;
  for (const file of sourcesOf('console').filter((name) => name.endsWith('.tsx')))
    walk(parsed(file), (node) => {
      if ((ts.isJsxOpeningElement(node) || ts.isJsxSelfClosingElement(node)) && node.tagName.getText() === 'form') {
        forms++;
        const attributes = node.attributes.getText();
        assert.ok(/\bnoValidate\b|method="dialog"/.test(attributes), `${file}: ${attributes}`);
      }
      return true;
    });
  assert.ok(forms > 8, `${forms} forms`);
});

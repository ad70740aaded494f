import assert from 'node:assert/strict';
import { test } from 'node:test';
import { patternText } from './patterns.js';

test('a class with a count is said in words', () => {
  const texts: [pattern: string, text: string][] = [
    ['^[0-9]{4,8}$', '4 to 8 digits'],
    ['^[0-9]{6}$', 'exactly 6 digits'],
    ['^[A-Za-z0-9_-]{1,64}$', '1 to 64 letters, digits, _ or -'],
    ['^[A-Za-z0-9_\\-./:]{1,64}$', '1 to 64 letters, digits, _, -, ., / or :'],
    ['^[a-z]{2,3}$', '2 to 3 small letters'],
    ['^[A-Z0-9]{8}$', 'exactly 8 capital letters or digits'],
  ];
  for (const [pattern, text] of texts) assert.equal(patternText(pattern), text);
});

test('any other pattern has no words', () => {
  for (const pattern of [
    ...['', '^$', '[0-9]{4}', '^[0-9]{4,8}', '^[0-9]+$', '^[^0-9]{4}$', '^[0-7]{4}$', '^[\\d]{4}$', '^[abc]{1,2}$'],
    ...[
      '^tgd_[A-Za-z0-9_-]{43}$',
      '^[0-9]{4,}$',
      '^[0-90-9]{2}$',
      '^[ a-z]{2}$',
      '^[+--]{2}$',
      '^[a-z]{2}|x$',
      '^(a|b)$',
    ],
  ])
    assert.equal(patternText(pattern), null, pattern);
});

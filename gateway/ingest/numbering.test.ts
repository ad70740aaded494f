import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgeSeq, type SeqVerdict } from './numbering.js';

/** seq, lastSeq of the welcome, seq before it, mark → verdict (PROTOCOL.md, Numbering). */
const cases: [number, number, number, number, SeqVerdict][] = [
  [0, 0, 0, 0, 'unnumbered'],
  [0, 9, 9, 9, 'unnumbered'],
  [1, 0, 0, 0, 'new'],
  [5, 0, 0, 0, 'new'],
  [17, 16, 16, 16, 'new'],
  [16, 16, 16, 16, 'at_or_below_last'],
  [1, 16, 16, 16, 'at_or_below_last'],
  [18, 16, 18, 18, 'not_ascending'],
  [17, 16, 18, 18, 'not_ascending'],
  // An older link's frames 17 to 20 were committed after this link's welcome said 16.
  [17, 16, 16, 20, 'duplicate'],
  [20, 16, 19, 20, 'duplicate'],
  [21, 16, 20, 20, 'new'],
  [16 + 2 ** 24, 16, 16, 16, 'new'],
  [17 + 2 ** 24, 16, 16, 16, 'jump'],
  [0xffff_ffff, 0xffff_fffe, 0xffff_fffe, 0xffff_fffe, 'new'],
];

for (const [seq, told, previous, mark, verdict] of cases) {
  test(`seq ${seq} after a welcome of ${told}, previous ${previous}, mark ${mark}: ${verdict}`, () => {
    assert.equal(judgeSeq(seq, told, previous, mark), verdict);
  });
}

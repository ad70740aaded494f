import type Database from 'better-sqlite3';
import { form, powersOfTen, valuesMax } from './packing.js';

/**
 * The plain SQL that unpacks the column b of a row `c` (packing.ts), for views that any SQLite reads. It has `u`, the one row of
 * chunk_bytes, beside it. A place counts bytes of b from 1.
 */

/**
 * The tables that the SQL needs beside the packed rows.
 *
 *   chunk_index    0 to 511: what a row has
 *   chunk_bytes    every byte at its place, so that instr() gives a byte's number
 *   chunk_power    f = 2^e for e from -63 to 63 and for multiples of 64: two of them make up the factor of any raw float
 */
export const unpackTables = ['chunk_index', 'chunk_bytes', 'chunk_power'] as const;

export const createUnpackTables = (db: Database.Database): void => db.transaction(() => fillUnpackTables(db))();

function fillUnpackTables(db: Database.Database): void {
  db.exec(`
    CREATE TABLE chunk_index (i INTEGER PRIMARY KEY);
    CREATE TABLE chunk_bytes (bytes BLOB NOT NULL);
    CREATE TABLE chunk_power (e INTEGER PRIMARY KEY, f REAL NOT NULL);
    WITH RECURSIVE up(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM up WHERE i < ${valuesMax - 1})
      INSERT INTO chunk_index SELECT i FROM up;
  `);
  db.prepare('INSERT INTO chunk_bytes VALUES (?)').run(Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)));
  const insert = db.prepare('INSERT OR IGNORE INTO chunk_power (e, f) VALUES (?, ?)');
  for (let e = -63; e < 64; e++) insert.run(e, 2 ** e);
  for (let e = -1024; e < 1024; e += 64) insert.run(e, 2 ** e);
}

const byteAt = (place: string): string => `(instr(u.bytes,substr(c.b,${place},1))-1)`;

/** The little-endian integer of this many bytes; one of eight bytes is signed. */
const integerAt = (place: string, bytes: number): string =>
  Array.from({ length: bytes }, (_, i) => (i === 0 ? byteAt(place) : `(${byteAt(`${place}+${i}`)}<<${8 * i})`)).join(
    '|',
  );

/** The integer of so many bytes as a column gives. */
export const integerColumnAt = (place: string, width: string): string =>
  `CASE ${width} WHEN 0 THEN 0 ${[1, 2, 3, 4, 6].map((bytes) => `WHEN ${bytes} THEN ${integerAt(place, bytes)}`).join(' ')} END`;

/**
 * A raw float: its integer times 2^e. The factor is applied in two steps, each of which is exact, because a single one may be below
 * the least power that a number can be.
 */
function rawFloat(place: string, bytes: number, fractionBits: number, exponents: number, bias: number): string {
  const exponent = `((x>>${fractionBits})&${exponents})`;
  const e = `(max(${exponent},1)-${bias + fractionBits})`;
  const integer = `((x&${2 ** fractionBits - 1})|(min(${exponent},1)<<${fractionBits}))`;
  const power = (of: string): string => `(SELECT f FROM chunk_power WHERE e=${of})`;
  const sign = `CASE (x>>${8 * bytes - 1})&1 WHEN 1 THEN -1.0 ELSE 1.0 END`;
  return `(SELECT (${sign})*${integer}*${power(`${e}/64*64`)}*${power(`${e}%64`)} FROM (SELECT ${integerAt(place, bytes)} AS x))`;
}

/** The string whose index in the dictionary is at that place. */
function textAt(place: string, width: string, size: string, dictionary: string): string {
  const end = integerAt(`${dictionary}+4*x+1`, 4);
  const start = `CASE x WHEN 0 THEN 0 ELSE ${integerAt(`${dictionary}+4*x-3`, 4)} END`;
  return `(SELECT CAST(substr(c.b,${dictionary}+4*${size}+1+y,z-y) AS TEXT)
    FROM (SELECT ${start} AS y, ${end} AS z FROM (SELECT ${integerColumnAt(place, width)} AS x)))`;
}

/** The names of the columns that tell how values are packed. */
interface ValueColumns {
  k: string;
  vw: string;
  vmin: string;
  /** SQL of the number of bytes before the dictionary, if strings may be packed so. */
  dictionary?: string;
}

/** The value at a place. A number is REAL, as if it had a row of its own; a boolean is 0 or 1. */
export function valueAt(place: string, { k, vw, vmin, dictionary }: ValueColumns): string {
  const powers = powersOfTen.map((power, of) => `WHEN ${of} THEN ${power}.0`).join(' ');
  return `CASE ${k}
    ${dictionary === undefined ? '' : `WHEN ${form.text} THEN ${textAt(place, vw, vmin, dictionary)}`}
    WHEN ${form.float32} THEN ${rawFloat(place, 4, 23, 255, 127)}
    WHEN ${form.float64} THEN ${rawFloat(place, 8, 52, 2047, 1023)}
    ELSE (${vmin}+(${integerColumnAt(place, vw)}))/CASE ${k} ${powers} ELSE 1 END END`;
}

import type Database from 'better-sqlite3';
import { form, powersOfTen, valuesMax } from './packing.js';

/** The plain SQL that unpacks bytes of the column b of a row `c` (packing.ts). A place counts from 1. */

/**
 * The tables that the SQL needs beside the packed rows.
 *
 *   chunk_index    0 to 511: what a row has
 *   chunk_power    f = 2^e for e from -63 to 63 and for multiples of 64: two of them make up the factor of any raw float
 */
export function createUnpackTables(db: Database.Database): void {
  db.exec(`
    CREATE TABLE chunk_index (i INTEGER PRIMARY KEY);
    CREATE TABLE chunk_power (e INTEGER PRIMARY KEY, f REAL NOT NULL);
    WITH RECURSIVE up(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM up WHERE i < ${valuesMax - 1})
      INSERT INTO chunk_index SELECT i FROM up;
  `);
  const insert = db.prepare('INSERT OR IGNORE INTO chunk_power (e, f) VALUES (?, ?)');
  for (let e = -63; e < 64; e++) insert.run(e, 2 ** e);
  for (let e = -1024; e < 1024; e += 64) insert.run(e, 2 ** e);
}

/** Every byte at its place, so that instr() gives a byte's number. */
const allBytes = `x'${Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0')).join('')}'`;

const byteAt = (place: string): string => `(instr(${allBytes}, substr(c.b, ${place}, 1)) - 1)`;

/** The unsigned little-endian integer of this many bytes. */
const integerAt = (place: string, bytes: number): string =>
  Array.from({ length: bytes }, (_, i) => `${2 ** (8 * i)} * ${byteAt(i === 0 ? place : `${place} + ${i}`)}`).join(' + ');

/** The integer of so many bytes as a column gives. */
export const integerColumnAt = (place: string, width: string): string =>
  `CASE c.${width} WHEN 0 THEN 0 ${[1, 2, 3, 4, 6].map((bytes) => `WHEN ${bytes} THEN ${integerAt(place, bytes)}`).join(' ')} END`;

/**
 * A raw float: its integer of `bits` bits times 2^e. The factor is applied in two steps, each of which is exact, because a single one
 * may be below the least power that a number can be.
 */
function rawFloat(sign: string, exponent: string, fraction: string, bits: number, bias: number): string {
  const e = `(max(${exponent}, 1) - ${bias + bits})`;
  const integer = `(${fraction} + CASE ${exponent} WHEN 0 THEN 0 ELSE ${2 ** bits} END)`;
  const power = (of: string): string => `(SELECT f FROM chunk_power WHERE e = ${of})`;
  return `(CASE WHEN ${sign} >= 128 THEN -1.0 ELSE 1.0 END) * ${integer} * ${power(`${e} / 64 * 64`)} * ${power(`${e} % 64`)}`;
}

function rawFloat32(place: string): string {
  const [low, third, fourth] = [integerAt(place, 2), byteAt(`${place} + 2`), byteAt(`${place} + 3`)];
  const exponent = `(${fourth} % 128 * 2 + ${third} / 128)`;
  return rawFloat(fourth, exponent, `(${low} + 65536 * (${third} % 128))`, 23, 127);
}

function rawFloat64(place: string): string {
  const [low, seventh, eighth] = [integerAt(place, 6), byteAt(`${place} + 6`), byteAt(`${place} + 7`)];
  const exponent = `(${eighth} % 128 * 16 + ${seventh} / 16)`;
  return rawFloat(eighth, exponent, `(${low} + ${2 ** 48} * (${seventh} % 16))`, 52, 1023);
}

/** The string whose index in the dictionary is at that place. */
function textAt(place: string, width: string, size: string, dictionary: string): string {
  const index = `(${integerColumnAt(place, width)})`;
  const start = `(CASE ${index} WHEN 0 THEN 0 ELSE ${integerAt(`${dictionary} + 4 * ${index} - 3`, 4)} END)`;
  const end = `(${integerAt(`${dictionary} + 4 * ${index} + 1`, 4)})`;
  return `CAST(substr(c.b, ${dictionary} + 4 * c.${size} + 1 + ${start}, ${end} - ${start}) AS TEXT)`;
}

/** The names of the columns that tell how values are packed. */
interface ValueColumns {
  k?: string;
  vw?: string;
  vmin?: string;
  /** SQL of the number of bytes before the dictionary, if strings may be packed so. */
  dictionary?: string;
}

/** The value at a place. A number is REAL, as if it had a row of its own; a boolean is 0 or 1. */
export function valueAt(place: string, { k = 'k', vw = 'vw', vmin = 'vmin', dictionary }: ValueColumns): string {
  const integer = `c.${vmin} + (${integerColumnAt(place, vw)})`;
  const powers = powersOfTen.map((power, of) => `WHEN ${of} THEN ${power}.0`).join(' ');
  return `CASE
    WHEN c.${k} >= 0 THEN (${integer}) / CASE c.${k} ${powers} END
    WHEN c.${k} = ${form.boolean} THEN ${integer}
    ${dictionary === undefined ? '' : `WHEN c.${k} = ${form.text} THEN ${textAt(place, vw, vmin, dictionary)}`}
    WHEN c.${k} = ${form.float32} THEN ${rawFloat32(place)}
    ELSE ${rawFloat64(place)} END`;
}

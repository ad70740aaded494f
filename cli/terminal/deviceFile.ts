import { parse } from 'csv-parse/sync';
import { countOf } from '../../schemas/display/numbers.js';
import type { DeviceCreate } from '../../schemas/generated/operator.js';
import { loadSchema } from '../../schemas/load.js';
import { Failure } from '../api/failure.js';

const columns = ['id', 'name', 'model', 'tags', 'notes'] as const;
type Column = (typeof columns)[number];

/** What separates the cells: a comma, or what spreadsheets of other countries and a copied table have. */
const delimiters = [',', ';', '\t'] as const;

const tagsMax = 32;
const tagValueMax = 256;

/** What a gateway has already. */
export interface Known {
  /** Whether a device with this id is registered. */
  hasDevice(id: string): boolean;
  models: readonly string[];
}

/** A device, and the line of the file that has it. */
export interface DeviceRow {
  line: number;
  device: DeviceCreate;
}

interface Rows {
  /** The names of the columns, from the first row. */
  heading: string[];
  rows: { line: number; cells: string[] }[];
}

/**
 * The devices of a CSV file: its first row names the columns id, name, model, tags and notes, in any order; only id is needed. Cells may be quoted,
 * and are separated by commas, semicolons or tabs. Tags are written as site=north;floor=2. Throws Failure 65 with all faults, each with
 * its line and column, so that nothing is registered from a file that has one. `file` is its name, for messages.
 */
export function readDeviceFile(file: string, text: string, known: Known): DeviceRow[] {
  const { heading, rows } = rowsOf(file, text);
  const places = placesOf(file, heading);
  const faults: string[] = [];
  const lineOfId = new Map<string, number>();
  const devices = rows.map(({ line, cells }) => {
    const at = (column: Column): string => cells[places[column]]?.trim() ?? '';
    const wrong = (column: Column, message: string): void => {
      faults.push(`line ${line}, ${column}: ${message}`);
    };
    if (cells.length > heading.length)
      faults.push(
        `line ${line}: ${countOf(cells.length, 'cell')} under ${countOf(heading.length, 'heading')}. Put a cell that contains the separator in double quotes`,
      );
    const id = at('id');
    const before = lineOfId.get(id);
    lineOfId.set(id, before ?? line);
    for (const fault of idFaults(id, before, known)) wrong('id', fault);
    const model = at('model');
    if (model !== '' && !known.models.includes(model))
      wrong('model', `there is no model ${model}; the gateway has ${known.models.join(', ') || 'none'}`);
    for (const column of ['name', 'notes'] as const)
      if (at(column) !== '' && !isText(column, at(column))) wrong(column, textFaults[column]);
    const tags = tagsOf(at('tags'), (fault) => wrong('tags', fault));
    return { line, device: { id, name: at('name') || null, model: model || null, tags, notes: at('notes') || null } };
  });
  if (faults.length > 0)
    throw new Failure(
      65,
      `${file}: ${countOf(faults.length, 'fault')}. Nothing is registered.\n${faults.map((fault) => `  ${fault}`).join('\n')}`,
    );
  return devices;
}

function rowsOf(file: string, text: string): Rows {
  // With one kind of line ends the lines of quoted cells are counted right.
  const lines = text.replace(/^\uFEFF/, '').replaceAll(/\r\n?/g, '\n');
  const [first] = lines.split('\n');
  try {
    const [head, ...rows] = parse(lines, {
      delimiter: delimiters.find((one) => first.includes(one)) ?? ',',
      info: true,
      relax_column_count: true,
      skip_empty_lines: true,
      skip_records_with_empty_values: true,
    }) as unknown as Parsed[];
    return {
      heading: head?.record.map((name) => name.trim().toLowerCase()) ?? [],
      rows: rows.map(({ record, info }) => ({
        // The parser counts up to the end of the row, and a quoted cell may have several lines.
        line: info.lines - (record.join('').split('\n').length - 1),
        cells: record,
      })),
    };
  } catch (error) {
    throw new Failure(65, `${file}: ${wordsOf(error as ParseError)}. Nothing is registered.`);
  }
}

interface Parsed {
  record: string[];
  info: { lines: number };
}

/** What the parser throws; `index` is the place of the cell in its row, from 0. */
interface ParseError extends Error {
  code: string;
  lines: number;
  records: number;
  index: number;
}

function wordsOf({ code, lines, records, index, message }: ParseError): string {
  const cell = `cell ${index + 1}`;
  switch (code) {
    case 'CSV_QUOTE_NOT_CLOSED':
      return `row ${records + 1} (the heading is row 1, empty lines do not count), ${cell}: a double quote opens the cell, and none closes it`;
    case 'CSV_INVALID_CLOSING_QUOTE':
      return `line ${lines}, ${cell}: text follows the closing double quote. Inside a quoted cell, write a double quote twice`;
    case 'INVALID_OPENING_QUOTE':
      return `line ${lines}, ${cell}: a double quote is inside a cell that is not quoted. Quote the cell, and write the double quote twice`;
    default:
      return `line ${lines}: ${message}`;
  }
}

/** The place of each column; undefined if the file does not have it. */
function placesOf(file: string, heading: string[]): Record<Column, number> {
  const unknown = heading.filter((name) => !columns.some((column) => column === name));
  const twice = heading.filter((name, i) => heading.indexOf(name) !== i);
  if (!heading.includes('id') || unknown.length > 0 || twice.length > 0)
    throw new Failure(
      65,
      `${file}: the first line must name the columns ${columns.join(', ')} (only id is needed), and it is: ${heading.join(', ') || 'empty'}`,
    );
  return Object.fromEntries(columns.map((column) => [column, heading.indexOf(column)])) as Record<Column, number>;
}

const schemas = loadSchema('operator/device_create').properties as Record<
  Column,
  { pattern: string; maxLength: number }
>;
const idPattern = new RegExp(schemas.id.pattern, 'u');
const textFaults = {
  name: `write one line of at most ${schemas.name.maxLength} characters`,
  notes: `write at most ${schemas.notes.maxLength} characters, without control characters`,
};

/** Whether a name or notes are valid; lengths count characters as the schema does. */
const isText = (column: 'name' | 'notes', text: string): boolean =>
  [...text].length <= schemas[column].maxLength && new RegExp(schemas[column].pattern, 'u').test(text);
const tagNamePattern = /^[A-Za-z0-9_-]{1,64}$/;

function idFaults(id: string, before: number | undefined, known: Known): string[] {
  if (id === '') return ['the id is empty'];
  if (!idPattern.test(id)) return [`"${id}" is not valid: use 1 to 64 letters, digits, - or _`];
  if (before !== undefined) return [`${id} is also in line ${before}`];
  return known.hasDevice(id) ? [`device ${id} already exists`] : [];
}

function tagsOf(text: string, wrong: (fault: string) => void): Record<string, string> {
  const tags: Record<string, string> = {};
  for (const part of text.split(';').map((one) => one.trim())) {
    if (part === '') continue;
    const at = part.indexOf('=');
    const name = part.slice(0, Math.max(0, at)).trim();
    const value = part.slice(at + 1).trim();
    if (!tagNamePattern.test(name))
      wrong(`"${part}" is not a tag. Write name=value, with 1 to 64 letters, digits, - or _ in the name`);
    else if (value.length > tagValueMax) wrong(`the value of ${name} is longer than ${tagValueMax} characters`);
    else if (Object.hasOwn(tags, name)) wrong(`tag ${name} is given twice`);
    else tags[name] = value;
  }
  if (Object.keys(tags).length > tagsMax) wrong(`more than ${tagsMax} tags`);
  return tags;
}

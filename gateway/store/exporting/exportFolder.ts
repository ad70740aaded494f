import { createHash } from 'node:crypto';
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { codeOf, fileReason } from '../../../schemas/errors.js';
import type { ExportSpec } from '../../domain/exports.js';
import { dayText } from '../dayFiles/days.js';
import { extensionOf } from './dayOutput.js';
import { partSuffix } from './writeDay.js';

/** The folder of an export cannot be used. The message says why, and what to do. */
export class ExportFolderError extends Error {
  readonly code = 'FOLDER_INVALID';
}

/** The note in the folder of an export: what is exported, and the days that are complete with the state that they had. */
interface Note {
  format: string;
  from: number;
  to: number;
  devices: string;
  days: Record<string, string>;
}

const noteName = 'export.json';

/** The folder of one export. */
export interface ExportFolder {
  pathOf(day: number): string;
  /** Whether the day was exported in this state, and its file is there or it had no wanted readings. */
  has(day: number, token: string): boolean;
  /** Notes that the day is complete. `isEmpty` says that it has no file. */
  note(day: number, token: string, isEmpty: boolean): void;
}

/**
 * Opens the folder, which is made if it does not exist. It must be empty, or have the same export, which is continued then. Throws
 * ExportFolderError.
 */
export function openExportFolder(spec: ExportSpec): ExportFolder {
  const { folder, format } = spec;
  const names = namesIn(folder);
  const own = new RegExp(`^(\\d{4}-\\d{2}-\\d{2}\\${extensionOf[format]}|${noteName})(\\${partSuffix})?$`);
  const foreign = names.find((name) => !own.test(name));
  if (foreign !== undefined && !names.includes(noteName))
    throw new ExportFolderError(`${folder} has ${foreign}, which is not of an export. Choose an empty or a new folder`);
  const before = readNote(folder);
  if (before === null && names.some((name) => name !== `${noteName}${partSuffix}`))
    throw new ExportFolderError(
      `${folder} has files, and no ${noteName} that says which export they are of. Choose an empty or a new folder`,
    );
  const wanted = { format, from: spec.from, to: spec.to, devices: digestOf(spec.devices) };
  if (before !== null) checkSame(folder, before, wanted);
  if (foreign !== undefined)
    throw new ExportFolderError(
      `${folder} has ${foreign}, which is not of this export. Move it away, or choose another folder`,
    );
  const note: Note = { ...wanted, days: before?.days ?? {} };
  const pathOf = (day: number): string => join(folder, dayText(day) + extensionOf[format]);
  write(folder, note);
  return {
    pathOf,
    has(day, token) {
      const noted = note.days[dayText(day)];
      return noted === `${token} empty` || (noted === token && existsSync(pathOf(day)));
    },
    note(day, token, isEmpty) {
      note.days[dayText(day)] = isEmpty ? `${token} empty` : token;
      write(folder, note);
    },
  };
}

function namesIn(folder: string): string[] {
  try {
    mkdirSync(folder, { recursive: true });
    if (!statSync(folder).isDirectory()) throw new ExportFolderError(`${folder} is not a folder. Choose another one`);
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
    // A file system may have lost+found at its top.
    return readdirSync(folder).filter((name) => name !== 'lost+found');
  } catch (error) {
    if (error instanceof ExportFolderError) throw error;
    const reason = codeOf(error) === 'EEXIST' ? 'it is a file' : fileReason(error);
    throw new ExportFolderError(
      `${folder} cannot be written: ${reason}. Choose another folder, or permit writing to it`,
    );
  }
}

function checkSame(folder: string, before: Note, wanted: Omit<Note, 'days'>): void {
  const other =
    before.format !== wanted.format
      ? `the format ${before.format}`
      : before.from !== wanted.from || before.to !== wanted.to
        ? `the range ${timeText(before.from)} to ${timeText(before.to)}`
        : before.devices !== wanted.devices
          ? 'other devices'
          : null;
  if (other !== null)
    throw new ExportFolderError(
      `${folder} has an export of ${other}. Repeat that export to continue it, or choose another folder for this one`,
    );
}

const timeText = (ts: number): string => new Date(ts).toISOString();

function readNote(folder: string): Note | null {
  try {
    const note = JSON.parse(readFileSync(join(folder, noteName), 'utf8'));
    const isNote = typeof note?.format === 'string' && typeof note.days === 'object' && note.days !== null;
    return isNote ? note : null;
  } catch {
    return null;
  }
}

function write(folder: string, note: Note): void {
  const path = join(folder, noteName);
  writeFileSync(path + partSuffix, `${JSON.stringify(note, null, 2)}\n`, { flush: true });
  renameSync(path + partSuffix, path);
}

/** Ids may be many, so the note has what distinguishes the list. */
function digestOf(devices: readonly string[] | null): string {
  if (devices === null) return 'all';
  const digest = createHash('sha256')
    .update([...devices].sort().join('\n'))
    .digest('hex');
  return `${devices.length} devices, sha256 ${digest}`;
}

import { codeOf } from '../../schemas/errors.js';

/** The code of an error without one of its own, by its exit code (sysexits.h). */
const codes: Record<number, string> = {
  1: 'failed',
  64: 'usage',
  65: 'data_invalid',
  66: 'input_unreadable',
  69: 'unavailable',
  70: 'internal',
  73: 'cannot_create',
  74: 'io_failed',
  78: 'config_invalid',
};

/** With --json an error is one line of JSON too: its code (that of the API if it comes from there), its text and the exit code. */
export function errorJson(error: Error, exitCode: number): string {
  const own = codeOf(error);
  // The names of commander are no codes of ours.
  const code = own === null || own.startsWith('commander.') ? (codes[exitCode] ?? 'failed') : own;
  return JSON.stringify({ code, message: error.message, exitCode });
}

/** Whether the arguments ask for JSON. */
export function wantsJson(args: readonly string[]): boolean {
  const end = args.indexOf('--');
  return args.slice(0, end === -1 ? args.length : end).includes('--json');
}

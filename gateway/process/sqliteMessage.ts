import { codeOf } from '../../schemas/errors.js';

/**
 * What a person reads if better-sqlite3 is not there or does not load in this Node; null if the error is another one. `node` is the
 * version of this Node, like 24.1.0.
 */
export function sqliteMessage(error: Error, node: string): string | null {
  const { message } = error;
  const code = codeOf(error);
  if (code === 'ERR_MODULE_NOT_FOUND' && /'better-sqlite3'/.test(message))
    return 'better-sqlite3 is not installed, and Tidegate stores everything with it: run npm ci in a checkout, or install the package of Tidegate again. The end of that output says what is missing.';
  if (/^Could not locate the bindings file/.test(message))
    return `better-sqlite3 has no binary, because its install script was not run: run npm rebuild better-sqlite3 --ignore-scripts=false in the folder with node_modules.`;
  if (code !== 'ERR_DLOPEN_FAILED' || !/better_sqlite3\.node/.test(message)) return null;
  if (/NODE_MODULE_VERSION/.test(message))
    return `The binary of better-sqlite3 was made for another version of Node than this one (${node}): run npm rebuild better-sqlite3 in the folder with node_modules.`;
  const reason = message.split('\n')[0].trim();
  return `The binary of better-sqlite3 does not load on this system (${reason}): run npm rebuild better-sqlite3 --build-from-source in the folder with node_modules.`;
}

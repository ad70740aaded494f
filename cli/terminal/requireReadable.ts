import { accessSync, constants, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf, fileReason } from '../../schemas/errors.js';
import { Failure } from '../api/failure.js';

/** Throws Failure 66 if this user cannot read a data folder and the databases in it. What does not exist is no fault here. */
export function requireReadable(folder: string): void {
  for (const part of [folder, join(folder, 'readings')]) {
    const names = whatIsThere(part, () => readdirSync(part)) ?? [];
    for (const name of names.filter((one) => one.endsWith('.db'))) {
      const file = join(part, name);
      // A gateway may remove a file meanwhile.
      whatIsThere(file, () => accessSync(file, constants.R_OK));
    }
  }
}

/** What `read` returns; undefined if the path does not exist. */
function whatIsThere<Result>(path: string, read: () => Result): Result | undefined {
  try {
    return read();
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw new Failure(
      66,
      `${path} cannot be read: ${fileReason(error)}. Run the command as the user that runs the gateway, or name the data folder with --data.`,
    );
  }
}

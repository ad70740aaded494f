import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { Failure } from '../../cli/api/failure.js';

/** EX_UNAVAILABLE of sysexits.h. */
const unavailable = 69;

/** Throws a Failure that names the missing programs and how to install them. `needs` has the Debian package of each. */
export function checkNeeds(needs: Readonly<Record<string, string>>, path = process.env.PATH ?? ''): void {
  const missing = Object.keys(needs).filter((program) => !isInstalled(program, path));
  if (missing.length === 0) return;
  const packages = [...new Set(missing.map((program) => needs[program]))].sort().join(' ');
  throw new Failure(unavailable, `${missing.join(', ')} is not installed. Run: apt-get install ${packages}`);
}

function isInstalled(program: string, path: string): boolean {
  return path.split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

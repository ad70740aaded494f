import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What a gateway notes in its data folder while it runs, so that commands find it. */
export interface Running {
  pid: number;
  /** Without a slash at its end. */
  operatorUrl: string;
}

/** The data folders that commands look into if none is named: that of `serve`, and that of `demo`. */
export const [serveFolder, demoFolder] = ['data', 'data-demo'] as const;

const fileIn = (folder: string): string => join(folder, 'running.json');

/** Notes that this process runs a gateway on the folder. Returns what removes the note. Throws if the folder cannot be written. */
export function noteRunning(folder: string, operatorUrl: string): () => void {
  const file = fileIn(folder);
  const running: Running = { pid: process.pid, operatorUrl };
  writeFileSync(file, `${JSON.stringify(running)}\n`);
  return () => rmSync(file, { force: true });
}

/** The gateway that runs on the folder; null if there is none. A gateway that was killed has left its note. */
export function runningOn(folder: string): Running | null {
  try {
    const { pid, operatorUrl } = JSON.parse(readFileSync(fileIn(folder), 'utf8')) as Partial<Running>;
    if (typeof pid !== 'number' || typeof operatorUrl !== 'string' || !isAlive(pid)) return null;
    return { pid, operatorUrl };
  } catch {
    // No gateway, no such folder, or one that this user may not read: what needs the folder reports that.
    return null;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** The data folder if none is named: `data`, or `data-demo` while a gateway runs only there. */
export function defaultFolder(): string {
  return runningOn(serveFolder) === null && runningOn(demoFolder) !== null ? demoFolder : serveFolder;
}

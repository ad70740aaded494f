import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

const pollMs = 200;

/**
 * Lets one process at a time build. `file` holds the id of the process whose turn it is, and is removed when that process ends. Resolves
 * when this process has the turn: true if it waited for another one. `onWait` gets the other process's id, once.
 */
export async function takeTurn(file, onWait) {
  mkdirSync(dirname(file), { recursive: true });
  let hasWaited = false;
  while (!claim(file)) {
    const holder = holderOf(file);
    // A process that was killed has left its file.
    if (holder !== null && !isRunning(holder)) rmSync(file, { force: true });
    else if (holder !== null && !hasWaited) {
      hasWaited = true;
      onWait(holder);
    }
    await wait(pollMs);
  }
  process.on('exit', () => rmSync(file, { force: true }));
  return hasWaited;
}

function claim(file) {
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

/** The process in the file; null if it is not there, or not written yet. */
function holderOf(file) {
  try {
    return Number(readFileSync(file, 'utf8')) || null;
  } catch (error) {
    if (error.code === 'ENOENT') return null;
    throw error;
  }
}

function isRunning(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

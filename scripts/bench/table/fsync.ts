import { closeSync, fsyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The median time of a 4 KiB write with its fsync in the folder for temporary files, in ms. It describes the disk of the machine. */
export function fsyncP50Ms(): number {
  const folder = mkdtempSync(join(tmpdir(), 'tidegate-bench-'));
  const handle = openSync(join(folder, 'fsync'), 'w');
  const page = Buffer.alloc(4096, 1);
  const times = Array.from({ length: 200 }, () => {
    const start = performance.now();
    writeSync(handle, page);
    fsyncSync(handle);
    return performance.now() - start;
  });
  closeSync(handle);
  rmSync(folder, { recursive: true, force: true });
  return times.sort((a, b) => a - b)[100];
}

import { cpus, totalmem } from 'node:os';

/** What figures were measured on, in words. */
export function machineOf(fsyncMs: number): string {
  return `${cpus().length} cores (${cpus()[0]?.model.trim()}), ${Math.round(totalmem() / 1024 ** 3)} GiB, node ${process.versions.node}, fsync p50 ${fsyncMs.toFixed(2)} ms`;
}

import { cpus, totalmem } from 'node:os';

/** Describes the machine on which figures were measured. */
export function machineOf(fsyncMs: number): string {
  return `${cpus().length} cores (${cpus()[0]?.model.trim()}), ${Math.round(totalmem() / 1024 ** 3)} GiB, node ${process.versions.node}, fsync p50 ${fsyncMs.toFixed(2)} ms`;
}

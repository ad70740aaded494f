import { readFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import type { GeneratorData, GeneratorResult } from './generator.js';

/** One row of the table. */
export interface Row {
  name: string;
  /** What the answer to a frame promises. */
  ackMeans: string;
  framesPerSecond: number;
  readingsPerSecond: number;
  p50Ms: number | null;
  p99Ms: number | null;
  /** Of all threads of the server, for a million readings. */
  serverCpuPerMillion: number | null;
  generatorCpuPerMillion: number | null;
  /** Written to the disk for each reading. */
  bytesWrittenPerReading: number | null;
}

export interface Usage {
  cpuSeconds: number;
  bytesWritten: number;
}

/** What a process has used so far (proc(5)): CPU in clock ticks of 10 ms, and bytes sent to the storage layer. */
export function usageOf(pid: number): Usage {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  const ticks = Number(fields[11]) + Number(fields[12]);
  const written = /write_bytes: (\d+)/.exec(readFileSync(`/proc/${pid}/io`, 'utf8'));
  return { cpuSeconds: ticks / 100, bytesWritten: Number(written?.[1] ?? 0) };
}

/** Runs the generator in a worker against the server `pid`, and makes the row. */
export async function measure(
  name: string,
  ackMeans: string,
  pid: number,
  data: GeneratorData,
  readingsPerFrame: number,
): Promise<Row> {
  const worker = new Worker(new URL('./generator.js', import.meta.url), { workerData: data });
  let before: Usage = { cpuSeconds: 0, bytesWritten: 0 };
  let after = before;
  const result = await new Promise<GeneratorResult>((resolve, reject) => {
    worker.on('error', reject);
    worker.on('message', (message: 'measuring' | 'measured' | GeneratorResult) => {
      if (message === 'measuring') before = usageOf(pid);
      else if (message === 'measured') after = usageOf(pid);
      else resolve(message);
    });
  });
  await worker.terminate();
  const readings = result.frames * readingsPerFrame;
  const millions = Math.max(readings, 1) / 1e6;
  return {
    name,
    ackMeans,
    framesPerSecond: result.frames / result.seconds,
    readingsPerSecond: readings / result.seconds,
    p50Ms: result.p50Ms,
    p99Ms: result.p99Ms,
    serverCpuPerMillion: (after.cpuSeconds - before.cpuSeconds) / millions,
    generatorCpuPerMillion: result.cpuSeconds / millions,
    bytesWrittenPerReading: (after.bytesWritten - before.bytesWritten) / Math.max(readings, 1),
  };
}

import { readFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import type { GeneratorResult } from '../load/generator.js';
import type { GeneratorData } from '../load/wire.js';

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
  /** On the wire in both directions for each reading, without what TCP and IP add. */
  wireBytesPerReading: number | null;
  /** Of all processes of the server at the end of the measured time. */
  residentBytes: number | null;
  /** What the generator used of one core. */
  generatorCpuShare: number | null;
  /** Readings that reached the server's store in the measured time; null where an ack says that already. */
  storedPerSecond: number | null;
  /** The settings that the server's own documentation recommends for this. */
  settings: string;
}

export interface Usage {
  cpuSeconds: number;
  bytesWritten: number;
  residentBytes: number;
}

const pageBytes = 4_096;

/** What processes have used so far (proc(5)): CPU in clock ticks of 10 ms, bytes sent to the storage layer, memory now. */
export function usageOf(...pids: number[]): Usage {
  const usages = pids.map((pid): Usage => {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /, '')
      .split(' ');
    const written = /write_bytes: (\d+)/.exec(readFileSync(`/proc/${pid}/io`, 'utf8'));
    return {
      cpuSeconds: (Number(fields[11]) + Number(fields[12])) / 100,
      bytesWritten: Number(written?.[1] ?? 0),
      residentBytes: Number(fields[21]) * pageBytes,
    };
  });
  const sum = (of: (usage: Usage) => number): number => usages.reduce((total, usage) => total + of(usage), 0);
  return {
    cpuSeconds: sum(({ cpuSeconds }) => cpuSeconds),
    bytesWritten: sum(({ bytesWritten }) => bytesWritten),
    residentBytes: sum(({ residentBytes }) => residentBytes),
  };
}

/** The server under test, as far as it is measured. */
export interface Measured {
  pids: number[];
  /** Readings in its store, where that may be fewer than it acknowledged. */
  storedSoFar?(): Promise<number>;
}

/** Runs the generator in a worker against a server, and makes the row. */
export async function measure(
  title: { name: string; ackMeans: string; settings?: string },
  { pids, storedSoFar }: Measured,
  data: GeneratorData,
  readingsPerFrame: number,
): Promise<Row> {
  const worker = new Worker(new URL('../load/generator.js', import.meta.url), { workerData: data });
  const moment = async () => ({ ...usageOf(...pids), at: performance.now(), stored: (await storedSoFar?.()) ?? null });
  const moments: Promise<Awaited<ReturnType<typeof moment>>>[] = [];
  const result = await new Promise<GeneratorResult>((resolve, reject) => {
    worker.on('error', reject);
    worker.on('message', (message: 'measuring' | 'measured' | GeneratorResult) => {
      if (typeof message === 'string') moments.push(moment());
      else resolve(message);
    });
  });
  await worker.terminate();
  const [before, after] = await Promise.all(moments);
  const readings = result.frames * readingsPerFrame;
  const each = (amount: number): number => amount / Math.max(readings, 1);
  const stored = before.stored === null || after.stored === null ? null : after.stored - before.stored;
  return {
    settings: '',
    ...title,
    framesPerSecond: result.frames / result.seconds,
    readingsPerSecond: readings / result.seconds,
    p50Ms: result.p50Ms,
    p99Ms: result.p99Ms,
    serverCpuPerMillion: each(after.cpuSeconds - before.cpuSeconds) * 1e6,
    generatorCpuPerMillion: each(result.cpuSeconds) * 1e6,
    bytesWrittenPerReading: each(after.bytesWritten - before.bytesWritten),
    wireBytesPerReading: each(result.bytesSent + result.bytesReceived),
    residentBytes: after.residentBytes,
    generatorCpuShare: result.cpuSeconds / result.seconds,
    storedPerSecond: stored === null ? null : (1000 * stored) / (after.at - before.at),
  };
}

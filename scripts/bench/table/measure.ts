import { readFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import type { GeneratorResult } from '../load/generator.js';
import type { GeneratorData } from '../load/wire.js';

/** One row of the table. */
export interface Row {
  /** The caption. */
  name: string;
  /** What an ack of this server promises. */
  ackMeans: string;
  /** Acknowledged frames per second; 0 if the row has no frames. */
  framesPerSecond: number;
  /** Acknowledged readings per second. */
  readingsPerSecond: number;
  /** Ack latency; null if the row has no acks. */
  p50Ms: number | null;
  p99Ms: number | null;
  /** CPU seconds of all server processes per million readings. */
  serverCpuPerMillion: number | null;
  /** CPU seconds of the generator per million readings. */
  generatorCpuPerMillion: number | null;
  /** Bytes written to the disk per reading. */
  bytesWrittenPerReading: number | null;
  /** Bytes on the wire in both directions per reading, without the headers of TCP and IP. */
  wireBytesPerReading: number | null;
  /** Resident memory of all server processes at the end of the measured time. */
  residentBytes: number | null;
  /** The share of one core that the generator used, 0 to 1. */
  generatorCpuShare: number | null;
  /** Readings per second that reached the server's store; null if an ack already promises that. */
  storedPerSecond: number | null;
  /** The settings of the server. Each server has those that its own documentation recommends. */
  settings: string;
}

/** What processes have used so far. */
export interface Usage {
  /** CPU time in user and kernel mode. */
  cpuSeconds: number;
  /** Bytes sent to the storage layer. */
  bytesWritten: number;
  /** Resident memory at this moment. */
  residentBytes: number;
}

/** The usage of a server at one moment of the measurement. */
interface Moment extends Usage {
  /** When it was taken, in ms of `performance.now()`. */
  at: number;
  /** Readings in the server's store; null if it is not asked. */
  stored: number | null;
}

const pageBytes = 4_096;

/** The sum over these processes, from proc(5). CPU time counts in clock ticks of 10 ms. */
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

/** The part of the server under test that a measurement needs. */
export interface Measured {
  /** The ids of its processes. */
  pids: number[];
  /** Counts the readings in its store. Only servers that acknowledge readings before they are stored have it. */
  storedSoFar?(): Promise<number>;
}

/** Runs the generator in a worker against a server, and returns the figures as a row. */
export async function measure(
  title: { name: string; ackMeans: string; settings?: string },
  { pids, storedSoFar }: Measured,
  data: GeneratorData,
  readingsPerFrame: number,
): Promise<Row> {
  const worker = new Worker(new URL('../load/generator.js', import.meta.url), { workerData: data });
  const moment = async (): Promise<Moment> => ({
    ...usageOf(...pids),
    at: performance.now(),
    stored: (await storedSoFar?.()) ?? null,
  });
  const moments: Promise<Moment>[] = [];
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
  const perReading = (amount: number): number => amount / Math.max(readings, 1);
  const stored = before.stored === null || after.stored === null ? null : after.stored - before.stored;
  return {
    settings: '',
    ...title,
    framesPerSecond: result.frames / result.seconds,
    readingsPerSecond: readings / result.seconds,
    p50Ms: result.p50Ms,
    p99Ms: result.p99Ms,
    serverCpuPerMillion: perReading(after.cpuSeconds - before.cpuSeconds) * 1e6,
    generatorCpuPerMillion: perReading(result.cpuSeconds) * 1e6,
    bytesWrittenPerReading: perReading(after.bytesWritten - before.bytesWritten),
    wireBytesPerReading: perReading(result.bytesSent + result.bytesReceived),
    residentBytes: after.residentBytes,
    generatorCpuShare: result.cpuSeconds / result.seconds,
    storedPerSecond: stored === null ? null : (1000 * stored) / (after.at - before.at),
  };
}

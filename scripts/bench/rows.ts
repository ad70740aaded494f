import type { GeneratorData } from './generator.js';
import { measure, type Row } from './measure.js';
import { rawAppend } from './rawAppend.js';
import { type Server, startGateway, startScript } from './servers.js';

export interface BenchOptions {
  seconds: number;
  links: number;
}

/** A row of the table: its name on the command line, and how it is measured. */
export interface Bench {
  name: string;
  run(options: BenchOptions): Promise<Row>;
}

const warmupMs = 1_500;
/** A run each 500,000 readings, so that runs are merged within the time that is measured. */
export const sealing = ['store.sealReadings=500000'];
const stored = 'fsynced';

/** Measures a row, and that the server has on disk what it acknowledged. */
export async function against(
  server: Server,
  title: string,
  ackMeans: string,
  load: Partial<GeneratorData>,
  { seconds }: BenchOptions,
  readings: number,
): Promise<Row> {
  const { pid, port, path, headers, opening } = server;
  const data: GeneratorData = {
    port,
    path,
    headers,
    opening,
    frame: 'binary',
    readings,
    window: 64,
    framesPerSecond: 0,
    warmupMs,
    runMs: seconds * 1000,
    answers: 'cumulative',
    firstAt: Date.now() - 20 * 86_400_000,
    ...load,
  };
  try {
    const row = await measure(title, ackMeans, pid, data, readings);
    const count = await server.stored();
    const acked = row.readingsPerSecond * seconds * 0.99;
    if (count !== null && count < acked) throw new Error(`${title}: ${acked} readings were acked, ${count} are stored`);
    return row;
  } finally {
    await server.stop();
  }
}

export const benches: Bench[] = [
  { name: 'raw', run: async ({ seconds }) => rawAppend(Math.min(seconds, 5)) },
  {
    name: 'sink',
    run: async (options) =>
      against(
        await startScript('./sinkServer.js', options.links),
        'uWebSockets.js sink, 10 readings a frame',
        'received, not stored',
        { answers: 'each' },
        options,
        10,
      ),
  },
  {
    name: 'naive',
    run: async (options) =>
      against(
        await startScript('./naiveServer.js', options.links),
        'naive: ws, an INSERT a reading, a transaction a message',
        stored,
        { answers: 'each' },
        options,
        10,
      ),
  },
  {
    name: 'binary',
    run: async (options) =>
      against(
        await startGateway(options.links, 'binary'),
        'gateway, binary, 10 readings a frame',
        stored,
        {},
        options,
        10,
      ),
  },
  {
    name: 'sustained',
    run: async (options) =>
      against(
        await startGateway(options.links, 'binary', sealing),
        'gateway, the same with sealing and merging, 60 s',
        stored,
        {},
        { ...options, seconds: Math.max(options.seconds, 60) },
        10,
      ),
  },
  {
    name: 'single',
    run: async (options) =>
      against(
        await startGateway(options.links, 'binary'),
        'gateway, binary, 1 reading a frame',
        stored,
        {},
        options,
        1,
      ),
  },
  {
    name: 'json',
    run: async (options) =>
      against(
        await startGateway(options.links, 'json'),
        'gateway, JSON, 5 metrics a frame',
        stored,
        { frame: 'json' },
        options,
        5,
      ),
  },
  {
    name: 'latency',
    run: async (options) =>
      against(
        await startGateway(options.links, 'binary', sealing),
        'gateway at 20,000 frames/s, 10 readings a frame, sealing and merging',
        stored,
        { framesPerSecond: 20_000 },
        options,
        10,
      ),
  },
];

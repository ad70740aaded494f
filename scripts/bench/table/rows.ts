import type { GeneratorData } from '../load/wire.js';
import { startHttp, startMosquitto, startNats } from '../servers/peers.js';
import { type Server, startGateway, startScript, unsealed } from '../servers/servers.js';
import { measure, type Row } from './measure.js';
import { rawAppend } from './rawAppend.js';

export interface BenchOptions {
  /** How long a row is measured. */
  seconds: number;
  /** How many devices are connected. */
  links: number;
}

/** A row of the table. */
export interface Bench {
  /** Its name on the command line, and its key in docs/bench/compare.json. */
  name: string;
  /** The programs that it runs, each with the Debian package that has it. */
  needs?: Record<string, string>;
  /** Measures it. */
  run(options: BenchOptions): Promise<Row>;
}

/** How long frames are sent before anything is measured. */
export const warmupMs = 1_500;

/** One run per 500,000 readings, so that the archiver also merges runs within the measured time. */
export const sealReadings = 500_000;

/** Settings of a gateway that seals and merges while it is measured. */
export const sealing = [`store.sealReadings=${sealReadings}`];

const stored = 'fsynced';

/** Measures a row, and checks that the server has stored what it acknowledged. Stops the server in any case. */
export async function against(
  server: Server,
  title: string,
  ackMeans: string,
  load: Partial<GeneratorData>,
  { seconds }: BenchOptions,
  readings: number,
): Promise<Row> {
  const { pid, others = [], port, path, headers, opening, protocol = 'websocket', settings, storedSoFar } = server;
  const data: GeneratorData = {
    port,
    protocol,
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
    const head = { name: title, ackMeans, ...(settings === undefined ? {} : { settings }) };
    const row = await measure(head, { pids: [pid, ...others], storedSoFar }, data, readings);
    const count = await server.stored();
    const acked = row.readingsPerSecond * seconds * 0.99;
    if (count !== null && count < acked)
      throw new Error(`${title}: the server acknowledged ${acked} readings and stored only ${count}`);
    return row;
  } finally {
    await server.stop();
  }
}

/** Other servers, on the same frames. */
const peers: Record<
  string,
  {
    title: string;
    ackMeans: string;
    needs?: Record<string, string>;
    start(links: number): Promise<Server>;
    load: Partial<GeneratorData>;
  }
> = {
  naive: {
    title: 'naive: ws, one INSERT per reading, one transaction per message',
    ackMeans: stored,
    start: (links) => startScript('./naiveServer.js', links, { settings: 'WAL, synchronous=FULL' }),
    load: { answers: 'each' },
  },
  http: {
    title: 'HTTP POST (node:http), SQLite in batches',
    ackMeans: stored,
    start: startHttp,
    load: { window: 1 },
  },
  mosquitto: {
    title: 'mosquitto, QoS 1; a subscriber stores in SQLite',
    ackMeans: 'in the broker’s memory',
    needs: { mosquitto: 'mosquitto' },
    start: startMosquitto,
    load: {},
  },
  nats: {
    title: 'NATS JetStream; a consumer stores in SQLite',
    ackMeans: 'in a file, not fsynced',
    needs: { 'nats-server': 'nats-server' },
    start: startNats,
    load: {},
  },
};

const peerRows = Object.entries(peers).map(
  ([name, { title, ackMeans, needs, start, load }]): Bench => ({
    name,
    needs,
    run: async (options) => against(await start(options.links), title, ackMeans, load, options, 10),
  }),
);

/** Both transports of the gateway. The rows of uws have the plain names, because all other rows of the gateway run over it. */
const transports = [
  { key: '', title: 'uWebSockets.js', suffix: '', name: 'uws' },
  { key: '-ws', title: 'ws', suffix: ', transport ws', name: 'ws' },
] as const;

/** All servers can keep up with this rate, so that the latency is not one of waiting in a queue. */
const pacedFramesPerSecond = 2_000;

const paced = { framesPerSecond: pacedFramesPerSecond };

const pacedRows = Object.entries(peers).map(
  ([name, { title, ackMeans, needs, start, load }]): Bench => ({
    name: `paced-${name}`,
    needs,
    run: async (options) =>
      against(await start(options.links), `2,000 frames/s: ${title}`, ackMeans, { ...load, ...paced }, options, 10),
  }),
);

export const benches: Bench[] = [
  { name: 'raw', run: async ({ seconds }) => rawAppend(Math.min(seconds, 5)) },
  ...transports.map(
    ({ key, title, name }): Bench => ({
      name: `sink${key}`,
      run: async (options) =>
        against(
          await startScript('./sinkServer.js', options.links, {}, [name]),
          `${title} sink, 10 readings per frame`,
          'received, not stored',
          { answers: 'each' },
          options,
          10,
        ),
    }),
  ),
  ...peerRows,
  ...transports.map(
    ({ key, suffix, name }): Bench => ({
      name: `binary${key}`,
      run: async (options) =>
        against(
          await startGateway(options.links, 'binary', [...unsealed, `transport=${name}`]),
          `gateway, binary, 10 readings per frame${suffix}`,
          stored,
          {},
          options,
          10,
        ),
    }),
  ),
  {
    name: 'sustained',
    run: async (options) =>
      against(
        await startGateway(options.links, 'binary', sealing),
        'gateway, binary, with sealing and merging, 60 s',
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
        'gateway, binary, 1 reading per frame',
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
        'gateway, JSON, 5 metrics per frame',
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
        'gateway at 20,000 frames/s, 10 readings per frame, sealing and merging',
        stored,
        { framesPerSecond: 20_000 },
        options,
        10,
      ),
  },
  ...pacedRows,
  {
    name: 'paced-gateway',
    run: async (options) =>
      against(
        await startGateway(options.links, 'binary', sealing),
        '2,000 frames/s: gateway, with sealing and merging',
        stored,
        paced,
        options,
        10,
      ),
  },
];

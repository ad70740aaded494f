/**
 * `npm run bench`. A bench reports figures. A property that must hold belongs into a test, in tests/ or beside the code that it checks.
 * parts/ has one file per part of the command, table/ the comparison and what all tables share, load/ the load generators, servers/ the
 * servers under test, and store/ the parts about stored readings.
 */
import { Command } from 'commander';
import { Failure } from '../../cli/api/failure.js';
import { checkNeeds } from './needs.js';
import type { Part } from './part.js';

/** The parts by name, each with what it measures. A part is loaded only when it runs. */
const parts: Record<string, { about: string; needs?: Record<string, string>; load(): Promise<Part> }> = {
  compare: {
    about: 'the gateway beside what it is built on and beside other servers, on the same frames (the default)',
    load: async () => (await import('./table/compare.js')).compare,
  },
  commands: {
    about: 'commands, from the request to the final state, at half the load that the gateway can take',
    load: async () => (await import('./parts/commands.js')).benchCommands,
  },
  bridge: {
    about: 'how fast an outage of the MQTT broker is drained, and what the bridge costs the links; needs mosquitto',
    needs: { mosquitto: 'mosquitto' },
    load: async () => (await import('./parts/bridge.js')).benchBridge,
  },
  lighter: {
    about: 'one reading per message: over one link, by POST with keep-alive, and by POST without',
    load: async () => (await import('./parts/lighter.js')).lighter,
  },
  soak: {
    about: 'every fault at once for --seconds; all readings are verified, and memory is plotted',
    load: async () => (await import('./parts/soak.js')).soak,
  },
  links: {
    about:
      'memory per idle link, handshakes and refusals per second, a fleet reconnecting after a SIGKILL (--links 15000); links ws: over that transport',
    load: async () => (await import('./parts/links.js')).benchLinks,
  },
  console: {
    about:
      'the longest tasks of the console’s pages with many devices (--links 10000 --devices 100000); needs chromium',
    needs: { chromium: 'chromium' },
    load: async () => (await import('./console/console.js')).benchConsole,
  },
  streams: {
    about: '100,000 streams that send one frame per second each, given to the store; --seconds 60 or more',
    load: async () => (await import('./store/streams.js')).benchStreams,
  },
  beside: {
    about:
      'this build and an earlier one in turns, with sealing, and while a day is finished; --seconds 60, --beside DIR',
    load: async () => (await import('./store/beside.js')).benchBeside,
  },
  year: {
    about: 'a year of 500 devices with 5 metrics a minute: size, start, queries, memory (--days 365)',
    needs: { sqlite3: 'sqlite3' },
    load: async () => (await import('./store/year.js')).benchYear,
  },
  store: {
    about: 'ingest and queries on a store of any size, which the bench fills first',
    needs: { strace: 'strace', sqlite3: 'sqlite3' },
    load: async () => (await import('./store/store.js')).benchStore,
  },
};

const about = Object.entries(parts).map(([name, part]) => `  ${name.padEnd(10)}${part.about}`);
const program = new Command('bench')
  .description('measures everything in one run, so that its figures can be compared')
  .argument('[part]', 'what to measure: a part from the list below, or rows of compare')
  .argument('[names...]', 'measure only these rows of the part')
  .option('--seconds <n>', 'how long each row is measured', '8')
  .option('--rounds <n>', 'compare: how often all rows are measured, in turns; the median counts', '1')
  .option('--links <n>', 'number of device links', '1000')
  .option('--devices <n>', 'console: number of devices in the registry', '0')
  .option('--rows <n>', 'store: number of readings stored at the end', '200000000')
  .option('--days <n>', 'year: number of days; 0 is a year', '0')
  .option('--beside <dir>', 'beside: the checkout of the earlier build, from the top of this one', '')
  .option('--json', 'print JSON')
  .addHelpText('after', `\nParts:\n${about.join('\n')}`)
  .parse();
const { json, beside, ...numbers } = program.opts<
  { json?: boolean; beside: string } & Record<'seconds' | 'rounds' | 'links' | 'devices' | 'rows' | 'days', string>
>();
const { seconds, rounds, links, devices, rows, days } = numbersOf(numbers);
const isPart = program.args.length > 0 && Object.hasOwn(parts, program.args[0]);
const [part, names] = isPart ? [program.args[0], program.args.slice(1)] : ['compare', program.args];
try {
  checkNeeds(parts[part].needs ?? {});
  const run = await parts[part].load();
  await run({ names, seconds, rounds, links, devices, rows, days, beside, json: json === true });
} catch (error) {
  if (!(error instanceof Failure)) throw error;
  console.error(`error: ${error.message}`);
  process.exit(error.exitCode);
}
process.exit();

function numbersOf<Name extends string>(texts: Record<Name, string>): Record<Name, number> {
  return Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, Number(text)])) as Record<Name, number>;
}

import { Command } from 'commander';
import type { Part } from './part.js';

/** Parts are loaded when they are asked for: each line is a name and what it measures. */
const parts: Record<string, { about: string; load(): Promise<Part> }> = {
  compare: {
    about: 'the gateway beside what it is built on and what others use, on the same frames (the default)',
    load: async () => (await import('./table/compare.js')).compare,
  },
  commands: {
    about: 'from the request for a command to its device’s final word, at half the load that the gateway takes',
    load: async () => (await import('./parts/commands.js')).benchCommands,
  },
  bridge: {
    about: 'an outage of the MQTT broker drained, and what the bridge costs the links; needs mosquitto',
    load: async () => (await import('./parts/bridge.js')).benchBridge,
  },
  lighter: {
    about: 'a reading at a time over one link, by POST with keep-alive, and by POST without',
    load: async () => (await import('./parts/lighter.js')).lighter,
  },
  soak: {
    about: 'every fault at once for --seconds, everything verified, and what the memory did',
    load: async () => (await import('./parts/soak.js')).soak,
  },
  links: {
    about: 'memory of an idle link, handshakes and refusals a second, a fleet back after a SIGKILL (--links 15000)',
    load: async () => (await import('./parts/links.js')).benchLinks,
  },
  console: {
    about:
      'the longest tasks of the console’s pages while 50,000 readings/s come in; needs chromium; with --links 10000',
    load: async () => (await import('./parts/console.js')).benchConsole,
  },
  streams: {
    about: '100,000 streams that send a frame a second each, given to the store; --seconds 60 or more',
    load: async () => (await import('./store/streams.js')).benchStreams,
  },
  store: {
    about: 'ingest and queries on a store of any size, which is filled first',
    load: async () => (await import('./store/store.js')).benchStore,
  },
};

const about = Object.entries(parts).map(([name, part]) => `  ${name.padEnd(10)}${part.about}`);
const program = new Command('bench')
  .description('measures in one run, so that figures can be set against each other')
  .argument('[part]', 'what to measure: one of those below, or rows of compare')
  .argument('[names...]', 'only these rows of that part')
  .option('--seconds <n>', 'measured for each row', '8')
  .option('--rounds <n>', 'of compare: all rows in turns, so often; the median counts', '1')
  .option('--links <n>', 'device links', '1000')
  .option('--devices <n>', 'of console: devices in the registry', '0')
  .option('--rows <n>', 'of store: readings stored in the end', '200000000')
  .option('--json', 'print JSON')
  .addHelpText('after', `\nParts:\n${about.join('\n')}`)
  .parse();
const { json, ...numbers } = program.opts<
  { json?: boolean } & Record<'seconds' | 'rounds' | 'links' | 'devices' | 'rows', string>
>();
const { seconds, rounds, links, devices, rows } = numbersOf(numbers);
const isPart = program.args.length > 0 && Object.hasOwn(parts, program.args[0]);
const [part, names] = isPart ? [program.args[0], program.args.slice(1)] : ['compare', program.args];
const run = await parts[part].load();
await run({ names, seconds, rounds, links, devices, rows, json: json === true });
process.exit();

function numbersOf<Name extends string>(texts: Record<Name, string>): Record<Name, number> {
  return Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, Number(text)])) as Record<Name, number>;
}

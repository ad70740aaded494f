import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { packageRoot, readJson } from '../../schemas/load.js';
import { type Program, requirePrograms } from './needs.js';

/**
 * `npm run proof`: every claim of the project in full counts, by parts. `npm run proof -- crash` runs one part. Each part writes its
 * output to docs/proof/<part>.md, and docs/proof/README.md sums these pages up by hand. A part takes less than 20 minutes, except
 * the store (just over) and the soak (half an hour).
 *
 * scripts/proof/ has the list of the parts and the programs that only a proof runs. A part is a suite of tests/ or a bench
 * otherwise, and what it checks or measures belongs there.
 */
interface ProofPart {
  /** The heading of its page. */
  title: string;
  /** The arguments of node. */
  command: string[];
  /** TIDEGATE_ROUNDS for its tests: how often each of them repeats what it does. */
  rounds?: number;
  needs?: readonly Program[];
}

const parts: Record<string, ProofPart> = {
  fleet: {
    title: 'Verified fleets: 1,000 busy devices, 15,000 links from one process, 18,000 links from three',
    command: ['dist/scripts/proof/proofFleet.js'],
  },
  crash: {
    title: '200 SIGKILLs and 200 cut links under load',
    command: ['--test', '--test-reporter=spec', 'dist/tests/faults/crash.system.js'],
    rounds: 200,
  },
  hostile: {
    title: 'Slow and hostile peers',
    command: ['--test', '--test-reporter=spec', 'dist/tests/faults/hostile.system.js'],
  },
  storage: {
    title: 'A full disk, fsync errors, and the order of sync and ack',
    command: ['--test', '--test-reporter=spec', 'dist/tests/faults/storage.system.js'],
    needs: ['strace', 'sqlite3'],
  },
  commands: {
    title: 'Commands under 200 SIGKILLs and 200 cut links; a batch to 10,000 devices, a fifth of them offline',
    // After thousands of cut connections Node 20 never finishes its own clean-up at exit (Environment::CleanupHandles).
    command: ['--test', '--test-force-exit', '--test-reporter=spec', 'dist/tests/faults/commands.system.js'],
    rounds: 200,
  },
  roundtrip: {
    title: 'The round trip of a command while the gateway is half loaded',
    command: ['dist/scripts/bench/main.js', 'commands', '--seconds', '20'],
  },
  faults: {
    title: 'The fault matrix',
    command: ['dist/tests/faults/matrix.js'],
    rounds: 10,
  },
  c: {
    title: 'The C client: 4 minutes of fuzzing per target, and a 24-hour buffer replayed',
    command: ['--test', '--test-reporter=spec', 'dist/tests/clients/c.system.js'],
    rounds: 2,
    needs: ['make', 'gcc', 'clang', 'arm-none-eabi-gcc', 'qemu-system-arm'],
  },
  seal: {
    title: 'Seals, merges, finished days and erasures, killed at every kind of write, sync, rename and removal',
    command: ['--test', '--test-reporter=spec', 'dist/tests/faults/seal.system.js'],
    rounds: 40,
    needs: ['strace'],
  },
  histories: {
    title:
      'Random histories of the store against plain maps: seals, merges, late data, erasures, restarts, damage, rows of 0.1',
    command: ['--test', '--test-reporter=spec', 'dist/gateway/store/histories.test.js'],
    rounds: 40,
  },
  beside: {
    title: 'Packed readings beside a row per reading: sealing and merging, and a day of 60 million being finished',
    command: ['dist/scripts/bench/main.js', 'beside', '--seconds', '60', '--rounds', '2'],
  },
  year: {
    title: 'A year of 500 devices with 5 metrics a minute in one folder',
    command: ['dist/scripts/bench/main.js', 'year'],
    needs: ['sqlite3'],
  },
  store: {
    title: 'The store, from empty to 200 million readings',
    command: ['dist/scripts/bench/main.js', 'store', '--seconds', '20'],
    needs: ['strace', 'sqlite3'],
  },
  streams: {
    title: '100,000 streams, each with one frame of 5 readings per second',
    command: ['dist/scripts/bench/main.js', 'streams', '--seconds', '180'],
  },
  lighter: {
    title: 'One reading per message: over one link, and by HTTP POST',
    command: ['dist/scripts/bench/main.js', 'lighter', '--seconds', '15'],
  },
  console: {
    title:
      'The console with 100,000 devices, 10,000 of them online, and 50,000 readings per second; and with 5,000 that move',
    command: ['dist/scripts/bench/main.js', 'console', '--devices', '100000', '--links', '10000', '--seconds', '40'],
    needs: ['chromium'],
  },
  bridge: {
    title:
      'The MQTT bridge: 20 rounds of broker stopped, link cut every 100 ms, gateway killed; broker frozen for 30 s',
    command: ['--test', '--test-reporter=spec', 'dist/tests/faults/bridge.system.js'],
    rounds: 20,
    needs: ['mosquitto'],
  },
  outage: {
    title: 'The MQTT bridge: draining an outage, ack latency, ingest while the broker is down',
    command: ['dist/scripts/bench/main.js', 'bridge', '--seconds', '15'],
    needs: ['mosquitto'],
  },
  conformance: {
    title: 'WebSocket conformance, by the Autobahn cases that concern a server',
    command: ['--test', '--test-reporter=spec', 'dist/tests/faults/conformance.system.js'],
  },
  fuzz: {
    title: 'Fuzzing: a million cases in process, 20,000 over sockets',
    command: ['--test', '--test-reporter=spec', 'dist/tests/faults/fuzz.system.js'],
    rounds: 1_000,
  },
  links: {
    title: 'Memory per idle link, handshakes and refusals per second, 15,000 devices reconnecting after a SIGKILL',
    command: ['dist/scripts/bench/main.js', 'links', '--links', '15000'],
  },
  transports: {
    title: 'Both transports on the same frames, in turns',
    command: ['dist/scripts/bench/main.js', 'compare', 'sink', 'sink-ws', 'binary', 'binary-ws', '--rounds', '3'],
  },
  linksWs: {
    title: 'The same as the part links, over the transport ws',
    command: ['dist/scripts/bench/main.js', 'links', 'ws', '--links', '15000'],
  },
  abuse: {
    title: 'Ack latency of other devices while the gateway is abused',
    command: ['--test', '--test-reporter=spec', 'dist/tests/faults/abuse.proof.js'],
  },
  clients: {
    title: 'Every client follows every rule, and each deliberately wrong client is caught',
    command: ['--test', '--test-reporter=spec', 'dist/tests/clients/conform.system.js'],
    needs: ['make', 'gcc', 'python3'],
  },
  soak: {
    title: 'Every fault at once for half an hour',
    command: ['dist/scripts/bench/main.js', 'soak', '--seconds', '1800'],
  },
  bench: {
    title: 'Benches, and other servers on the same frames',
    command: ['dist/scripts/bench/main.js', '--seconds', '8'],
    needs: ['mosquitto', 'nats-server'],
  },
};

const folder = join(packageRoot, 'docs', 'proof');
const wanted = process.argv.slice(2);
const unknown = wanted.find((name) => !Object.hasOwn(parts, name));
if (unknown !== undefined) {
  console.error(`the proof has no part ${unknown}; its parts are ${Object.keys(parts).join(', ')}`);
  process.exit(64);
}

const chosen = Object.entries(parts).filter(([name]) => wanted.length === 0 || wanted.includes(name));
// A proof takes hours: what is missing is said before it begins.
requirePrograms([...new Set(chosen.flatMap(([, { needs = [] }]) => needs))]);
for (const [name, { title, command, rounds }] of chosen) {
  console.log(`${name}: ${title}`);
  const env = rounds === undefined ? process.env : { ...process.env, TIDEGATE_ROUNDS: String(rounds) };
  const started = Date.now();
  const { status, stdout } = spawnSync(process.execPath, ['--enable-source-maps', ...command], {
    cwd: packageRoot,
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 64 * 1024 * 1024,
  });
  const seconds = Math.round((Date.now() - started) / 1000);
  const result = status === 0 ? 'passed' : `FAILED (${status})`;
  writeFileSync(
    join(folder, `${name}.md`),
    `# ${title}\n\n\`npm run proof -- ${name}\`, ${seconds} s, ${result}; ${origin()}\n\n\`\`\`\n${stdout.trim()}\n\`\`\`\n`,
  );
  if (status !== 0) process.exitCode = 1;
}

function origin(): string {
  const { commit } = readJson('dist/build.json') as { commit: string | null };
  return `commit ${commit?.slice(0, 9) ?? 'unknown'}, ${new Date().toISOString().slice(0, 10)}, ${cpus().length} cores (${cpus()[0]?.model.trim()}), ${Math.round(totalmem() / 1024 ** 3)} GiB, node ${process.versions.node}`;
}

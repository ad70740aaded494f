import { run } from 'node:test';
import { fileURLToPath } from 'node:url';
import { tableOf } from '../../cli/terminal/output.js';

/**
 * The fault matrix: every fault that a test injects, what must hold, and the result. `npm run test:faults` runs the suites with a few
 * rounds, `npm run proof -- faults` with more (TIDEGATE_ROUNDS). A row names tests of a suite; the suites also run in CI.
 *
 * tests/faults/ has the tests of a whole gateway under faults, load and hostile peers. Tests of one part stand beside its code.
 */
interface Fault {
  fault: string;
  /** How the test injects it. */
  injected: string;
  /** What must hold. */
  invariant: string;
  /** The suite: its path in dist/tests, or in dist/gateway if it does not begin with `faults/` or `package/`. */
  suite: string;
  /** Matches the names of the suite's tests that show it. */
  tests: RegExp;
}

const faults: Fault[] = [
  {
    fault: 'the gateway is killed under load',
    injected: 'SIGKILL at seeded counts of acks',
    invariant: 'every acknowledged reading is stored once, as it was sent',
    suite: 'faults/crash.system.js',
    tests: /^SIGKILL at random/,
  },
  {
    fault: 'the power is cut',
    injected: 'files are rebuilt from traced writes and syncs',
    invariant: 'every acknowledged frame survives; with synchronous=NORMAL some would not',
    suite: 'faults/powerCut.system.js',
    tests: /power cut/i,
  },
  {
    fault: 'the gateway is killed while it seals, merges or finishes a day',
    injected: 'SIGKILL at every kind of write, sync, rename and removal (strace)',
    invariant: 'nothing is lost or stored twice',
    suite: 'faults/seal.system.js',
    tests: /^the .* is killed at every kind/,
  },
  {
    fault: 'the gateway is killed while it erases a device',
    injected: 'SIGKILL at every kind of write, sync, rename and removal (strace)',
    invariant: 'the erasure resumes until no file has a trace of the device; other devices keep all readings',
    suite: 'faults/seal.system.js',
    tests: /^an erasure/,
  },
  {
    fault: 'an fsync fails',
    injected: 'strace injects EIO',
    invariant: 'the process exits with code 74; after a restart every acknowledged frame is there',
    suite: 'faults/storage.system.js',
    tests: /^an fsync error/,
  },
  {
    fault: 'a day file is damaged, empty, missing, or of another program',
    injected:
      'bytes are scribbled over a finished day, or something else is put in its place; then late readings come for it',
    invariant:
      'the late readings are stored and queried, all other days are sealed, the file is not changed, and the day heals once it is restored',
    suite: 'store/damagedDays.test.js',
    tests: /^of a finished day/,
  },
  {
    fault: 'a damaged day is met by operators',
    injected: 'a day file is overwritten with text under a whole gateway',
    invariant: 'the gateway stays ready and names the file; queries of nothing but the day fail with day_damaged',
    suite: 'operator/damage.test.js',
    tests: /^one damaged day/,
  },
  {
    fault: 'log.db or tidegate.db is lost or damaged',
    injected: 'the file is removed, emptied, scribbled over or replaced',
    invariant: 'the start is refused and names the file, and changes nothing',
    suite: 'store/missingDatabases.test.js',
    tests: /refused/,
  },
  {
    fault: 'the disk is full',
    injected: 'a small tmpfs is filled',
    invariant: 'nothing acknowledged is lost, queries work, the gateway recovers by itself within 10 s',
    suite: 'faults/storage.system.js',
    tests: /^a full disk/,
  },
  {
    fault: 'another process locks the database',
    injected: 'sqlite3 holds BEGIN IMMEDIATE for longer than the gateway waits',
    invariant: 'links are closed with 4005, queries work, nothing is lost, devices reconnect after the lock',
    suite: 'faults/locked.system.js',
    tests: /^a database that another process/,
  },
  {
    fault: 'the gateway is started twice, on a port in use, or on newer data',
    injected: 'a second process',
    invariant: 'the process exits with code 75, 69 or 78 and prints the reason',
    suite: 'faults/storage.system.js',
    tests: /^a second process/,
  },
  {
    fault: 'the broker is stopped, frozen or cut off, or the gateway is killed',
    injected: 'SIGTERM and SIGSTOP to mosquitto, a proxy that cuts, SIGKILL to the gateway',
    invariant: 'every frame arrives at least once, in order per device',
    suite: 'faults/bridge.system.js',
    tests: /^every frame arrives in order/,
  },
  {
    fault: 'links are cut or half-open',
    injected: 'a proxy resets them, or discards what is sent',
    invariant: 'every acknowledged reading is stored once, as it was sent',
    suite: 'faults/crash.system.js',
    tests: /^links cut and black-holed/,
  },
  {
    fault: 'a link is silent',
    injected: 'a socket never answers a ping',
    invariant: 'the link is closed after 60 s; other links are not affected',
    suite: 'faults/hostile.system.js',
    tests: /^a silent socket/,
  },
  {
    fault: 'a device reads too slowly',
    injected: 'a socket sends requests and never reads',
    invariant: 'the link is closed before the answers fill the memory',
    suite: 'faults/hostile.system.js',
    tests: /^a device that sends requests and never reads/,
  },
  {
    fault: 'peers flood the gateway',
    injected: 'upgrades, pings, requests, frames beyond the window',
    invariant: 'they are refused, or closed with 4003 or 4004; a well-behaved device gets its acks',
    suite: 'faults/hostile.system.js',
    tests: /flood|window overrun/,
  },
  {
    fault: 'frames are too large or broken',
    injected: 'bare sockets',
    invariant: 'they are nacked, or their link is closed; other links are not affected',
    suite: 'faults/hostile.system.js',
    tests: /^(truncated|a message over|bad )/,
  },
  {
    fault: 'a seq is repeated, descends, or starts at 1 again',
    injected: 'bare sockets',
    invariant: 'the frames are nacked with seq_invalid and kept in quarantine',
    suite: 'faults/hostile.system.js',
    tests: /^(descending|a device that ignores)/,
  },
  {
    fault: 'the input is malformed',
    injected: 'mutated frames and handshakes, in process and over sockets',
    invariant: 'it is refused, without a crash, a leak or a stored row',
    suite: 'faults/fuzz.system.js',
    tests: /./,
  },
  {
    fault: 'the gateway’s clock jumps a day ahead',
    injected: 'the test sets the clock',
    invariant: 'retention removes nothing, also after restarts, until an operator confirms the time',
    suite: 'operator/readings.test.js',
    tests: /clock/,
  },
  {
    fault: 'the gateway’s clock jumps a day back',
    injected: 'the test sets the clock',
    invariant: 'links are refused, and no frame is nacked, until the clock has caught up',
    suite: 'link/links.test.js',
    tests: /^a clock behind/,
  },
  {
    fault: 'the gateway’s clock was two days ahead, and is confirmed',
    injected: 'the test sets the clock; restarts and seals in between',
    invariant:
      'frames without times and ages are stored at once, and latest values, presence and receipts are of today',
    suite: 'wrongClock.test.js',
    tests: /^(marks that a clock|the time to live)/,
  },
  {
    fault: 'the gateway’s clock is behind when it starts',
    injected: 'three devices whose times are three hours ahead; a file of the system that is missing',
    invariant: 'devices are refused with 4005 and 503 and keep their frames, until the clock is right or confirmed',
    suite: 'wrongClock.test.js',
    tests: /clock behind its devices|operator who confirms|one device ahead|synchronised clock/,
  },
  {
    fault: 'the gateway’s clock goes ahead by small steps',
    injected: 'steps of 23 hours, with restarts',
    invariant: 'they add up, and retention removes nothing until an operator confirms the time',
    suite: 'health/clockGuard.test.js',
    tests: /^small steps ahead/,
  },
  {
    fault: 'devices without clocks send at any rate',
    injected: 'ages and frames without times in one millisecond, floods, numbered frames at full speed',
    invariant: 'no two made-up times meet, none is a second ahead of the clock, acks wait, then 4004',
    suite: 'wrongClock.test.js',
    tests: /same millisecond|dense backlog|faster than one per millisecond|flood|own times, and refused/,
  },
  {
    fault: 'a reading of 2036 is admitted',
    injected: 'a request to the operator API; restarts and seals',
    invariant: 'it is stored, and is never the latest value',
    suite: 'wrongClock.test.js',
    tests: /2036/,
  },
  {
    fault: 'a device’s clock is wrong',
    injected: 'readings of the future, and too old ones',
    invariant: 'they are nacked with code and seq, and kept in quarantine',
    suite: 'link/links.test.js',
    tests: /^refused frames are nacked in order/,
  },
  {
    fault: 'a connected device is disabled or removed, or its credential revoked',
    injected: 'requests to the operator API',
    invariant: 'the link is closed with the code for it',
    suite: 'link/links.test.js',
    tests: /^disabling, revoking/,
  },
  {
    fault: 'commands are in flight',
    injected: 'SIGKILL and cut links between their creation and their result',
    invariant: 'each runs at most once, is reported no further than the device reported, and reaches a final state',
    suite: 'faults/commands.system.js',
    tests: /between a command/,
  },
  {
    fault: 'many requests race for the same bound',
    injected: 'simultaneous requests at every row of the table of bounds',
    invariant: 'no more get through than the bound says; the others are refused with its code',
    suite: 'package/bounds.test.js',
    tests: /^simultaneous requests/,
  },
  {
    fault: 'a batch is stopped, resumed, or cut off, or its writes fail, at any moment',
    injected: 'every order of the events of a small batch',
    invariant: 'no command and no place is lost, and none is sent for the first time twice',
    suite: 'command/interleavings.test.js',
    tests: /^a batch loses no command/,
  },
  {
    fault: 'secrets are planted in parameters and credentials',
    injected: 'HTTP, MQTT, batches, a changed model, SIGKILL',
    invariant:
      'they are in no answer, log, audit, live or MQTT message; after the end in no file, write-ahead log or backup',
    suite: 'faults/secrets.system.js',
    tests: /secret/,
  },
];

/** How one test of a suite went. */
interface Outcome {
  suite: string;
  name: string;
  passed: boolean;
  ms: number;
  /** Its diagnostics. */
  diagnostics: string[];
}

const urlOf = (suite: string): URL =>
  /^(faults|package)\//.test(suite)
    ? new URL(`../${suite}`, import.meta.url)
    : new URL(`../../gateway/${suite}`, import.meta.url);

/** Runs each suite once, and returns all its tests. */
async function runSuites(): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const suite of new Set(faults.map((fault) => fault.suite))) {
    const before = outcomes.length;
    console.error(`${suite} …`);
    for await (const { type, data } of run({ files: [fileURLToPath(urlOf(suite))], concurrency: 1 })) {
      if (type === 'test:pass' || type === 'test:fail')
        outcomes.push({
          suite,
          name: data.name,
          passed: type === 'test:pass',
          ms: data.details.duration_ms,
          diagnostics: [],
        });
      // The runner itself also reports its counts as diagnostics, at the end.
      else if (
        type === 'test:diagnostic' &&
        outcomes.length > before &&
        !/^(tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) /.test(data.message)
      )
        outcomes[outcomes.length - 1].diagnostics.push(data.message);
    }
  }
  return outcomes;
}

const outcomes = await runSuites();
const rows: string[][] = [];
const details: string[] = [];
for (const { fault, injected, invariant, suite, tests } of faults) {
  const mine = outcomes.filter((outcome) => outcome.suite === suite && tests.test(outcome.name));
  const failed = mine.filter(({ passed }) => !passed);
  const result = mine.length === 0 ? 'NO TEST' : failed.length > 0 ? `${failed.length} FAILED` : 'holds';
  if (result !== 'holds') process.exitCode = 1;
  const seconds = mine.reduce((sum, { ms }) => sum + ms, 0) / 1_000;
  rows.push([fault, injected, invariant, String(mine.length), `${seconds.toFixed(0)} s`, result]);
  const diagnostics = mine.flatMap((outcome) => outcome.diagnostics);
  if (diagnostics.length > 0) details.push(`${fault}:`, ...diagnostics.map((line) => `  ${line}`));
}
console.log(tableOf(['FAULT', 'HOW', 'WHAT MUST HOLD', 'TESTS', 'TIME', 'RESULT'], rows));
console.log(`\n${details.join('\n')}`);

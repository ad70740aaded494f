import { run } from 'node:test';
import { fileURLToPath } from 'node:url';
import { tableOf } from '../../cli/terminal/output.js';

/**
 * The fault matrix: every fault that a test injects, what must hold, and what was seen. `npm run test:faults` runs the suites with a
 * few rounds, `npm run proof -- faults` with more (TIDEGATE_ROUNDS). The rows name tests; the suites themselves run in CI too.
 */
interface Fault {
  fault: string;
  injected: string;
  invariant: string;
  /** The suite in dist, and how the names of its tests begin. */
  suite: string;
  tests: RegExp;
}

const faults: Fault[] = [
  {
    fault: 'the gateway is killed mid-batch',
    injected: 'SIGKILL under load, at seeded counts of acks',
    invariant: 'every acknowledged reading is stored once, as it was sent',
    suite: 'faults/crash.system.js',
    tests: /^SIGKILL at random/,
  },
  {
    fault: 'power cut',
    injected: 'files rebuilt from a traced order of writes and syncs',
    invariant: 'what was acknowledged survives; with synchronous=NORMAL it would not',
    suite: 'faults/powerCut.system.js',
    tests: /power cut/i,
  },
  {
    fault: 'killed while sealing, merging, finishing',
    injected: 'SIGKILL at every kind of write, sync, rename, removal (strace)',
    invariant: 'nothing lost or stored twice',
    suite: 'faults/seal.system.js',
    tests: /^the .* is killed at every kind/,
  },
  {
    fault: 'killed while erasing a device',
    injected: 'SIGKILL at every kind of write, sync, rename, removal (strace)',
    invariant: 'it is gone on with until no file remembers; other devices are whole',
    suite: 'faults/seal.system.js',
    tests: /^an erasure/,
  },
  {
    fault: 'fsync fails',
    injected: 'EIO by strace',
    invariant: 'the process ends with 74; a restart has all that was acknowledged',
    suite: 'faults/storage.system.js',
    tests: /^an fsync error/,
  },
  {
    fault: 'disk full',
    injected: 'a small tmpfs is filled',
    invariant: 'nothing acknowledged lost, reads go on, over within a second or so',
    suite: 'faults/storage.system.js',
    tests: /^a full disk/,
  },
  {
    fault: 'database locked by another process',
    injected: 'BEGIN IMMEDIATE by sqlite3, longer than any wait',
    invariant: 'links close 4005, reads go on, nothing lost, back once it is free',
    suite: 'faults/locked.system.js',
    tests: /^a database that another process/,
  },
  {
    fault: 'started twice; port taken; newer data',
    injected: 'a second process',
    invariant: 'it ends with 75, 69, 78 and says why',
    suite: 'faults/storage.system.js',
    tests: /^a second process/,
  },
  {
    fault: 'broker stopped, frozen, cut off, gateway killed',
    injected: 'SIGTERM, SIGSTOP, proxy, SIGKILL around mosquitto',
    invariant: 'every frame arrives at least once, in order per device',
    suite: 'faults/bridge.system.js',
    tests: /^broker stopped/,
  },
  {
    fault: 'links cut and half-open',
    injected: 'a proxy resets them, or swallows what is sent',
    invariant: 'every acknowledged reading is stored once, as it was sent',
    suite: 'faults/crash.system.js',
    tests: /^links cut and black-holed/,
  },
  {
    fault: 'a silent link',
    injected: 'a socket that never answers a ping',
    invariant: 'closed after 60 s, the others do not notice',
    suite: 'faults/hostile.system.js',
    tests: /^a silent socket/,
  },
  {
    fault: 'a slow reader',
    injected: 'a socket that asks and never reads',
    invariant: 'closed before answers pile up',
    suite: 'faults/hostile.system.js',
    tests: /^a device that asks and never reads/,
  },
  {
    fault: 'storms and floods',
    injected: 'upgrades, pings, questions, frames beyond the window',
    invariant: 'refused or closed 4003, 4004; a good device goes on',
    suite: 'faults/hostile.system.js',
    tests: /flood|window overrun/,
  },
  {
    fault: 'oversize and broken frames',
    injected: 'bare sockets',
    invariant: 'nacked, or the link is cut; others go on',
    suite: 'faults/hostile.system.js',
    tests: /^(truncated|a message over|bad )/,
  },
  {
    fault: 'seq repeated, descending, from 1 again',
    injected: 'bare sockets',
    invariant: 'nacked seq_invalid and kept in quarantine',
    suite: 'faults/hostile.system.js',
    tests: /^(descending|a device that ignores)/,
  },
  {
    fault: 'malformed corpus',
    injected: 'mutated frames and handshakes, in process and over sockets',
    invariant: 'refused, never a crash, a leak or a stored row',
    suite: 'faults/fuzz.system.js',
    tests: /./,
  },
  {
    fault: 'the gateway’s clock jumps a day ahead',
    injected: 'an injected clock',
    invariant: 'nothing is removed for its age, also after restarts, until someone confirms it',
    suite: 'operator/readings.test.js',
    tests: /clock/,
  },
  {
    fault: 'the gateway’s clock jumps a day back',
    injected: 'an injected clock',
    invariant: 'no link is taken and no frame destroyed until it has caught up',
    suite: 'link/links.test.js',
    tests: /^a clock behind/,
  },
  {
    fault: 'a device’s clock is wrong',
    injected: 'readings ahead of time and too old',
    invariant: 'nacked with code and seq, kept in quarantine',
    suite: 'link/links.test.js',
    tests: /^refused frames are nacked in order/,
  },
  {
    fault: 'revoked, disabled, removed while connected',
    injected: 'operator API',
    invariant: 'the link ends with its code',
    suite: 'link/links.test.js',
    tests: /^disabling, revoking/,
  },
  {
    fault: 'commands in flight',
    injected: 'SIGKILL and cut links between creation and result',
    invariant: 'run once at most, never reported further than the device said, none stuck',
    suite: 'faults/commands.system.js',
    tests: /between a command/,
  },
];

interface Outcome {
  suite: string;
  name: string;
  passed: boolean;
  ms: number;
  said: string[];
}

const urlOf = (suite: string): URL =>
  suite.startsWith('faults/')
    ? new URL(`../${suite}`, import.meta.url)
    : new URL(`../../gateway/${suite}`, import.meta.url);

async function outcomes(): Promise<Outcome[]> {
  const seen: Outcome[] = [];
  for (const suite of new Set(faults.map((one) => one.suite))) {
    const started = seen.length;
    console.error(`${suite} …`);
    for await (const { type, data } of run({ files: [fileURLToPath(urlOf(suite))], concurrency: 1 })) {
      if (type === 'test:pass' || type === 'test:fail')
        seen.push({
          suite,
          name: data.name,
          passed: type === 'test:pass',
          ms: data.details.duration_ms,
          said: [],
        });
      // The runner's own counts come in the end.
      else if (
        type === 'test:diagnostic' &&
        seen.length > started &&
        !/^(tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) /.test(data.message)
      )
        seen[seen.length - 1].said.push(data.message);
    }
  }
  return seen;
}

const seen = await outcomes();
const rows: string[][] = [];
const details: string[] = [];
for (const { fault, injected, invariant, suite, tests } of faults) {
  const mine = seen.filter((one) => one.suite === suite && tests.test(one.name));
  const failed = mine.filter(({ passed }) => !passed);
  const result = mine.length === 0 ? 'NO TEST' : failed.length > 0 ? `${failed.length} FAILED` : 'holds';
  if (result !== 'holds') process.exitCode = 1;
  const seconds = mine.reduce((sum, { ms }) => sum + ms, 0) / 1_000;
  rows.push([fault, injected, invariant, String(mine.length), `${seconds.toFixed(0)} s`, result]);
  const said = mine.flatMap((one) => one.said);
  if (said.length > 0) details.push(`${fault}:`, ...said.map((line) => `  ${line}`));
}
console.log(tableOf(['FAULT', 'HOW', 'WHAT MUST HOLD', 'TESTS', 'TIME', 'RESULT'], rows));
console.log(`\n${details.join('\n')}`);

import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { pino } from 'pino';
import { tempFolder } from '../../tests/rig/tempFolder.js';
import type { Clock } from '../process/clock.js';
import type { Job } from './jobs.js';
import { type BackupSettings, createScheduledBackups } from './scheduledBackups.js';

const hourMs = 3_600_000;
const silent = pino({ level: 'silent' });

/** Backups with a clock that the test moves, and jobs that the test ends: `end` writes the files of a backup unless it gets an error. */
function setUp(context: TestContext, settings: Partial<BackupSettings> = {}, parent = join(tempFolder(context), 'b')) {
  let now = Date.parse('2026-05-20T00:00:00Z');
  const begun: { job: Job; ended: (error: Error | null) => void }[] = [];
  const make = (gatewayId = 'harbour') =>
    createScheduledBackups({
      clock: { now: () => now } as Clock,
      log: silent,
      gatewayId,
      settings: { schedule: '30 3 * * *', folder: parent, keep: 2, timeZone: 'UTC', ...settings },
      jobs: {
        backUp(subject, ended = () => {}) {
          const job = { id: String(begun.length), subject, filesDone: 3, bytes: 9 } as Job;
          begun.push({ job, ended });
          return job;
        },
      },
    });
  return {
    parent,
    begun,
    make,
    backups: make(),
    to(iso: string) {
      now = Date.parse(iso);
    },
    pass(ms: number) {
      now += ms;
    },
    end(error: Error | null = null) {
      const { job, ended } = begun.at(-1) as (typeof begun)[number];
      writeFileSync(join(job.subject, 'log.db'), '');
      if (error === null) {
        writeFileSync(join(job.subject, 'tidegate.db'), '');
        mkdirSync(join(job.subject, 'readings'));
        writeFileSync(join(job.subject, 'readings', '2026-05-19.db'), '');
      } else writeFileSync(join(job.subject, 'backup.unfinished'), '');
      ended(error);
    },
  };
}

test('a backup begins at its time in its time zone, once, and not for times that passed while the gateway was down', (context) => {
  const { backups, begun, to, end, make } = setUp(context, { timeZone: 'Europe/Berlin' });
  assert.equal(backups.report().nextAt, Date.parse('2026-05-20T01:30:00Z'));
  to('2026-05-20T01:29:59.999Z');
  backups.tick();
  assert.equal(begun.length, 0);
  to('2026-05-20T01:30:00Z');
  backups.tick();
  backups.tick();
  assert.equal(begun.length, 1);
  assert.equal(basename(begun[0].job.subject), 'tidegate-20260520T013000Z');
  end();
  to('2026-05-25T12:00:00Z');
  const restarted = make();
  restarted.tick();
  assert.equal(begun.length, 1);
  assert.equal(restarted.report().nextAt, Date.parse('2026-05-26T01:30:00Z'));
});

test('only the newest backups stay, and only those that this gateway certainly made are removed', (context) => {
  const { backups, parent, pass, end, make } = setUp(context);
  const once = (of = backups): string => {
    pass(hourMs);
    const { subject } = of.start();
    end();
    return subject;
  };
  const foreign = once(make('another'));
  mkdirSync(join(parent, 'tidegate-20200101T000000Z'));
  writeFileSync(join(parent, 'tidegate-20200101T000000Z', 'photo.jpg'), '');
  writeFileSync(join(parent, 'notes.txt'), '');
  const used = once();
  writeFileSync(join(used, 'gateway.lock'), '');
  const moved = once();
  renameSync(moved, join(parent, 'kept-by-hand'));
  const withPhoto = once();
  writeFileSync(join(withPhoto, 'readings', 'photo.jpg'), '');
  const linked = once();
  renameSync(linked, join(parent, 'elsewhere'));
  symlinkSync(join(parent, 'elsewhere'), linked);
  const old = once();
  const newest = [once(), once()];
  assert.equal(existsSync(old), false);
  const names = [foreign, used, withPhoto, linked, ...newest].map((path) => basename(path));
  assert.deepEqual(
    readdirSync(parent).sort(),
    [...names, 'elsewhere', 'kept-by-hand', 'notes.txt', 'tidegate-20200101T000000Z'].sort(),
  );
  assert.ok(existsSync(join(parent, 'elsewhere', 'tidegate.db')));
  assert.deepEqual(
    backups
      .report()
      .items.slice(0, 2)
      .map(({ folder }) => folder),
    newest.reverse(),
  );
});

test('a failed backup is removed, counted and reported until one is complete, and leaves the older ones', (context) => {
  const { backups, parent, pass, end } = setUp(context, { keep: 1 });
  backups.start();
  end();
  pass(hourMs);
  backups.start();
  end(new Error('the disk is full'));
  const { failed, failures, items } = backups.report();
  assert.deepEqual([failed?.error, failures, items.length], ['the disk is full', 1, 1]);
  assert.equal(readdirSync(parent).length, 1);
  assert.equal(backups.ageSeconds(), 3_600);
  pass(hourMs);
  backups.start();
  end();
  assert.deepEqual([backups.report().failed, backups.failures(), backups.ageSeconds()], [null, 1, 0]);
});

test('a backup is left out while the one before runs', (context) => {
  const { backups, begun, to, end } = setUp(context);
  to('2026-05-20T03:30:00Z');
  backups.tick();
  to('2026-05-21T03:30:00Z');
  backups.tick();
  assert.equal(begun.length, 1);
  end();
  to('2026-05-22T03:30:00Z');
  backups.tick();
  assert.equal(begun.length, 2);
});

test('a folder of the same name is not written into, and a folder that cannot be made is a failure', (context) => {
  const first = setUp(context);
  const taken = join(first.parent, 'tidegate-20260520T000000Z');
  mkdirSync(taken, { recursive: true });
  assert.throws(() => first.backups.start(), /EEXIST/);
  assert.deepEqual(readdirSync(taken), []);
  const file = join(tempFolder(context), 'file');
  writeFileSync(file, '');
  const second = setUp(context, {}, join(file, 'backups'));
  second.to('2026-05-20T03:30:00Z');
  second.backups.tick();
  assert.equal(second.begun.length, 0);
  assert.match(second.backups.report().failed?.error ?? '', /ENOTDIR/);
});

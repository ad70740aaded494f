import assert from 'node:assert/strict';
import { copyFileSync, readdirSync, readlinkSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import Database from 'better-sqlite3';
import { openDayForWriting } from '../dayFiles/dayFile.js';
import { openMeta } from '../sqlite/meta.js';
import { folderFor } from '../store.fixture.js';
import { createDayHandles } from './dayHandles.js';

/** A day file with its name in its meta table. A live one has a write-ahead log. */
function makeDay(folder: string, file: string, name: string, live = false): string {
  const path = join(folder, file);
  const db = openDayForWriting(path, 20_000);
  openMeta(db).set('name', name);
  if (!live) db.pragma('journal_mode = DELETE');
  db.close();
  return path;
}

/** The number of file descriptors of this process on files of the folder, removed files included. */
const openIn = (folder: string): number =>
  readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith(folder);
    } catch {
      return false;
    }
  }).length;

function handlesFor(context: TestContext) {
  let now = 0;
  const handles = createDayHandles(() => now);
  context.after(handles.closeAll);
  return {
    ...handles,
    nameOf(path: string): string | null {
      const file = handles.open(path);
      const name = file?.meta('name') ?? null;
      file?.close();
      return name;
    },
    pass(ms: number): void {
      now += ms;
      handles.closeIdle();
    },
  };
}

test('a finished file stays open for a while, and its replacement or removal is noticed at once', (context) => {
  const folder = folderFor(context);
  const path = makeDay(folder, 'day.db', 'first');
  const handles = handlesFor(context);
  assert.deepEqual([handles.nameOf(path), handles.nameOf(path), openIn(folder)], ['first', 'first', 1]);
  renameSync(makeDay(folder, 'new.db', 'second'), path);
  assert.deepEqual([handles.nameOf(path), openIn(folder)], ['second', 1]);
  handles.pass(4_000);
  assert.equal(handles.nameOf(path), 'second');
  handles.pass(4_000);
  assert.equal(openIn(folder), 1, 'it was used in the meantime');
  handles.pass(2_000);
  assert.equal(openIn(folder), 0);
  handles.nameOf(path);
  rmSync(path);
  assert.deepEqual([handles.nameOf(path), openIn(folder)], [null, 0]);
});

test('a live file is closed after each query, so that it can be finished', (context) => {
  const folder = folderFor(context);
  const path = makeDay(folder, 'day.db', 'live', true);
  const handles = handlesFor(context);
  assert.deepEqual([handles.nameOf(path), openIn(folder)], ['live', 0]);
});

test('a change that a crash interrupted is rolled back', (context) => {
  const folder = folderFor(context);
  const path = makeDay(folder, 'day.db', 'before');
  const db = new Database(path);
  db.pragma('synchronous = OFF');
  db.pragma('cache_size = 1');
  db.exec("BEGIN IMMEDIATE; UPDATE meta SET value = 'after' WHERE name = 'name'");
  // The rows exceed the cache, so that SQLite changes the file itself before the transaction ends.
  for (let n = 0; n < 200; n++) openMeta(db).set(`n${n}`, 'x'.repeat(500));
  const crashed = join(folder, 'crashed.db');
  for (const end of ['', '-journal']) copyFileSync(path + end, crashed + end);
  db.close();
  assert.throws(
    () => new Database(crashed, { readonly: true }).pragma('user_version'),
    { code: 'SQLITE_READONLY_ROLLBACK' },
    'a reader cannot open it before the rollback',
  );
  assert.equal(handlesFor(context).nameOf(crashed), 'before');
});

test('the number of open files is limited', (context) => {
  const folder = folderFor(context);
  const paths = Array.from({ length: 70 }, (_, n) => makeDay(folder, `${n}.db`, `${n}`));
  const handles = handlesFor(context);
  for (const path of paths) handles.nameOf(path);
  assert.equal(openIn(folder), 64);
  assert.deepEqual([handles.nameOf(paths[0]), handles.nameOf(paths[69])], ['0', '69']);
});

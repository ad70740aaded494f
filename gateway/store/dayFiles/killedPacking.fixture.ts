/**
 * A process that opens a day file for writing and kills itself before its n-th batch of SQL statements, as a power switch would. It
 * exits with 0 if there are fewer.
 */
import Database from 'better-sqlite3';
import { openDayForWriting } from './dayFile.js';

const [path, day, n] = process.argv.slice(2);
const { exec } = Database.prototype;
let left = Number(n);
Database.prototype.exec = function (sql: string) {
  if (--left === 0) process.kill(process.pid, 'SIGKILL');
  return exec.call(this, sql);
};
openDayForWriting(path, Number(day)).close();

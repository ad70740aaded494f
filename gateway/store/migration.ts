import { randomBytes } from 'node:crypto';
import type Database from 'better-sqlite3';

/** Step n of a list takes a database from version n (PRAGMA user_version) to n + 1, in one transaction. */
export type Migration = (db: Database.Database) => void;

/** Tells one store from another that lies in the same folder after a restore: random, made with the store. */
export function newEpoch(): string {
  return randomBytes(16).toString('hex');
}

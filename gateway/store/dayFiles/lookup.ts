import { openChunkLookup, type RunLookup } from '../chunks/chunkLookup.js';
import type { Preparing } from '../sqlite/statement.js';
import { isOfRows } from './dayTables.js';
import { openRowLookup } from './rowRuns.js';

/** Looks up single readings of a run, in a day file of either version. */
export const openLookup = (db: Preparing, run: number): RunLookup =>
  isOfRows(db) ? openRowLookup(db, run) : openChunkLookup(db, run);

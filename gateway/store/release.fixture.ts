import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { packageRoot } from '../../schemas/load.js';
import type { Answers } from './answers.fixture.js';
import { folderFor } from './store.fixture.js';

const fixtures = join(packageRoot, 'gateway', 'store', 'fixtures');

/** The releases of which a data folder is kept. */
export const releases = readdirSync(fixtures);

export interface Expected {
  /** The Unix time in ms at which the release stopped. */
  at: number;
  /** The marks of the streams of device kept-1. */
  marks: Record<string, number>;
  answers: Answers;
}

export const expectedOf = (name: string): Expected =>
  JSON.parse(readFileSync(join(fixtures, name, 'answers.json'), 'utf8')) as Expected;

/** Unpacks the data folder that the release of that name left behind. */
export function unpackRelease(context: TestContext, name: string): string {
  const folder = folderFor(context);
  for (const file of readdirSync(join(fixtures, name), { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.gz')) continue;
    const path = join(folder, file.slice(0, -3));
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, gunzipSync(readFileSync(join(fixtures, name, file))));
  }
  return folder;
}

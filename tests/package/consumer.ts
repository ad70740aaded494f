import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../schemas/load.js';

/** A program of a user, in TypeScript: it uses each entry of the package, and lets no type be `any`. */
const program = `
import WebSocket from 'ws';
import { type Client, type ClientEvent, CommandFailure, connectDevice, type Storage, webStorage } from 'tidegate/client';
import { fileStorage } from 'tidegate/client/fileStorage';
import { indexedDbStorage } from 'tidegate/client/indexedDbStorage';

const events: ClientEvent[] = [];
const storage: Storage = fileStorage('boiler-7.jsonl');
const device: Client = await connectDevice({
  url: 'ws://127.0.0.1:8080/v1/device',
  id: 'boiler-7',
  secret: 'tgd_',
  storage,
  WebSocket,
  commands: {
    open_valve: {
      async run({ percent }, progress) {
        if (Number(percent) > 100) throw new CommandFailure('too_far');
        progress(0.5);
      },
    },
  },
  event: (event) => events.push(event),
});
export const isKept: boolean = device.send({ temperature: 21.5 });
export const inPage: Storage = webStorage(localStorage, 'boiler-7 ');
export const inDatabase: Storage = await indexedDbStorage(indexedDB, 'boiler-7');
// @ts-expect-error: a reading is no text.
device.send('21.5');
// @ts-expect-error: there is no such event.
events.push({ event: 'later' });
await device.stop();
`;

/** Prints what the entries of the package give at run time. */
const probe = `
import { createRequire } from 'node:module';
const entries = ['tidegate/client', 'tidegate/client/fileStorage', 'tidegate/client/indexedDbStorage'];
for (const entry of entries) console.log(entry, Object.keys(await import(entry)).sort().join(' '));
console.log(createRequire(import.meta.url)('tidegate/package.json').name);
const deep = await import('tidegate/dist/cli/main.js').catch(({ code }) => code);
console.log(deep);
`;

/** What `probeEntries` returns for a package that exports what it should. */
export const expectedEntries = `tidegate/client CommandFailure connectDevice memoryStorage webStorage
tidegate/client/fileStorage fileStorage
tidegate/client/indexedDbStorage indexedDbStorage
tidegate
ERR_PACKAGE_PATH_NOT_EXPORTED
`;

/** Imports each entry of the package `tidegate` that is installed in the folder. */
export function probeEntries(folder: string): string {
  writeFileSync(join(folder, 'probe.mjs'), probe);
  return execFileSync(process.execPath, ['probe.mjs'], { cwd: folder, encoding: 'utf8' });
}

/** Checks the types of a user's program in the folder, under this module resolution. Throws with the compiler's messages. */
export function checkTypes(folder: string, resolution: 'nodenext' | 'bundler'): void {
  const source = join(folder, resolution);
  mkdirSync(source);
  writeFileSync(join(source, 'program.mts'), program);
  const compilerOptions = {
    module: resolution === 'nodenext' ? 'nodenext' : 'esnext',
    moduleResolution: resolution,
    target: 'es2022',
    lib: ['es2022', 'dom'],
    strict: true,
    noEmit: true,
    types: [],
    typeRoots: [],
    paths: { ws: [join(packageRoot, 'node_modules', '@types', 'ws', 'index.d.mts')] },
  };
  writeFileSync(join(source, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['program.mts'] }));
  const compiler = join(packageRoot, 'node_modules', 'typescript', 'bin', 'tsc');
  try {
    execFileSync(process.execPath, [compiler, '-p', source], { cwd: folder, encoding: 'utf8', stdio: 'pipe' });
  } catch (error) {
    throw new Error(String((error as { stdout?: string }).stdout));
  }
}

import { join } from 'node:path';
import { build } from 'esbuild';
import { packageRoot } from '../../schemas/load.js';

/** Imports a module of console/ that needs no browser, such as `device/deviceDraft.ts`. The console is bundled, so Node cannot import its parts. */
export async function consoleModule<Module>(path: string): Promise<Module> {
  const { outputFiles } = await build({
    entryPoints: [join(packageRoot, 'console', path)],
    bundle: true,
    format: 'esm',
    write: false,
  });
  return (await import(
    `data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`
  )) as Module;
}

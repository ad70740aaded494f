import { existsSync, mkdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import type { Command } from 'commander';
import { packageRoot } from '../../schemas/load.js';
import { Failure } from '../api/failure.js';

/** EX_CANTCREAT of sysexits.h. */
const cannotCreate = 73;

/** `tidegate init` */
export function addInit(program: Command): void {
  program
    .command('init [folder]')
    .description('write a commented gateway.yaml, a first model and a systemd unit into a folder (default: this one)')
    .addHelpText(
      'after',
      '\nNo file is overwritten: if one of them exists, nothing is written, and the exit code is 73.',
    )
    .action(init);
}

function init(folder = '.'): void {
  const root = resolve(folder);
  const files = filesFor(root);
  const present = Object.keys(files).filter((name) => existsSync(join(root, name)));
  if (present.length > 0)
    throw new Failure(
      cannotCreate,
      `${present.join(', ')} exists in ${root}. Nothing was written. Name another folder.`,
    );
  try {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, name)), { recursive: true });
      writeFileSync(join(root, name), text, { flag: 'wx' });
    }
  } catch (error) {
    throw new Failure(cannotCreate, `${root} cannot be written to: ${(error as Error).message}`);
  }
  const here = relative(process.cwd(), root);
  console.log(
    [
      `Wrote ${Object.keys(files).join(', ')}${here === '' ? '' : ` into ${here}/`}.`,
      '',
      ...(here === '' ? [] : [`  cd ${/^[\w./-]+$/.test(here) ? here : `'${here.replaceAll("'", "'\\''")}'`}`]),
      '  npx tidegate serve --config gateway.yaml                    # the gateway; Ctrl-C stops it',
      '  npx tidegate device add room-1 --model room                 # in another terminal: a device and its secret',
      '  npx tidegate device show room-1                             # what is known of it',
    ].join('\n'),
  );
}

/** The files by their paths in the folder. Each is made from a file of the package, so that there is one source. */
function filesFor(root: string): Record<string, string> {
  const read = (...path: string[]): string => readFileSync(join(packageRoot, ...path), 'utf8');
  return {
    'gateway.yaml': read('config', 'gateway.yaml')
      .replace(/^# Check the file with: .*$/m, '# Check the file with: npx tidegate config check --config gateway.yaml')
      .replace(
        /^# models: \S+ .*$/m,
        'models: models                  # The folder of the models, one file per model.',
      ),
    'models/room.yaml': read('config', 'models', 'room.yaml'),
    'tidegate.service': unitFor(read('deploy', 'tidegate.service'), root),
  };
}

/** The unit, with the paths of this installation. */
function unitFor(unit: string, root: string): string {
  const main = join(realpathSync(packageRoot), 'dist', 'cli', 'main.js');
  const words = [process.execPath, main, 'serve', '--config', join(root, 'gateway.yaml')];
  const more = ['--set', `models=${join(root, 'models')}`, '--data', '/var/lib/tidegate'];
  const command = `ExecStart=${[...words, ...more].map(unitWord).join(' ')}`;
  const [, rest] = unit.split('\n[Unit]\n');
  const head = [
    '# A systemd unit for this installation. It needs a program and a configuration that the service may read: not below /home or /root.',
    '#   1. Copy this file to  /etc/systemd/system/tidegate.service',
    '#   2. Start it:          systemctl enable --now tidegate',
    '# The data folder is /var/lib/tidegate, and the first operator key is /var/lib/tidegate/admin.key.',
  ].join('\n');
  return `${head}\n[Unit]\n${rest.replace(/^Documentation=.*\n/m, '').replace(/^ExecStart=.*$/m, () => command)}`;
}

/** A word of a command line in a unit (systemd.service(5), systemd.syntax(7)). */
function unitWord(word: string): string {
  const escaped = word.replaceAll('%', '%%').replaceAll('$', '$$$$');
  return /^[\w./=%$-]+$/.test(escaped) ? escaped : `"${escaped.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}

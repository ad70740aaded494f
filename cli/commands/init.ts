import { existsSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import type { Command } from 'commander';
import { fileReason } from '../../schemas/errors.js';
import { packageRoot } from '../../schemas/load.js';
import { makeFolder } from '../../schemas/makeFolder.js';
import { Failure } from '../api/failure.js';

/** EX_CANTCREAT of sysexits.h. */
const cannotCreate = 73;

/** `tidegate init` */
export function addInit(program: Command): void {
  program
    .command('init [folder]')
    .description('write a commented gateway.yaml, a first model and a systemd unit into a folder (default: this one)')
    .option(
      '--compose',
      'write a compose.yaml as well, for Docker; only from a checkout, because it builds the image there',
    )
    .addHelpText(
      'after',
      '\nNo file is overwritten: if one of them exists, nothing is written, and the exit code is 73.',
    )
    .action(init);
}

function init(folder = '.', { compose = false }: { compose?: boolean }): void {
  const root = resolve(folder);
  if (compose && !existsSync(join(packageRoot, 'Dockerfile')))
    throw new Failure(
      64,
      '--compose works only in a checkout, because the image is built from its Dockerfile, and this is an installed package. Nothing was written.',
    );
  const tidegate = commandIn(root);
  const files = filesFor(root, tidegate, compose);
  const present = Object.keys(files).filter((name) => existsSync(join(root, name)));
  if (present.length > 0)
    throw new Failure(
      cannotCreate,
      `${present.join(', ')} exists in ${root}. Nothing was written. Name another folder.`,
    );
  try {
    // All folders first, so that nothing is written where one of them cannot be made.
    for (const name of Object.keys(files)) makeFolder(dirname(join(root, name)), 0o777);
    for (const [name, text] of Object.entries(files)) {
      writeFileSync(join(root, name), text, { flag: 'wx' });
    }
  } catch (error) {
    throw new Failure(cannotCreate, `${root} cannot be written to: ${fileReason(error)}.`);
  }
  const here = relative(process.cwd(), root);
  console.log(
    [
      `Wrote ${Object.keys(files).join(', ')}${here === '' ? '' : ` into ${here}/`}.`,
      '',
      ...(here === '' ? [] : [`  cd ${shellWord(here)}`]),
      ...[
        ['serve --config gateway.yaml', 'the gateway; Ctrl-C stops it'],
        ['device add room-1 --model room', 'in another terminal: a device and its secret'],
        ['device show room-1', 'its state and latest values'],
      ].map(([words, about]) => `  ${tidegate} ${words.padEnd(32)}  # ${about}`),
      ...(compose
        ? [
            '',
            '  docker compose up --build     # instead of the first: the gateway in a container, with its data in a volume',
          ]
        : []),
    ].join('\n'),
  );
}

/** How this program is called in a folder. Outside of the installation npx would look for a package of this name on npm. */
function commandIn(folder: string): string {
  for (let at = folder; ; at = dirname(at)) {
    if (existsSync(join(at, 'node_modules', '.bin', 'tidegate'))) return 'npx tidegate';
    if (at === dirname(at)) return `node ${shellWord(mainFile())}`;
  }
}

const mainFile = (): string => join(realpathSync(packageRoot), 'dist', 'cli', 'main.js');

/** A word of a shell's command line. */
const shellWord = (word: string): string => (/^[\w./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);

/** The files by their paths in the folder. Each is made from a file of the package, so that there is one source. */
function filesFor(root: string, tidegate: string, compose: boolean): Record<string, string> {
  const read = (...path: string[]): string => readFileSync(join(packageRoot, ...path), 'utf8');
  return {
    'gateway.yaml': read('config', 'gateway.yaml')
      .replace(
        /^# Check the file with: .*$/m,
        () => `# Check the file with: ${tidegate} config check --config gateway.yaml`,
      )
      .replace(
        /^# models: \S+ .*$/m,
        'models: models                  # The folder of the models, one file per model.',
      ),
    'models/room.yaml': read('config', 'models', 'room.yaml'),
    'tidegate.service': unitFor(read('deploy', 'tidegate.service'), root),
    ...(compose ? { 'compose.yaml': composeFor(read('compose.yaml')) } : {}),
  };
}

/** The compose file of the checkout, which builds the image there and takes configuration and models from the new folder. */
function composeFor(text: string): string {
  const settings = [
    '--config',
    '/etc/tidegate/gateway.yaml',
    '--set',
    'models=/etc/tidegate/models',
    '--data',
    '/data',
  ];
  const command = (name: string): string => JSON.stringify(['node', 'dist/cli/main.js', name, ...settings]);
  const health = JSON.stringify(['CMD', ...(JSON.parse(command('health')) as string[])]);
  return text
    .replace(/^( *)build: \.$/m, (_, indent: string) =>
      [
        `build: ${JSON.stringify(realpathSync(packageRoot))}`,
        `command: ${command('serve')}`,
        `healthcheck: { test: ${health} }  # the times are those of the Dockerfile`,
      ]
        .map((line) => indent + line)
        .join('\n'),
    )
    .replace(/^( *)- data:\/data/m, (data: string, indent: string) =>
      [
        `${indent}- ./gateway.yaml:/etc/tidegate/gateway.yaml:ro`,
        `${indent}- ./models:/etc/tidegate/models:ro`,
        data,
      ].join('\n'),
    );
}

/** The unit, with the paths of this installation. */
function unitFor(unit: string, root: string): string {
  const words = [process.execPath, mainFile(), 'serve', '--config', join(root, 'gateway.yaml')];
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

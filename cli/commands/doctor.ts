import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import pc from 'picocolors';
import { defaultFolder } from '../../device-sim/api/running.js';
import { builtAt } from '../../gateway/process/version.js';
import { type Finding, inspectDataFolder } from '../../gateway/store/outside/inspect.js';
import { freeBytes } from '../../gateway/store/writer/ballast.js';
import { chooseTransport } from '../../gateway/transport/choose.js';
import type { ConfigOptions } from '../serving/configOptions.js';
import { collect } from '../terminal/collect.js';
import { printJson, tableOf } from '../terminal/output.js';
import { requireReadable } from '../terminal/requireReadable.js';
import { checkBackups } from './doctorBackups.js';

const freeBytesMin = 1024 ** 3;

/** `tidegate doctor` */
export function addDoctor(program: Command): void {
  program
    .command('doctor')
    .description('check the data folder and this machine, with or without a running gateway')
    .option('--data <dir>', 'data folder', defaultFolder())
    .option('--config <file>', 'configuration file, for backups of a gateway that does not run')
    .option('--set <key=value>', 'one setting, for example backup.folder=/var/backups/tidegate; repeatable', collect)
    .option('--all', 'check every day file, not only the newest three')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nThe exit code is 1 if a check fails.')
    .action(doctor);
}

async function doctor(options: ConfigOptions & { data: string; json?: boolean; all?: boolean }): Promise<void> {
  const { data, json, all } = options;
  requireReadable(data);
  const findings = [
    ...inspectDataFolder(data, Date.now(), builtAt, all),
    checkSpace(data),
    checkKey(data),
    await checkBackups(options, Date.now()),
    checkDescriptors(),
    await checkTransport(),
  ];
  if (json) printJson(...findings);
  else
    console.log(
      tableOf(
        ['CHECK', 'STATE', 'DETAIL'],
        findings.map(({ name, state, detail, fix }) => [name, state, fix === undefined ? detail : `${detail}. ${fix}`]),
      ),
    );
  const failed = findings.filter(({ state }) => state === 'fail').length;
  if (failed > 0) process.exitCode = 1;
  if (!json)
    console.log(
      failed === 0
        ? pc.green('\nNo check failed.')
        : pc.red(`\n${failed} ${failed === 1 ? 'check' : 'checks'} failed.`),
    );
}

function checkSpace(folder: string): Finding {
  try {
    const free = freeBytes(folder);
    const detail = `${(free / 1024 ** 3).toFixed(1)} GiB free`;
    return free >= freeBytesMin
      ? { name: 'disk space', state: 'ok', detail }
      : { name: 'disk space', state: 'warn', detail, fix: 'Free some space, or lower store.retentionDays' };
  } catch (error) {
    return { name: 'disk space', state: 'fail', detail: (error as Error).message };
  }
}

function checkKey(folder: string): Finding {
  const found = statSync(join(folder, 'admin.key'), { throwIfNoEntry: false });
  if (found === undefined)
    return {
      name: 'admin.key',
      state: 'ok',
      detail: 'not found (it was moved away, or the gateway has not started yet)',
    };
  const open = (found.mode & 0o077) !== 0;
  const mode = (found.mode & 0o777).toString(8);
  return open
    ? { name: 'admin.key', state: 'warn', detail: `mode ${mode}`, fix: `Run chmod 600 ${join(folder, 'admin.key')}` }
    : { name: 'admin.key', state: 'ok', detail: `mode ${mode}` };
}

/** Checks the limit of open files, because each link needs a file descriptor. */
function checkDescriptors(): Finding {
  const limit = Number(execFileSync('sh', ['-c', 'ulimit -n'], { encoding: 'utf8' }).trim());
  const detail = Number.isNaN(limit) ? 'no limit' : `${limit} open files allowed`;
  return limit < 4_096
    ? {
        name: 'open files',
        state: 'warn',
        detail,
        fix: 'Raise the limit (ulimit -n, or LimitNOFILE of systemd): each device needs one',
      }
    : { name: 'open files', state: 'ok', detail };
}

/** Which transport a gateway gets on this machine, unless its setting says otherwise. */
async function checkTransport(): Promise<Finding> {
  const { transport, reason } = await chooseTransport('auto');
  return { name: 'transport', state: 'ok', detail: `${transport.name} ${transport.version}: ${reason}` };
}

#!/usr/bin/env node
/**
 * The command `tidegate`: its subcommands and their exit codes. cli/ turns arguments into calls of the operator API, or starts a gateway
 * in this process, and prints what comes back. It stands above gateway/ and device-sim/; nothing imports it. Each subcommand is a file
 * of commands/.
 */
import type { Command } from 'commander';
import { oldNodeMessage } from '../schemas/nodeVersion.js';

const old = oldNodeMessage(process.versions.node);
if (old !== null) {
  console.error(old);
  process.exit(78);
}
// Not static imports: an old Node would read all their files first, and fail in one of them.
const commander = await import('commander');
const { default: pc } = await import('picocolors');
const { version } = await import('../gateway/process/version.js');
const { sqliteMessage } = await import('../gateway/process/sqliteMessage.js');

/** The exit code for a mistake on the command line (EX_USAGE of sysexits.h). */
const usageExitCode = 64;

/** Adds one subcommand to the program. */
type Add = (program: Command) => void;

/** Only the module of the given subcommand is loaded: most need no gateway, and start in a tenth of the time without its code. */
const commands: Record<string, () => Promise<Add>> = {
  serve: async () => (await import('./commands/serve.js')).addServe,
  demo: async () => (await import('./commands/demo.js')).addDemo,
  device: async () => (await import('./commands/device.js')).addDevice,
  send: async () => (await import('./commands/send.js')).addSend,
  command: async () => (await import('./commands/command.js')).addCommand,
  batch: async () => (await import('./commands/batch.js')).addBatch,
  query: async () => (await import('./commands/query.js')).addQuery,
  sql: async () => (await import('./commands/sql.js')).addSql,
  tail: async () => (await import('./commands/tail.js')).addTail,
  attempts: async () => (await import('./commands/attempts.js')).addAttempts,
  backup: async () => (await import('./commands/backup.js')).addBackup,
  'confirm-clock': async () => (await import('./commands/confirmClock.js')).addConfirmClock,
  doctor: async () => (await import('./commands/doctor.js')).addDoctor,
  config: async () => (await import('./commands/config.js')).addConfig,
  key: async () => (await import('./commands/key.js')).addKey,
  init: async () => (await import('./commands/init.js')).addInit,
  health: async () => (await import('./commands/health.js')).addHealth,
  completion: async () => (await import('./commands/completion.js')).addCompletion,
};

const program = new commander.Command('tidegate')
  .description('IoT device telemetry gateway')
  .version(version)
  .showHelpAfterError('(add --help to see the options)')
  .exitOverride();
// A reader such as `head` may close the pipe before everything is printed. That is no fault.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});
// Without a reader of errors the exit code still says what happened.
process.stderr.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

try {
  await addCommands();
  await program.parseAsync();
} catch (error) {
  process.exitCode = exitCodeOf(error as Error);
}

async function addCommands(): Promise<void> {
  const [, , asked = ''] = process.argv;
  if (asked === '--version' || asked === '-V') {
    await (await import('./commands/version.js')).printVersion();
    process.exit();
  }
  // completion is about all commands.
  for (const load of Object.hasOwn(commands, asked) && asked !== 'completion'
    ? [commands[asked]]
    : Object.values(commands))
    (await load())(program);
  for (const command of [program, ...program.commands.flatMap((child) => [child, ...child.commands])])
    command.exitOverride();
}

function exitCodeOf(error: Error): number {
  if (error instanceof commander.CommanderError) return error.exitCode === 0 ? 0 : usageExitCode;
  // Failure, StartError and ConfigError have a message for people. Any other error is a fault of ours, and is printed with its stack.
  const { exitCode } = error as Error & { exitCode?: unknown };
  if (typeof exitCode === 'number') return print(error.message, exitCode);
  const noSqlite = sqliteMessage(error, process.versions.node);
  if (noSqlite !== null) return print(noSqlite, 78);
  console.error(error);
  return 70;
}

function print(message: string, exitCode: number): number {
  console.error(pc.red(message));
  return exitCode;
}

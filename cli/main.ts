#!/usr/bin/env node
/**
 * The command `tidegate`: its subcommands and their exit codes. cli/ turns arguments into calls of the operator API, or starts a gateway
 * in this process, and prints what comes back. It stands above gateway/ and device-sim/; nothing imports it. Each subcommand is a file
 * of commands/.
 */
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
const { leadFrom, optionsLast, withHint } = await import('./terminal/commandLine.js');
const { errorJson, wantsJson } = await import('./terminal/errorJson.js');
const { sqliteMessage } = await import('../gateway/process/sqliteMessage.js');
const { addComplete, addOutlines, commandTable } = await import('./commands/table.js');

/** The exit code for a mistake on the command line (EX_USAGE of sysexits.h). */
const usageExitCode = 64;

const args = optionsLast(process.argv.slice(2));
process.argv.splice(2, args.length, ...args);
const json = wantsJson(args);

const program = new commander.Command('tidegate')
  .description('IoT device telemetry gateway')
  .version(version)
  .showHelpAfterError('(add --help to see the options)')
  .configureOutput({
    outputError: (text, write) => write(withHint(text)),
    // With --json the error is printed below, as JSON.
    ...(json ? { writeErr: () => undefined } : {}),
  })
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
  leadFrom(args[0]);
  await addCommands();
  await program.parseAsync();
} catch (error) {
  process.exitCode = exitCodeOf(error as Error);
}

/** Only what the call needs is loaded: most subcommands need no gateway, and start in a tenth of the time without its code. */
async function addCommands(): Promise<void> {
  const [, , first = '', second = ''] = process.argv;
  if (first === '--version' || first === '-V') {
    await (await import('./commands/version.js')).printVersion();
    process.exit();
  }
  const asked = first === 'help' ? second : first;
  // completion is about all commands.
  if (asked === 'completion') await addComplete(program);
  else if (Object.hasOwn(commandTable, asked)) await addComplete(program, [asked]);
  else addOutlines(program);
  for (const command of [program, ...program.commands.flatMap((child) => [child, ...child.commands])])
    command.exitOverride();
}

function exitCodeOf(error: Error): number {
  if (error instanceof commander.CommanderError) {
    if (error.exitCode === 0) return 0;
    if (json) print(error, usageExitCode);
    return usageExitCode;
  }
  // Failure, StartError and ConfigError have a message for people. Any other error is a fault of ours, and is printed with its stack.
  const { exitCode } = error as Error & { exitCode?: unknown };
  if (typeof exitCode === 'number') return print(error, exitCode);
  const noSqlite = sqliteMessage(error, process.versions.node);
  if (noSqlite !== null) return print(new Error(noSqlite), 78);
  console.error(error);
  return 70;
}

function print(error: Error, exitCode: number): number {
  console.error(json ? errorJson(error, exitCode) : pc.red(error.message));
  return exitCode;
}

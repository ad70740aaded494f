#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import pc from 'picocolors';
import { ConfigError } from '../config/config.js';
import { StartError } from '../startError.js';
import { version } from '../version.js';
import { addAttempts } from './commands/attempts.js';
import { addBatch } from './commands/batch.js';
import { addCommand } from './commands/command.js';
import { addConfig } from './commands/config.js';
import { addDemo } from './commands/demo.js';
import { addDevice } from './commands/device.js';
import { addDoctor } from './commands/doctor.js';
import { addKey } from './commands/key.js';
import { addQuery } from './commands/query.js';
import { addSend } from './commands/send.js';
import { addServe } from './commands/serve.js';
import { addSql } from './commands/sql.js';
import { addTail } from './commands/tail.js';
import { addUpkeep } from './commands/upkeep.js';
import { Failure } from './failure.js';

/** A mistake on the command line (EX_USAGE of sysexits.h). */
const usageExitCode = 64;

const program = new Command('tidegate')
  .description('IoT device telemetry gateway')
  .version(version)
  .showHelpAfterError('(add --help for the options)')
  .exitOverride();
const all = [
  ...[addServe, addDemo, addDevice, addSend, addCommand, addBatch, addQuery, addSql, addTail],
  ...[addUpkeep, addDoctor, addConfig, addKey, addAttempts],
];
for (const add of all) add(program);
for (const command of [program, ...program.commands.flatMap((one) => [one, ...one.commands])]) command.exitOverride();

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = exitCodeOf(error as Error);
}

function exitCodeOf(error: Error): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : usageExitCode;
  if (error instanceof Failure || error instanceof StartError || error instanceof ConfigError) {
    console.error(pc.red(error.message));
    return error.exitCode;
  }
  console.error(error);
  return 70;
}

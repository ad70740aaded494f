import type { Command } from 'commander';

/** Adds one subcommand to the program. */
type Add = (program: Command) => void;

/** A subcommand as the help of the whole program shows it. */
interface Entry {
  /** What follows the name. */
  args?: string;
  description: string;
  load(): Promise<Add>;
}

/**
 * All subcommands. The help of the program and a mistyped word need only this table, and any other call only the module of its own
 * subcommand. table.test.ts compares it with what the modules say.
 */
export const commandTable: Readonly<Record<string, Entry>> = {
  serve: {
    description: 'run the gateway',
    load: async () => (await import('./serve.js')).addServe,
  },
  demo: {
    description: 'run a gateway with 25 simulated devices and a real one, this machine',
    load: async () => (await import('./demo.js')).addDemo,
  },
  device: {
    description: 'register and manage devices',
    load: async () => (await import('./device.js')).addDevice,
  },
  send: {
    args: '<id> <name> [params]',
    description: 'send a command to a device',
    load: async () => (await import('./send.js')).addSend,
  },
  command: {
    description: 'list, show and cancel commands',
    load: async () => (await import('./command.js')).addCommand,
  },
  batch: {
    description: 'send one command to many devices',
    load: async () => (await import('./batch.js')).addBatch,
  },
  query: {
    args: '<id>',
    description: 'print the readings of a device, the newest last',
    load: async () => (await import('./query.js')).addQuery,
  },
  sql: {
    args: '<statement>',
    description: 'run a read-only SQL statement on the readings of a data folder',
    load: async () => (await import('./sql.js')).addSql,
  },
  export: {
    description: 'write readings as Parquet, CSV, NDJSON or SQLite, one file per day',
    load: async () => (await import('./export.js')).addExport,
  },
  tail: {
    args: '[id]',
    description: 'print readings, presence, rejected frames and commands as they happen',
    load: async () => (await import('./tail.js')).addTail,
  },
  attempts: {
    description: 'list refused connection attempts with the reason, newest first',
    load: async () => (await import('./attempts.js')).addAttempts,
  },
  audit: {
    description: 'list who changed what and when, newest first',
    load: async () => (await import('./audit.js')).addAudit,
  },
  backup: {
    args: '<dir>',
    description: 'back up the running gateway’s data into a new or empty folder, or list the backups (backup list)',
    load: async () => (await import('./backup.js')).addBackup,
  },
  job: {
    description: 'list, show and wait for backups, erasures and packing',
    load: async () => (await import('./job.js')).addJob,
  },
  pack: {
    description: 'pack the finished days that Tidegate 0.1 wrote, in the running gateway',
    load: async () => (await import('./pack.js')).addPack,
  },
  'confirm-clock': {
    description: 'confirm that the gateway’s clock is right, so that retention resumes',
    load: async () => (await import('./confirmClock.js')).addConfirmClock,
  },
  doctor: {
    description: 'check the data folder and this machine, with or without a running gateway',
    load: async () => (await import('./doctor.js')).addDoctor,
  },
  config: {
    description: 'check or show the configuration',
    load: async () => (await import('./config.js')).addConfig,
  },
  key: {
    description: 'manage operator keys',
    load: async () => (await import('./key.js')).addKey,
  },
  init: {
    args: '[folder]',
    description: 'write a commented gateway.yaml, a first model and a systemd unit into a folder (default: this one)',
    load: async () => (await import('./init.js')).addInit,
  },
  health: {
    description:
      'ask the gateway of this machine whether it is alive, with the same configuration as serve; for containers',
    load: async () => (await import('./health.js')).addHealth,
  },
  completion: {
    args: '<shell> [program]',
    description: 'print the script that makes a shell complete commands and options',
    load: async () => (await import('./completion.js')).addCompletion,
  },
};

/** Adds the subcommands with what the help of the program shows of them, and without what they do. */
export function addOutlines(program: Command): void {
  for (const [name, { args, description }] of Object.entries(commandTable))
    program.command(args === undefined ? name : `${name} ${args}`).description(description);
}

/** Adds one subcommand completely, or all of them. */
export async function addComplete(program: Command, names = Object.keys(commandTable)): Promise<void> {
  for (const name of names) (await commandTable[name].load())(program);
}

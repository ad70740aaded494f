import { Failure } from '../api/failure.js';

/** Gateway options that may stand before the subcommand, and whether a value follows. */
const gatewayOptions: Record<string, boolean> = { '--json': false, '--url': true, '--key': true, '--data': true };

/** How many words name a subcommand at most: device list. */
const wordsMax = 2;

/**
 * The arguments with gateway options after the subcommand, where each subcommand declares them: `--key K device list` is
 * `device list --key K`. Everything else stays in its place.
 */
export function optionsLast(args: readonly string[]): string[] {
  const words: string[] = [];
  const options: string[] = [];
  let at = 0;
  while (at < args.length && words.length < wordsMax) {
    const [arg] = args.slice(at);
    const [name] = arg.split('=', 1);
    if (Object.hasOwn(gatewayOptions, name)) {
      const length = gatewayOptions[name] && name === arg ? 2 : 1;
      options.push(...args.slice(at, at + length));
      at += length;
    } else if (arg.startsWith('-')) break;
    else {
      words.push(arg);
      at++;
    }
  }
  const rest = args.slice(at);
  const end = rest.indexOf('--');
  return end === -1
    ? [...words, ...rest, ...options]
    : [...words, ...rest.slice(0, end), ...options, ...rest.slice(end)];
}

/** What people type who know other programs, and the commands that do it here. */
const guesses: Record<string, readonly string[]> = {
  status: ['tidegate health', 'tidegate device list', 'tidegate doctor'],
  ping: ['tidegate health'],
  list: ['tidegate device list'],
  ls: ['tidegate device list'],
  devices: ['tidegate device list'],
  show: ['tidegate device show ID'],
  get: ['tidegate device show ID'],
  info: ['tidegate device show ID'],
  add: ['tidegate device add ID'],
  register: ['tidegate device add ID'],
  import: ['tidegate device import FILE'],
  edit: ['tidegate device edit ID'],
  rotate: ['tidegate device rotate ID'],
  remove: ['tidegate device remove ID'],
  rm: ['tidegate device remove ID'],
  delete: ['tidegate device remove ID'],
  readings: ['tidegate query ID'],
  history: ['tidegate query ID'],
  metrics: ['tidegate device show ID', 'tidegate query ID --metric NAME'],
  latest: ['tidegate device show ID'],
  logs: ['tidegate tail', 'tidegate attempts', 'tidegate audit'],
  log: ['tidegate tail', 'tidegate attempts', 'tidegate audit'],
  events: ['tidegate tail'],
  live: ['tidegate tail'],
  watch: ['tidegate tail'],
  keys: ['tidegate key list'],
  login: ['tidegate key add NAME'],
  commands: ['tidegate command list'],
  batches: ['tidegate batch list'],
  jobs: ['tidegate job list'],
  backups: ['tidegate backup list'],
  schedule: ['tidegate backup list'],
  start: ['tidegate serve'],
  run: ['tidegate serve'],
  check: ['tidegate config check', 'tidegate doctor'],
  restore: ['tidegate serve --data COPY_OF_THE_BACKUP'],
  simulate: ['tidegate-sim FLEET'],
  sim: ['tidegate-sim FLEET'],
  version: ['tidegate --version'],
  users: ['tidegate key list'],
  user: ['tidegate key list'],
  logout: ['tidegate key revoke NAME'],
  stop: ['Ctrl-C, or SIGTERM to the gateway: systemctl stop tidegate'],
  restart: ['systemctl restart tidegate', 'Ctrl-C, then tidegate serve'],
  reload: ['systemctl reload tidegate, or SIGHUP to the gateway'],
  settings: ['tidegate config show'],
  models: ['tidegate config check'],
  model: ['tidegate config check', 'tidegate device edit ID --model MODEL'],
  tags: ['tidegate device list', 'tidegate device edit ID --tag NAME=VALUE'],
  rename: ['tidegate device edit ID --name NAME'],
  console: ['tidegate serve, which logs the address of the console'],
  ui: ['tidegate serve, which logs the address of the console'],
  open: ['tidegate serve, which logs the address of the console'],
  storage: ['tidegate doctor'],
  gateway: ['tidegate health', 'tidegate doctor'],
  cancel: ['tidegate command cancel ID'],
  erase: ['tidegate device remove ID --erase'],
  count: ['tidegate sql "SELECT count(*) FROM readings"'],
};

/** Throws Failure 64 if the first word is a known guess for another command. */
export function leadFrom(word: string | undefined): void {
  if (word === undefined || !Object.hasOwn(guesses, word)) return;
  throw new Failure(
    64,
    `There is no command ${word}. Did you mean:\n${guesses[word].map((one) => `  ${one}`).join('\n')}`,
  );
}

/** Options of other programs, and what to write here. */
const optionGuesses: Record<string, string> = {
  '--since': '--from',
  '--start': '--from',
  '--last': '--from, as in --from -1h',
  '--until': '--to',
  '--end': '--to',
  '--count': '--limit',
  '-n': '--limit',
  '--offline': '--presence offline',
  '--state': '--presence',
  '--status': '--presence',
  '--tail': '--limit',
  '--interval': '--every',
  '--step': '--every',
  '--bucket': '--every',
  '--output': '--format',
  '--csv': '--format csv',
  '--host': '--url',
  '--server': '--url',
  '--address': '--url',
  '--token': '--key',
  '--api-key': '--key',
  '--folder': '--data',
  '--data-dir': '--data',
  '--force': '--yes',
  '-y': '--yes',
  '-f': '--yes (or --follow for a batch)',
};

/** An error text of commander, with the option that was probably meant. */
export function withHint(text: string): string {
  const option = /unknown option '(-[^'=]*)/.exec(text)?.[1];
  if (option === undefined || !Object.hasOwn(optionGuesses, option)) return text;
  return `${text.replace(/\n\(Did you mean .*\)/, '').trimEnd()}\nDid you mean ${optionGuesses[option]}?\n`;
}

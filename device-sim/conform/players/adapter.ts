import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Encoding } from '../../../schemas/tables/subprotocols.js';
import { Broken, createInbox, patienceMs } from './waiting.js';

export interface ClientOptions {
  command: readonly string[];
  url: string;
  id: string;
  secret: string;
  /** The folder of what it persists. */
  state: string;
  encoding: Encoding;
}

/** A line of the client's stdout, and when it came. */
export interface ClientEvent {
  event: string;
  at: number;
  [field: string]: unknown;
}

export interface Client {
  /** Resolves with the exit code, the signal, or why it could not be started. */
  exited: Promise<string | number>;
  /** The lines to and from the client, for the report. */
  trace: readonly string[];
  /** The end of what it wrote to stderr. */
  errors(): string;
  /** Sends it an order. */
  tell(line: object): void;
  /** Orders it to send these readings. */
  send(readings: readonly object[]): void;
  /** Takes the next event of that name. Throws Broken if none comes in time. */
  event(rule: string, name: string, wanted?: (event: ClientEvent) => boolean, ms?: number): Promise<ClientEvent>;
  /** All events of that name so far, taken or not. */
  all(name: string): ClientEvent[];
  /** Waits until every frame up to seq is reported as stored, in one event or several. */
  acked(rule: string, seq: number): Promise<ClientEvent>;
  /** Whether it was asked to stop, or killed. */
  isToEnd(): boolean;
  kill(): Promise<string | number>;
  /** Asks it to stop. Returns its exit code; throws Broken if it does not exit. */
  stop(rule: string): Promise<string | number>;
}

const stderrMax = 2_000;
const traceMax = 400;
/** How long a client may take to exit after `stop`; then it is killed. */
const stopMs = 10_000;

/** The client under test, in a process of its own (clients/CONFORMANCE.md). */
export function startClient({ command, url, id, secret, state, encoding }: ClientOptions): Client {
  const [program, ...args] = command;
  const child: ChildProcess = spawn(program, args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: {
      ...process.env,
      TIDEGATE_URL: url,
      TIDEGATE_DEVICE: id,
      TIDEGATE_SECRET: secret,
      TIDEGATE_STREAM: 'main',
      TIDEGATE_STATE: state,
      TIDEGATE_ENCODING: encoding,
    },
  });
  const events = createInbox<ClientEvent>();
  const history: ClientEvent[] = [];
  const trace: string[] = [];
  let errors = '';
  let toEnd = false;
  const exited = new Promise<string | number>((resolve) => {
    child.on('error', (error) => resolve(error.message));
    child.on('exit', (code, signal) => resolve(code ?? signal ?? 'unknown'));
  });
  child.stdin?.on('error', () => {});
  child.stderr?.on('data', (chunk: Buffer) => {
    errors = (errors + chunk.toString()).slice(-stderrMax);
  });
  createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
    note(`> ${line}`);
    const event = eventIn(line);
    if (event === null) return;
    history.push(event);
    events.push(event);
  });

  function note(line: string): void {
    if (trace.length < traceMax) trace.push(line);
  }

  function tell(line: object): void {
    note(`< ${JSON.stringify(line)}`);
    child.stdin?.write(`${JSON.stringify(line)}\n`);
  }

  return {
    exited,
    trace,
    errors: (): string => errors.trim(),
    tell,
    send: (readings: readonly object[]): void => {
      for (const reading of readings) tell({ do: 'send', ...reading });
    },
    event: (rule: string, name: string, wanted: (event: ClientEvent) => boolean = () => true, ms = patienceMs) =>
      events.next(rule, `event ${name}`, (event) => event.event === name && wanted(event), ms),
    all: (name: string): ClientEvent[] => history.filter(({ event }) => event === name),
    acked: (rule: string, seq: number) =>
      events.next(rule, `event acked of ${seq}`, (event) => event.event === 'acked' && (event.seq as number) >= seq),
    isToEnd: (): boolean => toEnd,
    kill(): Promise<string | number> {
      toEnd = true;
      child.kill('SIGKILL');
      return exited;
    },
    async stop(rule: string): Promise<string | number> {
      toEnd = true;
      tell({ do: 'stop' });
      const code = await Promise.race([exited, late(stopMs)]);
      if (code === null) throw new Broken(rule, `the client still runs ${stopMs / 1000} s after stop`);
      return code;
    },
  };
}

function eventIn(line: string): ClientEvent | null {
  try {
    const event = JSON.parse(line) as ClientEvent;
    return typeof event?.event === 'string' ? { ...event, at: Date.now() } : null;
  } catch {
    return null;
  }
}

const late = (ms: number): Promise<null> => new Promise((resolve) => setTimeout(() => resolve(null), ms).unref());

import type { ClientOptions } from '../client.js';
import type { Encoding } from '../core/messages.js';
import { type Ending, lostLink, reconnectDelayMs } from '../core/reconnect.js';
import type { Socket, SocketEvents, SocketKind } from '../socket.js';
import type { Storage } from '../storage.js';

/** The options of the correct client that a wrong client alters. */
export interface RightOptions extends ClientOptions {
  socketKind: SocketKind;
  storage: Storage;
  event: NonNullable<ClientOptions['event']>;
}

interface Wrong {
  /** The rule that it breaks. The runner must report this rule as failed. */
  rule: string;
  /** The situation in which it breaks the rule. */
  situation: string;
  encoding?: Encoding;
  alter(right: RightOptions): Partial<ClientOptions>;
}

/** Stands between the client and one link. */
type Wrap = (socket: Socket, events: SocketEvents) => { socket?: Partial<Socket>; events?: Partial<SocketEvents> };
type Fields = Record<string, unknown>;

function throughLink(wrap: Wrap): Wrong['alter'] {
  return ({ socketKind }) => ({
    socketKind: {
      seesPings: socketKind.seesPings,
      open(request, events) {
        let altered: Partial<SocketEvents> = {};
        const socket = socketKind.open(request, {
          text: (message) => (altered.text ?? events.text)(message),
          bytes: (message) => (altered.bytes ?? events.bytes)(message),
          pinged: () => (altered.pinged ?? events.pinged)(),
          ended: (how) => (altered.ended ?? events.ended)(how),
        });
        const wrong = wrap(socket, events);
        altered = wrong.events ?? {};
        return { ...socket, ...wrong.socket };
      },
    },
  });
}

/** Alters each text that the client sends, or each text that it gets. Null drops the text. */
const sending = (change: (fields: Fields) => Fields | null) =>
  throughLink((socket) => ({ socket: { send: (message) => passOn(String(message), change, socket.send) } }));
const hearing = (change: (fields: Fields) => Fields | null) =>
  throughLink((_, events) => ({ events: { text: (message) => passOn(message, change, events.text) } }));

function passOn(text: string, change: (fields: Fields) => Fields | null, to: (text: string) => void): void {
  const changed = change(JSON.parse(text) as Fields);
  if (changed !== null) to(JSON.stringify(changed));
}

const isTelemetry = ({ type }: Fields): boolean => type === 'telemetry';
/** The runner's readings with times of their own are about an hour old. */
const isRecent = ({ ts }: Fields): boolean => Number(ts) > Date.now() - 600_000;
const isCommand = ({ type }: Fields): boolean => type === 'command';

/** Waits as if the link had ended in another way. */
const waiting =
  (as: (ending: Ending) => Ending): Wrong['alter'] =>
  () => ({ delayMs: (ending, failures, random) => reconnectDelayMs(as(ending), failures, random) });

/** Variants of the client that break one rule each. A test checks that the conformance runner catches each of them. */
export const wrongs = {
  'sends before the welcome': {
    rule: 'N-2',
    situation: 'no numbered frame before the welcome',
    alter: throughLink((socket) => {
      setTimeout(() => socket.send('{"seq":1,"values":{"temperature":1}}'), 300);
      return {};
    }),
  },
  'numbers from 1 without memory': {
    rule: 'N-4',
    situation: 'without memory, numbering starts after lastSeq',
    alter: throughLink(numbersFromOne),
  },
  'drops its buffer on a lastSeq above all it gave': {
    rule: 'N-14',
    situation: 'a lastSeq above every number given drops nothing',
    alter: throughLink(dropsItsBuffer()),
  },
  'sends other readings under a number': {
    rule: 'N-5',
    situation: 'a frame that is sent again is the same',
    alter: sending(otherEachTime()),
  },
  'takes a nack of seq 0 for its oldest frame': {
    rule: 'N-6',
    situation: 'a nack with seq 0 concerns no numbered frame',
    alter: hearing((fields) => (fields.type === 'nack' && fields.seq === 0 ? { ...fields, seq: 1 } : fields)),
  },
  'tells an age once and for all': {
    rule: 'I-3',
    situation: 'without a clock, ages are computed at each send',
    alter: sending((fields) => (isTelemetry(fields) && isRecent(fields) ? { ...fields, ts: -1_000 } : fields)),
  },
  'sends a metric name with a space': {
    rule: 'I-6',
    situation: 'numbers go up by one',
    alter: sending((fields) => (isTelemetry(fields) ? { ...fields, values: { 'the temperature': 1 } } : fields)),
  },
  'ignores the window': {
    rule: 'W-1',
    situation: 'no more frames in flight than the window',
    alter: hearing((fields) => ('window' in fields ? { ...fields, window: 1_000 } : fields)),
  },
  'takes an ack for one frame': {
    rule: 'W-2',
    situation: 'an ack covers every frame before it',
    alter: hearing((fields) => (fields.type === 'ack' && Number(fields.seq) > 1 ? null : fields)),
  },
  'sends a nacked frame again': {
    rule: 'W-3',
    situation: 'a nacked frame is never sent again',
    alter: throughLink(sendsNackedAgain),
  },
  'ends the link over an unknown message': {
    rule: 'J-1',
    situation: 'unknown messages and fields are ignored',
    alter: throughLink((socket, events) => ({
      events: {
        text(message) {
          if (/^\{"type":"(welcome|ack|nack|command|time)"/.test(message)) events.text(message);
          else socket.close(1000, 'unknown message');
        },
      },
    })),
  },
  'declares a table again with other contents': {
    rule: 'J-6',
    situation: 'buffered frames keep their table after a firmware change',
    alter: sending((fields) => (fields.type === 'metrics' ? { ...fields, table: 1 } : fields)),
  },
  'adds a byte to its frames': {
    rule: 'B-2',
    situation: 'numbers go up by one',
    encoding: 'binary',
    alter: throughLink((socket) => ({
      socket: {
        send: (message) =>
          socket.send(typeof message === 'string' || message[1] !== 1 ? message : Uint8Array.from([...message, 0])),
      },
    })),
  },
  'comes back soon after 41xx': {
    rule: 'R-2',
    situation: 'close 4100 replaced',
    alter: waiting((ending) => (ending.kind === 'closed' ? lostLink : ending)),
  },
  'comes back soon after 401': {
    rule: 'R-2',
    situation: 'HTTP 401',
    alter: waiting((ending) => (ending.kind === 'refused' ? lostLink : ending)),
  },
  'ignores Retry-After': {
    rule: 'R-9',
    situation: 'HTTP 503 with Retry-After',
    alter: waiting((ending) => (ending.kind === 'refused' ? { ...ending, retryAfterSeconds: 0 } : ending)),
  },
  'ignores retryAfterMs': {
    rule: 'R-9',
    situation: 'the wait starts with retryAfterMs',
    alter: waiting((ending) => (ending.kind === 'closed' ? { ...ending, reason: '' } : ending)),
  },
  'has no jitter': {
    rule: 'R-1',
    situation: 'full jitter over a doubling span',
    alter: () => ({ random: () => 0.999 }),
  },
  'waits as long after each failure': {
    rule: 'R-1',
    situation: 'a connection that breaks at once',
    alter: () => ({ delayMs: (ending, _, random) => reconnectDelayMs(ending, 8, random) }),
  },
  'stays on a half-open link': { rule: 'R-4', situation: 'a silent gateway', alter: throughLink(staysOn) },
  'takes 4100 on an abandoned link for its own': {
    rule: 'R-3',
    situation: 'a silent gateway',
    alter: throughLink(listensToAbandoned()),
  },
  'goes to sleep without a word': {
    rule: 'R-5',
    situation: 'going to sleep',
    alter: throughLink((socket) => ({ socket: { close: (code) => socket.close(code, '') } })),
  },
  'runs a repeated command again': { rule: 'C-9', situation: 'a repeated command, known 255', alter: runsAgain },
  'forgets outcomes with a restart': {
    rule: 'C-8',
    situation: 'an outcome survives a restart',
    alter: (right) => ({
      storage: { ...right.storage, load: async () => new Map() },
      ...hearing((fields) => (isCommand(fields) ? { ...fields, known: 0 } : fields))(right),
    }),
  },
  'runs a command it does not remember': {
    rule: 'C-4',
    situation: 'a command that it does not remember, known 1',
    alter: hearing((fields) => (isCommand(fields) ? { ...fields, known: 0 } : fields)),
  },
  'runs an overdue command': {
    rule: 'C-5',
    situation: 'an overdue command, gateway clock ahead',
    alter: hearing((fields) => (isCommand(fields) ? { ...fields, expiresAt: 0 } : fields)),
  },
  'says succeeded for whatever failed': {
    rule: 'C-14',
    situation: 'commands run and are answered',
    alter: sending((fields) =>
      fields.state === 'failed' ? { ...fields, state: 'succeeded', error: undefined } : fields,
    ),
  },
} as const satisfies Record<string, Wrong>;

export type WrongName = keyof typeof wrongs;

function numbersFromOne(socket: Socket, events: SocketEvents): ReturnType<Wrap> {
  let shift = 0;
  return {
    events: {
      text(message) {
        const { type, lastSeq } = JSON.parse(message) as Fields;
        if (type === 'welcome') shift = Number(lastSeq);
        events.text(message);
      },
    },
    socket: {
      send: (message) =>
        passOn(
          String(message),
          (fields) => (isTelemetry(fields) ? { ...fields, seq: Number(fields.seq) - shift } : fields),
          socket.send,
        ),
    },
  };
}

/** Takes any lastSeq as if it concerned its own frames. */
function dropsItsBuffer(): Wrap {
  let highest = 0;
  return (socket, events) => ({
    socket: {
      send(message) {
        const fields = JSON.parse(String(message)) as Fields;
        if (isTelemetry(fields)) highest = Math.max(highest, Number(fields.seq));
        socket.send(message);
      },
    },
    events: {
      text: (message) =>
        passOn(
          message,
          (fields) =>
            fields.type === 'welcome' ? { ...fields, lastSeq: Math.min(highest, Number(fields.lastSeq)) } : fields,
          events.text,
        ),
    },
  });
}

/** Each time that a number is sent again, its time is one millisecond later. */
function otherEachTime(): (fields: Fields) => Fields {
  const times = new Map<unknown, number>();
  return (fields) => {
    if (!isTelemetry(fields)) return fields;
    const before = times.get(fields.seq) ?? 0;
    times.set(fields.seq, before + 1);
    return { ...fields, ts: Number(fields.ts) + before };
  };
}

function sendsNackedAgain(socket: Socket, events: SocketEvents): ReturnType<Wrap> {
  const sent = new Map<unknown, string>();
  return {
    socket: {
      send(message) {
        const fields = JSON.parse(String(message)) as Fields;
        if (isTelemetry(fields)) sent.set(fields.seq, String(message));
        socket.send(message);
      },
    },
    events: {
      text(message) {
        const { type, seq } = JSON.parse(message) as Fields;
        events.text(message);
        if (type === 'nack' && sent.has(seq)) socket.send(sent.get(seq) as string);
      },
    },
  };
}

function staysOn(_socket: Socket, events: SocketEvents): ReturnType<Wrap> {
  const pings = setInterval(() => events.pinged(), 1_000);
  return {
    socket: { drop: () => {} },
    events: {
      ended(how) {
        clearInterval(pings);
        events.ended(how);
      },
    },
  };
}

/** Closes a dead link instead of dropping it, and takes its late end for the end of the next link. */
function listensToAbandoned(): Wrap {
  let present: Socket | null = null;
  return (socket, events) => {
    present = socket;
    return {
      socket: {
        drop() {
          events.ended(lostLink);
        },
      },
      events: {
        ended(how) {
          if (present !== socket) present?.close(1000, 'replaced');
          else events.ended(how);
        },
      },
    };
  };
}

/** Gives a command another id each time that it comes. */
function runsAgain(right: RightOptions): Partial<ClientOptions> {
  const originals = new Map<string, string>();
  const original = (id: unknown): string => originals.get(String(id)) ?? String(id);
  let count = 0;
  const alter = throughLink((socket, events) => ({
    events: {
      text: (message) =>
        passOn(
          message,
          (fields) => {
            if (!isCommand(fields)) return fields;
            const id = `time-${++count}`;
            originals.set(id, String(fields.id));
            return { ...fields, id, known: 0, expiresAt: 0 };
          },
          events.text,
        ),
    },
    socket: {
      send: (message) =>
        passOn(
          String(message),
          (fields) => (fields.type === 'command_update' ? { ...fields, id: original(fields.id) } : fields),
          socket.send,
        ),
    },
  }));
  return {
    ...alter(right),
    event: (event) => right.event(event.event === 'executed' ? { ...event, id: original(event.id) } : event),
  };
}

import type { ClientOptions } from './client.js';
import type { Ending } from './reconnect.js';
import type { Socket, SocketEvents, SocketKind, SocketRequest } from './socket.js';

/** What lies between the client and its link, and breaks one rule on purpose. */
type Wrap = (socket: Socket, events: SocketEvents) => { socket?: Partial<Socket>; events?: Partial<SocketEvents> };

type Fields = Record<string, unknown>;
const parsed = (text: string): Fields => JSON.parse(text) as Fields;
/** Only text is altered: the wrong clients speak JSON. */
const asText = (message: string | Uint8Array, change: (fields: Fields) => Fields | null): string | null => {
  const changed = change(parsed(String(message)));
  return changed === null ? null : JSON.stringify(changed);
};

/** Alters what is sent; null: it is not. */
const sending =
  (change: (fields: Fields) => Fields | null): Wrap =>
  (socket) => ({
    socket: {
      send(message) {
        const text = asText(message, change);
        if (text !== null) socket.send(text);
      },
    },
  });

const hearing =
  (change: (fields: Fields) => Fields | null): Wrap =>
  (_socket, events) => ({
    events: {
      text(message) {
        const text = asText(message, change);
        if (text !== null) events.text(text);
      },
    },
  });

const ending =
  (change: (ending: Ending) => Ending): Wrap =>
  (_socket, events) => ({ events: { ended: (how) => events.ended(change(how)) } });

const isTelemetry = ({ type }: Fields): boolean => type === 'telemetry';

/** Each breaks the rule that it is named after, in the way that its words say. */
export const wrongs = {
  'sends before the welcome': {
    rule: 'N-2',
    wrap: (socket) => {
      const timer = setTimeout(() => socket.send('{"seq":1,"values":{"temperature":1}}'), 300);
      return { events: { pinged: () => clearTimeout(timer) } };
    },
  },
  'numbers from 1 without memory': {
    rule: 'N-4',
    wrap: (_socket, events) => {
      let shift = 0;
      return {
        events: {
          text(message) {
            const fields = parsed(message);
            if (fields.type === 'welcome') shift = Number(fields.lastSeq);
            events.text(message);
          },
        },
        socket: {
          send: (message) =>
            _socket.send(
              asText(message, (fields) =>
                isTelemetry(fields) ? { ...fields, seq: Number(fields.seq) - shift } : fields,
              ) ?? '',
            ),
        },
      };
    },
  },
  'sends other readings under a number': {
    rule: 'N-5',
    wrap: sending((fields) =>
      isTelemetry(fields) ? { ...fields, ts: Number(fields.ts) + sentBefore(fields) } : fields,
    ),
  },
  'ignores the window': {
    rule: 'W-1',
    wrap: hearing((fields) => ('window' in fields ? { ...fields, window: 1_000 } : fields)),
  },
  'takes an ack for one frame': {
    rule: 'W-2',
    wrap: hearing((fields) => (fields.type === 'ack' && Number(fields.seq) > 1 ? null : fields)),
  },
  'sends a nacked frame again': {
    rule: 'W-3',
    wrap: (socket, events) => {
      const sent = new Map<unknown, string>();
      return {
        socket: {
          send(message) {
            const fields = parsed(String(message));
            if (isTelemetry(fields)) sent.set(fields.seq, String(message));
            socket.send(message);
          },
        },
        events: {
          text(message) {
            const { type, seq } = parsed(message);
            events.text(message);
            if (type === 'nack' && sent.has(seq)) socket.send(sent.get(seq) as string);
          },
        },
      };
    },
  },
  'takes a nack of seq 0 for its oldest frame': {
    rule: 'N-6',
    wrap: hearing((fields) => (fields.type === 'nack' && fields.seq === 0 ? { ...fields, seq: 1 } : fields)),
  },
  'ends the link over an unknown message': {
    rule: 'J-1',
    wrap: (socket, events) => ({
      events: {
        text(message) {
          if (/^\{"type":"(welcome|ack|nack|command|time)"/.test(message)) events.text(message);
          else socket.close(1002, 'unknown message');
        },
      },
    }),
  },
  'sends a metric name with a space': {
    rule: 'I-6',
    wrap: sending((fields) => (isTelemetry(fields) ? { ...fields, values: { 'the temperature': 1 } } : fields)),
  },
  'declares a table again with other contents': {
    rule: 'J-6',
    wrap: sending((fields) => (fields.type === 'metrics' ? { ...fields, table: 1 } : fields)),
  },
  'tells an age once and for all': {
    rule: 'I-3',
    wrap: sending((fields) => (isTelemetry(fields) && Number(fields.ts) <= 0 ? { ...fields, ts: -1_000 } : fields)),
  },
  'comes back at once after 4100': {
    rule: 'R-2',
    wrap: ending((how) => (how.kind === 'closed' && how.code >= 4100 ? { ...how, code: 4000 } : how)),
  },
  'comes back at once after 401': {
    rule: 'R-2',
    wrap: ending((how) => (how.kind === 'refused' ? { ...how, status: 503 } : how)),
  },
  'ignores Retry-After': {
    rule: 'R-1',
    wrap: ending((how) => (how.kind === 'refused' ? { ...how, retryAfterSeconds: 0 } : { ...how, reason: '' })),
  },
  'has no jitter': { rule: 'R-1', wrap: () => ({}), random: () => 0.999 },
  'stays on a half-open link': {
    rule: 'R-4',
    wrap: (socket, events) => {
      const pings = setInterval(() => events.pinged(), 1_000);
      return {
        socket: { abandon: () => {}, close: socket.close },
        events: {
          ended(how) {
            clearInterval(pings);
            events.ended(how);
          },
        },
      };
    },
  },
  'goes to sleep without a word': {
    rule: 'R-5',
    wrap: (socket) => ({ socket: { close: (code) => socket.close(code, '') } }),
  },
  'runs a repeated command again': {
    rule: 'C-3',
    wrap: (socket, events) => {
      const ids = new Map<string, string>();
      return {
        events: {
          text: (message) =>
            events.text(
              asText(message, (fields) => {
                if (fields.type !== 'command') return fields;
                const id = globalThis.crypto.randomUUID();
                ids.set(id, String(fields.id));
                return { ...fields, id, known: 0, expiresAt: 0 };
              }) ?? '',
            ),
        },
        socket: {
          send: (message) =>
            socket.send(
              asText(message, (fields) =>
                fields.type === 'command_update' ? { ...fields, id: ids.get(String(fields.id)) } : fields,
              ) ?? '',
            ),
        },
      };
    },
  },
  'runs a command it does not remember': {
    rule: 'C-4',
    wrap: hearing((fields) => (fields.type === 'command' ? { ...fields, known: 0 } : fields)),
  },
  'runs an overdue command': {
    rule: 'C-5',
    wrap: hearing((fields) => (fields.type === 'command' ? { ...fields, expiresAt: 0 } : fields)),
  },
  'fails without a code': {
    rule: 'C-6',
    wrap: sending((fields) => (fields.error === undefined ? fields : { ...fields, error: { message: 'it broke' } })),
  },
} as const satisfies Record<string, { rule: string; wrap: Wrap; random?: () => number }>;

export type WrongName = keyof typeof wrongs;

const times = new Map<unknown, number>();
/** 0 the first time, then one more each time. */
function sentBefore({ seq }: Fields): number {
  const count = times.get(seq) ?? 0;
  times.set(seq, count + 1);
  return count;
}

/** What makes a client wrong; null: nothing does. */
export function wrongOptions(name: WrongName | null, kind: SocketKind): Partial<ClientOptions> {
  if (name === null) return { socketKind: kind };
  const wrong: { wrap: Wrap; random?: () => number } = wrongs[name];
  if (wrong === undefined) throw new Error(`there is no wrong client "${name}"`);
  const socketKind: SocketKind = {
    seesPings: kind.seesPings,
    open: (request, events) => wrapped(kind, wrong.wrap, request, events),
  };
  return wrong.random === undefined ? { socketKind } : { socketKind, random: wrong.random };
}

function wrapped(kind: SocketKind, wrap: Wrap, request: SocketRequest, events: SocketEvents): Socket {
  let altered: Partial<SocketEvents> = {};
  const socket = kind.open(request, {
    text: (message) => (altered.text ?? events.text)(message),
    bytes: (message) => (altered.bytes ?? events.bytes)(message),
    pinged: () => (altered.pinged ?? events.pinged)(),
    ended: (how) => (altered.ended ?? events.ended)(how),
  });
  const wrong = wrap(socket, events);
  altered = wrong.events ?? {};
  return { ...socket, ...wrong.socket };
}

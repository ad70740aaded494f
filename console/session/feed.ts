import type { LiveMessage, LiveSubscribe } from '../../schemas/generated/operator.js';

/** What a subscription asks for: kinds of messages, and devices. */
export type Wanted = Omit<LiveSubscribe, 'type' | 'id'>;

/** The live feed of the gateway (`/v1/live`). */
export interface Feed {
  /** Asks for something under a name. It replaces what the name asked for before. */
  subscribe(id: string, what: Wanted): void;
  /** Ends what the name asked for. A name that is not known is ignored. */
  unsubscribe(id: string): void;
  /** Closes the feed for good. */
  close(): void;
}

const retryMaxMs = 30_000;

/**
 * Opens the live feed. After a lost connection it reconnects, with a wait that grows to 30 s, and subscribes to everything again.
 * `heard` gets every message, the welcome included; `linked` gets true after each welcome and false after each loss.
 */
export function createFeed(key: string, heard: (message: LiveMessage) => void, linked: (up: boolean) => void): Feed {
  const wanted = new Map<string, Wanted>();
  let socket: WebSocket | null = null;
  let ended = false;
  let failures = 0;

  const send = (message: object): void => {
    if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
  };
  const ask = (id: string, what: Wanted): void => send({ type: 'subscribe', id, ...what });

  function connect(): void {
    const url = new URL('/v1/live', location.href);
    url.protocol = url.protocol.replace('http', 'ws');
    socket = new WebSocket(url, ['tidegate.live.v1', `tidegate.auth.${base64url(key)}`]);
    socket.onmessage = ({ data }) => {
      const message = JSON.parse(data as string) as LiveMessage;
      if (message.type === 'welcome') {
        failures = 0;
        for (const [id, what] of wanted) ask(id, what);
        linked(true);
      }
      heard(message);
    };
    socket.onclose = () => {
      if (ended) return;
      linked(false);
      setTimeout(() => !ended && connect(), Math.random() * Math.min(retryMaxMs, 1_000 * 2 ** failures++));
    };
  }
  connect();

  return {
    subscribe(id, what) {
      wanted.set(id, what);
      ask(id, what);
    },
    unsubscribe(id) {
      if (wanted.delete(id)) send({ type: 'unsubscribe', id });
    },
    close() {
      ended = true;
      socket?.close();
    },
  };
}

function base64url(text: string): string {
  return btoa(text).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

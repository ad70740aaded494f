import type { LiveMessage, LiveSubscribe, ProblemBody } from '../../schemas/generated/operator.js';
import { addressOf } from './base.js';

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
 * `heard` gets every message, the welcome included; `linked` gets true after each welcome
 * and false after each loss, and from the second failure in a row on a sentence that says why, if the gateway answers.
 */
export function createFeed(
  key: string,
  heard: (message: LiveMessage) => void,
  linked: (up: boolean, why: string | null) => void,
): Feed {
  const wanted = new Map<string, Wanted>();
  let socket: WebSocket | null = null;
  let ended = false;
  let failures = 0;

  const send = (message: object): void => {
    if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
  };
  const ask = (id: string, what: Wanted): void => send({ type: 'subscribe', id, ...what });

  function connect(): void {
    const url = new URL(addressOf('/v1/live'), location.href);
    url.protocol = url.protocol.replace('http', 'ws');
    socket = new WebSocket(url, ['tidegate.live.v1', `tidegate.auth.${base64url(key)}`]);
    socket.onmessage = ({ data }) => {
      const message = JSON.parse(data as string) as LiveMessage;
      if (message.type === 'welcome') {
        failures = 0;
        for (const [id, what] of wanted) ask(id, what);
        linked(true, null);
      }
      heard(message);
    };
    socket.onclose = () => {
      if (ended) return;
      linked(false, null);
      // The first failure may be a restart of the gateway.
      if (failures > 0)
        void reasonOf(key).then((why) => !ended && socket?.readyState !== WebSocket.OPEN && linked(false, why));
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

/**
 * Why the gateway refuses the live feed; null if it does not answer or does not know the key. Browsers do not show a page the answer to
 * a refused WebSocket, so the same address is asked without one.
 */
async function reasonOf(key: string): Promise<string | null> {
  const url = `${addressOf('/v1/live')}?origin=${encodeURIComponent(location.origin)}`;
  try {
    const answer = await fetch(url, { headers: { authorization: `Bearer ${key}` } });
    if (answer.status === 426)
      return 'a proxy between this browser and the gateway does not pass on WebSocket requests. Let it pass on the headers Upgrade and Connection.';
    return answer.status === 403 ? (((await answer.json()) as ProblemBody).detail ?? null) : null;
  } catch {
    return null;
  }
}

function base64url(text: string): string {
  return btoa(text).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

import type { LiveMessage, LiveSubscribe } from '../../schemas/generated/operator.js';

export type Wanted = Omit<LiveSubscribe, 'type' | 'id'>;
export type Feed = ReturnType<typeof createFeed>;

/** The live feed: comes back by itself, and then asks for everything again. */
export function createFeed(key: string, heard: (message: LiveMessage) => void, linked: (up: boolean) => void) {
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
      setTimeout(() => !ended && connect(), Math.random() * Math.min(30_000, 1_000 * 2 ** failures++));
    };
  }
  connect();

  return {
    /** Replaces what was wanted under the same name. */
    subscribe(id: string, what: Wanted): void {
      wanted.set(id, what);
      ask(id, what);
    },
    unsubscribe(id: string): void {
      if (wanted.delete(id)) send({ type: 'unsubscribe', id });
    },
    close(): void {
      ended = true;
      socket?.close();
    },
  };
}

function base64url(text: string): string {
  return btoa(text).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

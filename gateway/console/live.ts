import type { LiveMessage } from '../../schemas/generated/operator.js';

const kinds = ['latest', 'presence', 'rejected', 'commands'];

/** The live feed; it comes back by itself. Returns its end. */
export function openLive(
  key: string,
  heard: (message: LiveMessage) => void,
  linked: (up: boolean) => void,
): () => void {
  let ended = false;
  let failures = 0;
  let socket: WebSocket;
  const connect = (): void => {
    const url = new URL('/v1/live', location.href);
    url.protocol = url.protocol.replace('http', 'ws');
    socket = new WebSocket(url, ['tidegate.live.v1', `tidegate.auth.${base64url(key)}`]);
    socket.onopen = () => socket.send(JSON.stringify({ type: 'subscribe', kinds }));
    socket.onmessage = ({ data }) => {
      const message = JSON.parse(data as string) as LiveMessage;
      if (message.type === 'subscribed') {
        failures = 0;
        linked(true);
      }
      heard(message);
    };
    socket.onclose = () => {
      linked(false);
      if (!ended) setTimeout(connect, Math.random() * Math.min(30_000, 1_000 * 2 ** failures++));
    };
  };
  connect();
  return () => {
    ended = true;
    socket.close();
  };
}

function base64url(text: string): string {
  return btoa(text).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

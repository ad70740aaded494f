import type { DeviceBody, GatewayBody, LatestBody, LiveMessage } from '../../schemas/generated/operator.js';

/** The key is not, or no longer, valid. */
export class SignedOutError extends Error {}

/** The operator API of the gateway that served this page. */
export function createApi(key: string) {
  async function get<Body>(path: string): Promise<Body> {
    const answer = await fetch(path, { headers: { authorization: `Bearer ${key}` } });
    if (answer.status === 401) throw new SignedOutError('The gateway does not know this key.');
    if (!answer.ok) throw new Error(`The gateway answered ${answer.status} to ${path}.`);
    return (await answer.json()) as Body;
  }

  return {
    gateway: (): Promise<GatewayBody> => get('/v1/gateway'),
    latest: (id: string): Promise<LatestBody> => get(`/v1/devices/${encodeURIComponent(id)}/latest`),
    /** Page after page, so that the first devices show before the last ones have come. */
    async *devices(): AsyncGenerator<DeviceBody[]> {
      for (let cursor: string | null = ''; cursor !== null; ) {
        const page: { items: DeviceBody[]; next: string | null } = await get(
          `/v1/devices?limit=2000${cursor === '' ? '' : `&cursor=${cursor}`}`,
        );
        yield page.items;
        cursor = page.next;
      }
    },
  };
}

export type Api = ReturnType<typeof createApi>;

const kinds = ['latest', 'presence', 'rejected'];

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

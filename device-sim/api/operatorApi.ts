/**
 * api/ holds the part of a gateway's operator API that the simulator uses. It is written apart from that of cli/, because the
 * simulator imports nothing of the gateway's side. Only how a gateway of this machine is found (running.ts) is shared with cli/.
 */
import type { CommandBody, NewCredentialBody, ProblemBody, ReadingItem } from '../../schemas/generated/operator.js';

const readTries = 4;
const readAgainMs = 250;
/** A gateway that accepts a connection and does not answer within this time counts as down. */
const answerMs = 20_000;

/** The part of a gateway's operator API that the simulator uses. Each call rejects if the gateway does not answer or reports an error. */
export interface OperatorApi {
  /** Registers a device, or makes a new secret for a device that exists already. Resolves with the secret. */
  provision(id: string, model: string | null, tags: Record<string, string>): Promise<string>;
  /** Makes a new secret for a device. Its other secrets stay valid for `graceSeconds`. */
  newSecret(id: string, graceSeconds: number): Promise<string>;
  /** Asks for a command. Resolves with the HTTP status of the answer. */
  send(id: string, command: object): Promise<number>;
  /** Removes a device and its readings. */
  remove(id: string): Promise<void>;
  /** The gateway's own metrics, by name with labels. */
  metrics(): Promise<Map<string, number>>;
  /** The commands of a device that were created since this time (Unix ms), the newest first. */
  commands(id: string, since: number): AsyncGenerator<CommandBody>;
  /** The readings of a device in [from, to), ascending by time. It fetches page by page. */
  readings(id: string, from: number, to: number): AsyncGenerator<ReadingItem>;
}

class Silent extends Error {}

/** Why a request failed: fetch says it in the cause of its error. */
export function reasonOf({ message, cause }: Error): string {
  const code = (cause as { code?: string } | undefined)?.code;
  return code === undefined ? message : `${message}: ${code}`;
}

/** What the gateway said, in words: its answers to refused requests are problems (RFC 9457). */
function refusalText({ url, status }: Response, text: string): string {
  const { origin, pathname } = new URL(url);
  try {
    const { title, detail, code, errors = [] } = JSON.parse(text) as ProblemBody;
    const faults = errors.map(({ path, message }) => `; ${path} ${message}`).join('');
    const key =
      status === 401 ? '. Give the key of this gateway with --key or TIDEGATE_KEY, or its data folder with --data' : '';
    return `The gateway at ${origin} refused ${pathname}: ${detail ?? title} (${code})${faults}${key}`;
  } catch {
    return `${url} answered ${status}: ${text.slice(0, 200)}`;
  }
}

/** `url`: the base of the operator API. */
export function createOperatorApi(url: string, key: string): OperatorApi {
  async function request(method: string, path: string, body?: unknown): Promise<Response> {
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
    const text = body === undefined ? undefined : JSON.stringify(body);
    try {
      return await fetch(url + path, { method, headers, body: text, signal: AbortSignal.timeout(answerMs) });
    } catch (error) {
      const { name } = error as Error;
      throw name === 'TimeoutError'
        ? new Silent(`${url} accepts connections, but did not answer within ${answerMs / 1000} s`)
        : error;
    }
  }

  /** A read may be repeated, so a connection that breaks does not end a verification. */
  async function get(path: string): Promise<Response> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await request('GET', path);
      } catch (error) {
        if (attempt === readTries || error instanceof Silent) throw error;
        await new Promise((resolve) => setTimeout(resolve, readAgainMs));
      }
    }
  }

  async function bodyOf<Body>(answer: Response): Promise<Body> {
    const text = await answer.text();
    if (!answer.ok) throw new Error(refusalText(answer, text));
    return (text === '' ? undefined : JSON.parse(text)) as Body;
  }

  return {
    async provision(id, model, tags) {
      let answer = await request('POST', '/v1/devices', { id, model, tags });
      if (answer.status === 409) {
        await answer.arrayBuffer();
        answer = await request('POST', `/v1/devices/${id}/credentials`, { graceSeconds: 0 });
      }
      return (await bodyOf<NewCredentialBody>(answer)).secret;
    },

    async newSecret(id, graceSeconds) {
      const answer = await request('POST', `/v1/devices/${id}/credentials`, { graceSeconds });
      return (await bodyOf<NewCredentialBody>(answer)).secret;
    },

    async send(id, command) {
      const answer = await request('POST', `/v1/devices/${id}/commands`, command);
      await answer.arrayBuffer();
      return answer.status;
    },

    async remove(id) {
      await bodyOf(await request('DELETE', `/v1/devices/${id}?data=erase`));
    },

    async metrics() {
      const answer = await request('GET', '/metrics');
      const text = await answer.text();
      if (!answer.ok) throw new Error(`/metrics answered ${answer.status}`);
      const samples = text.matchAll(/^([A-Za-z_:][\w:]*(?:\{.*\})?) (\S+)$/gm);
      return new Map(Array.from(samples, ([, name, value]) => [name, Number(value)]));
    },

    async *commands(id, since) {
      for (let cursor: string | null = ''; cursor !== null; ) {
        const more: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
        const page: { items: CommandBody[]; next: string | null } = await bodyOf(
          await get(`/v1/devices/${id}/commands?limit=1000${more}`),
        );
        for (const command of page.items) {
          if (command.createdAt < since) return;
          yield command;
        }
        cursor = page.next;
      }
    },

    async *readings(id, from, to) {
      for (let cursor: string | null = ''; cursor !== null; ) {
        const more: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
        const answer = await get(`/v1/devices/${id}/readings?from=${from}&to=${to}&limit=10000${more}`);
        const page: { items: ReadingItem[]; next: string | null } = await bodyOf(answer);
        yield* page.items;
        cursor = page.next;
      }
    },
  };
}

/** Runs `work` over the items, `width` at a time. */
export async function inParallel<Item>(
  items: readonly Item[],
  width: number,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < items.length) await work(items[next++]);
  };
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, lane));
}

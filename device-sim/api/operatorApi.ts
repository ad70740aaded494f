import type { CommandBody, NewCredentialBody, ReadingItem } from '../../schemas/generated/operator.js';

const readTries = 4;
const readAgainMs = 250;
/** A gateway that takes connections and says nothing is given up. */
const answerMs = 20_000;

export type OperatorApi = ReturnType<typeof createOperatorApi>;

class Silent extends Error {}

/** fetch says why in the cause of its error. */
export function reasonOf({ message, cause }: Error): string {
  const code = (cause as { code?: string } | undefined)?.code;
  return code === undefined ? message : `${message}: ${code}`;
}

/** What the simulator asks of a gateway's operators' side. */
export function createOperatorApi(url: string, key: string) {
  async function request(method: string, path: string, body?: unknown): Promise<Response> {
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
    const text = body === undefined ? undefined : JSON.stringify(body);
    try {
      return await fetch(url + path, { method, headers, body: text, signal: AbortSignal.timeout(answerMs) });
    } catch (error) {
      const { name } = error as Error;
      throw name === 'TimeoutError'
        ? new Silent(`${url} takes connections, but has not answered for ${answerMs / 1000} s`)
        : error;
    }
  }

  /** Reading does no harm when it is done again: a connection that ends in between is no reason to give up a verification. */
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
    if (!answer.ok) throw new Error(`${answer.url} answered ${answer.status}: ${text.slice(0, 300)}`);
    return (text === '' ? undefined : JSON.parse(text)) as Body;
  }

  return {
    /** Registers a device, or gives one that is there already a new secret. */
    async provision(id: string, model: string | null, tags: Record<string, string>): Promise<string> {
      let answer = await request('POST', '/v1/devices', { id, model, tags });
      if (answer.status === 409) {
        await answer.arrayBuffer();
        answer = await request('POST', `/v1/devices/${id}/credentials`, { graceSeconds: 0 });
      }
      return (await bodyOf<NewCredentialBody>(answer)).secret;
    },

    /** A new secret for a device, beside those it has, which are good for so long. */
    async newSecret(id: string, graceSeconds: number): Promise<string> {
      const answer = await request('POST', `/v1/devices/${id}/credentials`, { graceSeconds });
      return (await bodyOf<NewCredentialBody>(answer)).secret;
    },

    /** Asks for a command; the HTTP status of the answer. */
    async send(id: string, command: object): Promise<number> {
      const answer = await request('POST', `/v1/devices/${id}/commands`, command);
      await answer.arrayBuffer();
      return answer.status;
    },

    /** Removes a device and its readings. */
    async remove(id: string): Promise<void> {
      await bodyOf(await request('DELETE', `/v1/devices/${id}?data=erase`));
    },

    /** The gateway's own metrics, by name with labels. */
    async metrics(): Promise<Map<string, number>> {
      const answer = await request('GET', '/metrics');
      const text = await answer.text();
      if (!answer.ok) throw new Error(`/metrics answered ${answer.status}`);
      const samples = text.matchAll(/^([A-Za-z_:][\w:]*(?:\{.*\})?) (\S+)$/gm);
      return new Map(Array.from(samples, ([, name, value]) => [name, Number(value)]));
    },

    /** The commands of a device that were created since, the newest first. */
    async *commands(id: string, since: number): AsyncGenerator<CommandBody> {
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

    /** All readings of a device in [from, to), ascending by time, page by page. */
    async *readings(id: string, from: number, to: number): AsyncGenerator<ReadingItem> {
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

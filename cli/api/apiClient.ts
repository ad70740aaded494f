import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import type { ProblemBody } from '../../schemas/generated/operator.js';
import { Failure } from './failure.js';

/** Where a gateway with the default settings has its operator API. */
export const defaultUrl = 'http://127.0.0.1:8081';

/** Options of every command that talks to a running gateway. */
export interface ApiOptions {
  url?: string;
  key?: string;
  data?: string;
  json?: boolean;
}

export function withApiOptions(command: Command): Command {
  return command
    .option('--url <url>', 'operator API of the gateway (TIDEGATE_URL; default http://127.0.0.1:8081)')
    .option('--key <key>', 'operator key (TIDEGATE_KEY; default: <data>/admin.key)')
    .option('--data <dir>', 'data folder, for its admin.key', 'data')
    .option('--json', 'print JSON');
}

export type ApiClient = ReturnType<typeof createApiClient>;

/** The operator API. Errors become Failures that say what to do. */
export function createApiClient(options: ApiOptions) {
  const url = (options.url ?? process.env.TIDEGATE_URL ?? defaultUrl).replace(/\/+$/, '');
  const key = options.key ?? process.env.TIDEGATE_KEY ?? readKey(options.data ?? 'data');

  async function ask(method: string, path: string, body: unknown, more: Record<string, string>): Promise<Response> {
    const headers: Record<string, string> = { authorization: `Bearer ${key}`, ...more };
    if (body !== undefined) headers['content-type'] = 'application/json';
    return fetch(url + path, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
    }).catch((error: Error) => {
      throw new Failure(
        69,
        `No gateway answers at ${url} (${causeOf(error)}). Start one with "npm start", or give its address by --url.`,
      );
    });
  }

  async function request<Body>(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Body> {
    const answer = await ask(method, path, body, headers);
    const text = await answer.text();
    if (answer.ok) return (text === '' ? undefined : JSON.parse(text)) as Body;
    throw new Failure(1, explain(text, answer.status));
  }

  /** The lines of an answer in NDJSON, as they come. */
  async function* lines<Item>(path: string): AsyncGenerator<Item> {
    const answer = await ask('GET', path, undefined, { accept: 'application/x-ndjson' });
    if (!answer.ok) throw new Failure(1, explain(await answer.text(), answer.status));
    if (answer.body === null) return;
    let rest = '';
    for await (const text of answer.body.pipeThrough(new TextDecoderStream())) {
      const found = (rest + text).split('\n');
      rest = found.pop() ?? '';
      for (const line of found) yield JSON.parse(line) as Item;
    }
    if (rest !== '') throw new Failure(74, `The answer of ${url} broke off`);
  }

  /** All pages of a list, or up to `limit` items of it. */
  async function* list<Item>(path: string, limit = Number.POSITIVE_INFINITY): AsyncGenerator<Item> {
    let left = limit;
    for (let cursor: string | null = ''; cursor !== null && left > 0; ) {
      const join = path.includes('?') ? '&' : '?';
      const more = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
      const page: { items: Item[]; next: string | null } = await request(
        'GET',
        `${path}${join}limit=${Math.min(left, 10_000)}${more}`,
      );
      yield* page.items;
      left -= page.items.length;
      cursor = page.next;
    }
  }

  return { url, key, request, lines, list };
}

function readKey(folder: string): string {
  const file = join(folder, 'admin.key');
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    throw new Failure(
      78,
      `No operator key: ${file} cannot be read. Give --key, TIDEGATE_KEY, or the data folder of the gateway by --data.`,
    );
  }
}

function causeOf(error: Error): string {
  return (error.cause as { code?: string } | undefined)?.code ?? error.message;
}

function explain(text: string, status: number): string {
  try {
    const { title, detail, code, errors = [] } = JSON.parse(text) as ProblemBody;
    const lines = errors.map(({ path, message }) => `\n  ${path} ${message}`).join('');
    return `${title}: ${detail ?? ''} (${code})${lines}`;
  } catch {
    return `The gateway answered ${status}: ${text.slice(0, 200)}`;
  }
}

/**
 * The client of the operator API. api/ holds what subcommands need to call a gateway, and to fail with a message and an exit code.
 * What they print is in terminal/.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Command, Option } from 'commander';
import { defaultFolder, runningOn } from '../../device-sim/api/running.js';
import type { ProblemBody } from '../../schemas/generated/operator.js';
import { Failure } from './failure.js';

/** The operator API of a gateway with default settings. */
export const defaultUrl = 'http://127.0.0.1:8081';

/** The options of every subcommand that calls a running gateway. */
export interface ApiOptions {
  url?: string;
  key?: string;
  data?: string;
  json?: boolean;
}

const group = 'Gateway options:';

/** Adds the options of ApiOptions. */
export function withApiOptions(command: Command): Command {
  return command
    .option('--json', 'print JSON')
    .addOption(
      new Option(
        '--url <url>',
        `operator API of the gateway (default: TIDEGATE_URL, else that of the gateway that runs on the data folder, else ${defaultUrl})`,
      ).helpGroup(group),
    )
    .addOption(
      new Option('--key <key>', 'operator key (default: TIDEGATE_KEY, else admin.key of the data folder)').helpGroup(
        group,
      ),
    )
    .addOption(
      new Option('--data <dir>', 'data folder of the gateway; if only the demo runs here, data-demo')
        .default(defaultFolder())
        .helpGroup(group),
    );
}

/** The operator API. Every member rejects with a Failure whose message says what to do. */
export interface ApiClient {
  /** The address of the API, without a slash at its end. */
  readonly url: string;
  readonly key: string;
  /** One request; resolves with the JSON of the answer, undefined if the answer has no body. */
  request<Body>(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Body>;
  /** Reads an answer in NDJSON, item by item as it arrives. */
  lines<Item>(path: string): AsyncGenerator<Item>;
  /** Reads a list page by page, up to `limit` items. */
  list<Item>(path: string, limit?: number): AsyncGenerator<Item>;
}

/** A client for the gateway and key that the options, the environment or the data folder name. Throws Failure. */
export function createApiClient(options: ApiOptions): ApiClient {
  const folder = options.data ?? defaultFolder();
  const url = checkedUrl(options.url ?? process.env.TIDEGATE_URL ?? runningOn(folder)?.operatorUrl ?? defaultUrl);
  const given = options.key ?? process.env.TIDEGATE_KEY;
  const key = given ?? readKey(folder);
  /** The usual cause of an unknown key that nobody typed is the data folder of another gateway. */
  const hintOf = (status: number): string =>
    status === 401 && given === undefined
      ? `\nThe key is from ${join(folder, 'admin.key')}. Give this gateway's own data folder with --data, or a key with --key.`
      : '';

  function refusal(text: string, status: number): Failure {
    const { message, code } = explain(text, status);
    return new Failure(1, message + hintOf(status), code);
  }

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
        causeOf(error).includes('CERT')
          ? `The certificate of ${url} is not trusted (${causeOf(error)}). If it is your own, give its file in the environment: NODE_EXTRA_CA_CERTS=cert.pem`
          : `No gateway answers at ${url} (${causeOf(error)}). Start one with "npx tidegate serve", or give its address with --url.`,
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
    throw refusal(text, answer.status);
  }

  async function* lines<Item>(path: string): AsyncGenerator<Item> {
    const answer = await ask('GET', path, undefined, { accept: 'application/x-ndjson' });
    if (!answer.ok) throw refusal(await answer.text(), answer.status);
    if (answer.body === null) return;
    let rest = '';
    for await (const text of answer.body.pipeThrough(new TextDecoderStream())) {
      const found = (rest + text).split('\n');
      rest = found.pop() ?? '';
      for (const line of found) yield JSON.parse(line) as Item;
    }
    if (rest !== '') throw new Failure(74, `The answer of ${url} ended early. Run the command again.`);
  }

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

/** The address without slashes at its end. Throws Failure. */
function checkedUrl(text: string): string {
  if (!/^https?:\/\/./.test(text) || !URL.canParse(text))
    throw new Failure(64, `"${text}" is not the URL of a gateway. Write it with http://, for example ${defaultUrl}`);
  return text.replace(/\/+$/, '');
}

function readKey(folder: string): string {
  const file = join(folder, 'admin.key');
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    throw new Failure(
      78,
      `There is no operator key, and ${file} cannot be read. Give a key with --key or TIDEGATE_KEY, or name the gateway's data folder with --data.`,
    );
  }
}

function causeOf(error: Error): string {
  return (error.cause as { code?: string } | undefined)?.code ?? error.message;
}

/** A JSON pointer as people write a field: /tags/site is tags.site. Empty for the whole. */
const fieldOf = (path: string): string => path.slice(1).replaceAll('/', '.');

/** The problem of an answer in one line, and below it the fields at fault. */
function explain(text: string, status: number): { message: string; code?: string } {
  try {
    const { title, detail, code, errors = [] } = JSON.parse(text) as ProblemBody;
    const lines = errors.map(({ path, message }) => `\n  ${fieldOf(path)} ${message}`.trimEnd()).join('');
    return { message: `${detail ?? title} (${code})${lines}`, code };
  } catch {
    return { message: `The gateway answered ${status}: ${text.slice(0, 200)}` };
  }
}

// Runs every curl command of docs/http-api.md against a real gateway, and compares each answer with the one that the page shows, in status,
// type and form. WRITE_PAGE=1 writes the answers into the page instead. Needs the Debian package curl.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openTestLink, type TestLink } from '../../gateway/gateway.fixture.js';
import { problems } from '../../gateway/operator/http/problems.js';
import { routes } from '../../gateway/operator/routes/table.js';
import { packageRoot } from '../../schemas/load.js';
import { startGatewayProcess } from '../rig/gatewayProcess.js';
import { tempFolder } from '../rig/tempFolder.js';
import { type Direction, differenceOf, type Example, fitsPath, laidOut, pageParts, requestIn } from './pageExamples.js';
import { type Ended, runProgram } from './program.js';

const pageFile = join(packageRoot, 'docs', 'http-api.md');
/** Of a command that shows how far something is, until it is there. */
const runsMax = 500;
const isWriting = process.env.WRITE_PAGE === '1';

interface Answer {
  status: string;
  type: string;
  body: string;
  /** The body is JSON, also what a pipe took of it. */
  isJson: boolean;
}

/** The page's shell: its variables and its home last from one block to the next. */
function createShell(folder: string, operatorUrl: string) {
  const environment: Record<string, string> = { TIDEGATE: operatorUrl, HOME: join(folder, 'home') };
  mkdirSync(environment.HOME);
  // The status goes to the errors, so that a pipe behind curl sees the body only.
  const curl = 'curl() { command curl --write-out \'%{stderr}%{http_code} %{content_type}\\n\' "$@"; }';
  return {
    environment,
    run: (program: string): Promise<Ended> =>
      runProgram('bash', ['-euo', 'pipefail', '-c', `${curl}\n${program}`], { cwd: folder, environment }),
  };
}

function answerOf({ code, output, errors }: Ended, program: string): Answer {
  const status = errors.match(/^(\d{3}) ?(\S*)/m);
  assert.ok(status !== null && code === 0, `${program}\nended with ${code}: ${errors}${output}`);
  const type = status[2].replace(/;$/, '');
  return { status: status[1], type, body: output, isJson: /[/+]json$/.test(type) && isJson(output) };
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

const headOf = ({ status, type }: Answer): string => `${status} ${type}`.trim();

function valueAt(body: string, path: string): unknown {
  let value: unknown = JSON.parse(body);
  for (const key of path.split('.')) value = (value as Record<string, unknown> | undefined)?.[key];
  return value;
}

/** What the page shows instead of secrets, and of where the test's files lie. */
function shownText(text: string, folder: string): string {
  return text
    .replaceAll(/\b(tg[dk]_)[A-Za-z0-9_-]{43}/g, '$1…')
    .replaceAll(join(folder, 'home'), '/home/you')
    .replaceAll(join(folder, 'data'), '/var/lib/tidegate')
    .replaceAll('\r\n', '\n')
    .trimEnd();
}

function blockOf(answer: Answer, folder: string): string {
  const text = answer.isJson ? laidOut(JSON.parse(shownText(answer.body, folder))) : shownText(answer.body, folder);
  return text === '' ? headOf(answer) : `${headOf(answer)}\n\n${text}`;
}

/** Of an answer that shows how far something came only the names of its fields are compared. */
function compare(example: Example, answer: Answer, folder: string, isMoving: boolean): void {
  const where = `line ${example.line + 1} of docs/http-api.md: ${example.program}\n`;
  assert.ok(example.answer !== null, `${where}the page shows no answer`);
  const [head, , ...rest] = example.answer.text.split('\n');
  assert.equal(headOf(answer), head, where);
  const [shown, got] = [rest.join('\n'), shownText(answer.body, folder)];
  const parse = (text: string): unknown => (answer.isJson ? JSON.parse(text) : text);
  const formOf = (text: string): unknown => (isMoving ? Object.keys(JSON.parse(text)).sort() : parse(text));
  assert.equal(differenceOf(formOf(shown), formOf(got)), null, where);
}

interface DeviceMessage {
  type: string;
  id: string;
  params: object;
}

/** Until the link is closed. */
async function* messagesOf(link: TestLink): AsyncGenerator<DeviceMessage> {
  for (;;) {
    const message = await link.next().catch(() => null);
    if (message === null) return;
    yield message;
  }
}

/** The devices of the page: they connect with the secrets that the answers held, and succeed in every command. */
function createDevices(deviceUrl: string) {
  const secrets = new Map<string, string>();
  const links = new Map<string, TestLink>();
  const refused = new Map<TestLink, () => void>();

  /** Succeeds in each command until the link ends, and calls back at each ack. */
  async function obey(link: TestLink, acked: () => void): Promise<void> {
    for await (const { type, id, params } of messagesOf(link)) {
      if (type === 'ack') acked();
      if (type === 'nack') refused.get(link)?.();
      if (type === 'command') link.send({ type: 'command_update', id, state: 'succeeded', result: params });
    }
  }

  return {
    /** Keeps the first secret of each device that an answer shows; the page revokes a later one. */
    learn(value: unknown): void {
      if (value === null || typeof value !== 'object') return;
      const { id, secret } = value as { id?: string; secret?: string };
      if (id !== undefined && secret !== undefined && !secrets.has(id)) secrets.set(id, secret);
      for (const inner of Object.values(value)) this.learn(inner);
    },
    async connect(id: string): Promise<void> {
      const link = await openTestLink(`${deviceUrl}?stream=main`, ['tidegate.v1.json'], {
        id,
        secret: secrets.get(id) as string,
      });
      links.set(id, link);
      link.send({ type: 'hello', agent: 'page', expectEveryMs: 10_000 });
      const now = Date.now();
      const samples = [2, 1, 0].map((ago) => ({
        ts: now - ago * 1000,
        values: { temperature: 21.5 - ago / 10, burner: ago !== 1 },
      }));
      link.send({ seq: link.welcome.lastSeq + 1, samples });
      await new Promise<void>((acked) => void obey(link, acked));
    },
    /** Sends a frame that is refused: its readings are older than the retention. */
    async refuse(id: string): Promise<void> {
      const link = links.get(id) as TestLink;
      const nacked = new Promise<void>((resolve) => refused.set(link, resolve));
      link.send({ seq: link.welcome.lastSeq + 2, ts: Date.UTC(2020, 0, 2), values: { temperature: 19.5 } });
      await nacked;
    },
    /** Tries to connect with a secret that is wrong. */
    async mistake(id: string): Promise<void> {
      const wrong = { id, secret: `tgd_${'A'.repeat(43)}` };
      await assert.rejects(openTestLink(deviceUrl, ['tidegate.v1.json'], wrong));
    },
    disconnect: async (id: string): Promise<void> => links.get(id)?.close(),
    end(): void {
      for (const { ws } of links.values()) ws.terminate();
    },
  };
}

test('every curl command of docs/http-api.md does what the page shows', async (context) => {
  const folder = tempFolder(context);
  const gateway = await startGatewayProcess({ data: join(folder, 'data'), set: ['gatewayId=harbour'] });
  const devices = createDevices(gateway.deviceUrl);
  context.after(async () => {
    devices.end();
    await gateway.stop();
  });
  const shell = createShell(folder, gateway.operatorUrl);
  const page = readFileSync(pageFile, 'utf8');
  const lines = page.split('\n');
  const written: { example: Example; text: string }[] = [];
  let last: Answer = { status: '', type: '', body: '', isJson: false };
  let isMoving = false;
  let until: { path: string; value: string } | null = null;

  async function follow({ verb, rest }: Direction): Promise<void> {
    const [name, , path] = rest.split(' ');
    if (verb === 'keep') shell.environment[name] = String(valueAt(last.body, path));
    else if (verb === 'moving') isMoving = true;
    else if (verb === 'until') until = { path: name, value: path };
    else if (verb === 'connect' || verb === 'refuse' || verb === 'mistake' || verb === 'disconnect')
      await devices[verb](name);
    else if (verb !== 'problems') throw new Error(`the page gives the test a direction that it does not know: ${verb}`);
  }

  async function show(example: Example): Promise<void> {
    const run = async (): Promise<Answer> => answerOf(await shell.run(example.program), example.program);
    last = await run();
    for (let runs = 1; until !== null && valueAt(last.body, until.path) !== until.value; runs += 1) {
      assert.ok(runs < runsMax, `after ${runs} runs ${until.path} is not ${until.value} yet: ${last.body}`);
      last = await run();
    }
    until = null;
    if (last.isJson) devices.learn(JSON.parse(last.body));
    if (isWriting) written.push({ example, text: blockOf(last, folder) });
    else compare(example, last, folder, isMoving);
    isMoving = false;
  }

  for (const part of pageParts(page)) {
    if (part.kind === 'direction') await follow(part);
    else if (/^curl /m.test(part.program)) await show(part);
    else assert.equal((await shell.run(part.program)).code, 0, part.program);
  }

  if (isWriting) {
    for (const { example, text } of written.reverse()) {
      const end = lines.indexOf('```', example.line + 1);
      const block = ['```http', ...text.split('\n'), '```'];
      if (example.answer === null) lines.splice(end + 1, 0, '', ...block);
      else lines.splice(example.answer.from, example.answer.to - example.answer.from + 1, ...block);
    }
    writeFileSync(pageFile, withProblems(lines.join('\n')));
  }
});

const problemsPattern = /(<!-- problems begin -->\n)([\s\S]*?)(<!-- problems end -->)/;

function problemsTable(): string {
  const rows = Object.entries(problems)
    .map(([code, { status, title }]) => ({ code, status, title }))
    .sort((a, b) => a.status - b.status);
  return [
    '| status | code | meaning |',
    '|---|---|---|',
    ...rows.map(({ code, status, title }) => `| ${status} | \`${code}\` | ${title} |`),
    '',
  ].join('\n');
}

function withProblems(page: string): string {
  return page.replace(problemsPattern, (_, begin: string, __, end: string) => begin + problemsTable() + end);
}

test('docs/http-api.md lists every error code with its status', () => {
  assert.equal(readFileSync(pageFile, 'utf8').match(problemsPattern)?.[2], problemsTable());
});

test('docs/http-api.md has an example of every route', () => {
  const shown = pageParts(readFileSync(pageFile, 'utf8')).flatMap((part) =>
    part.kind === 'example' ? (requestIn(part.program) ?? []) : [],
  );
  for (const { method, path } of routes)
    assert.ok(
      shown.some((request) => request.method === method && fitsPath(path, request.path)),
      `no example of ${method} ${path}`,
    );
});

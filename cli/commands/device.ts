import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { csvField } from '../../schemas/csv.js';
import type {
  CredentialItem,
  DeviceBody,
  DeviceCreate,
  JobBody,
  LatestBody,
  NewCredentialBody,
} from '../../schemas/generated/operator.js';
import { valueText } from '../../schemas/message/valueText.js';
import { type ApiOptions, createApiClient, withApiOptions } from '../api/apiClient.js';
import { Failure } from '../api/failure.js';
import { followJob } from '../api/followJob.js';
import { collect } from '../terminal/collect.js';
import { printJson, tableOf, tagsText, timeText } from '../terminal/output.js';
import { snippetsFor } from '../terminal/snippets.js';
import { parseDuration } from '../terminal/times.js';

export function addDevice(program: Command): void {
  const device = program.command('device').description('register and manage devices');
  const add = (name: string, description: string): Command =>
    withApiOptions(device.command(name).description(description));

  add('add <id>', 'register a device; prints its secret, once, and how to connect')
    .option('--model <model>', 'its model')
    .option('--tag <name=value>', 'a tag; repeatable', collect, [] as string[])
    .option('--device-url <url>', 'where devices connect, for the examples', 'ws://127.0.0.1:8080/v1/device')
    .action(addOne);
  add('list', 'list devices')
    .option('--tag <name=value>', 'only with this tag; repeatable', collect, [] as string[])
    .option('--connected', 'only those with a link')
    .option('--presence <state>', 'only those that are never (seen), online, late, asleep or offline')
    .action(list);
  add('show <id>', 'show a device: its link or how the last one ended, and its newest values').action(show);
  add('disable <id>', 'end its link and refuse it').action((id, options) => setState(id, 'disabled', options));
  add('enable <id>', 'let it in again').action((id, options) => setState(id, 'active', options));
  add('rotate <id>', 'give it a new secret')
    .option('--grace <seconds>', 'how long the old ones stay valid', '0')
    .option('--push', 'tell it to the device by a command; give a --grace in which it can come back')
    .option('--expires <time>', 'the new one ends after that long, as 90d')
    .action(rotate);
  add('credentials <id>', 'list its credentials, without the secrets').action(credentials);
  add('revoke <id> <cid>', 'revoke one of its credentials; a link that uses it ends').action(revoke);
  add('remove <id>', 'remove it and its credentials; its readings age out')
    .option('--erase', 'also take its readings out of every file, now')
    .action(remove);
  add(
    'import <file>',
    'register devices from a CSV file with the columns id,model,tags (tags as a=b;c=d); prints id,secret',
  ).action(importCsv);
}

export function parseTags(tags: string[]): Record<string, string> {
  return Object.fromEntries(
    tags.map((tag) => {
      const at = tag.indexOf('=');
      if (at <= 0) throw new Failure(64, `"${tag}" is no tag: write name=value`);
      return [tag.slice(0, at), tag.slice(at + 1)];
    }),
  );
}

async function addOne(
  id: string,
  options: ApiOptions & { model?: string; tag: string[]; deviceUrl: string },
): Promise<void> {
  const made = await createApiClient(options).request<NewCredentialBody>('POST', '/v1/devices', {
    id,
    model: options.model ?? null,
    tags: parseTags(options.tag),
  });
  if (options.json) return printJson(made);
  console.log(
    `Device ${made.id} is registered. Its secret is shown this once:\n\n  ${made.secret}\n\n${snippetsFor(options.deviceUrl, made.id, made.secret)}`,
  );
}

async function list(options: ApiOptions & { tag: string[]; connected?: boolean; presence?: string }): Promise<void> {
  const filters = Object.entries(parseTags(options.tag)).map(
    ([name, value]) => `tag.${name}=${encodeURIComponent(value)}`,
  );
  if (options.connected) filters.push('connected=true');
  if (options.presence !== undefined) filters.push(`presence=${encodeURIComponent(options.presence)}`);
  const devices: DeviceBody[] = [];
  for await (const device of createApiClient(options).list<DeviceBody>(
    `/v1/devices${filters.length > 0 ? `?${filters.join('&')}` : ''}`,
  ))
    devices.push(device);
  if (options.json) return printJson(devices);
  if (devices.length === 0) return console.log('No devices. Register one: tidegate device add boiler-7');
  console.log(tableOf(['ID', 'STATE', 'LINK', 'SINCE', 'MODEL', 'TAGS'], devices.map(rowOf)));
}

function rowOf({ id, state, presence, model, tags }: DeviceBody): string[] {
  return [id, state, presence.state, timeText(presence.since), model ?? '–', tagsText(tags)];
}

async function show(id: string, options: ApiOptions): Promise<void> {
  const api = createApiClient(options);
  const device = await api.request<DeviceBody>('GET', pathOf(id));
  const { metrics } = await api.request<LatestBody>('GET', `${pathOf(id)}/latest`);
  if (options.json) return printJson({ ...device, metrics });
  console.log(tableOf(['ID', 'STATE', 'LINK', 'SINCE', 'MODEL', 'TAGS'], [rowOf(device)]));
  for (const line of presenceLines(device.presence)) console.log(line);
  const rows = Object.entries(metrics).map(([metric, { value, unit, ts }]) => [
    metric,
    valueText(value),
    unit ?? '',
    timeText(ts),
  ]);
  console.log(rows.length === 0 ? '\nNo readings yet.' : `\n${tableOf(['METRIC', 'VALUE', 'UNIT', 'TIME'], rows)}`);
}

/** What a person asks of a device that is not there, or not well. */
function presenceLines(presence: DeviceBody['presence']): string[] {
  const { address, subprotocol, agent, firmware, lastFrameAt, roundTripMs, reconnects, flapping, lastClose, backAt } =
    presence;
  const facts = [address, subprotocol, agent, firmware].filter((fact) => fact !== null).join(', ');
  return [
    ...(facts === '' ? [] : [`link: ${facts}${roundTripMs === null ? '' : `, round trip ${roundTripMs} ms`}`]),
    ...(lastFrameAt === null ? [] : [`last frame: ${timeText(lastFrameAt)}`]),
    ...(lastClose === null
      ? []
      : [`last close: ${timeText(lastClose.at)} ${lastClose.code} ${lastClose.name ?? ''} by ${lastClose.by}`]),
    ...(backAt === null ? [] : [`it sleeps, and will be back at ${timeText(backAt)}`]),
    ...(reconnects === 0 ? [] : [`reconnects: ${reconnects}${flapping ? ', flapping' : ''}`]),
  ];
}

async function setState(id: string, state: DeviceBody['state'], options: ApiOptions): Promise<void> {
  const device = await createApiClient(options).request<DeviceBody>('PATCH', pathOf(id), { state });
  if (options.json) return printJson(device);
  console.log(`Device ${id} is ${state}.`);
}

async function rotate(
  id: string,
  options: ApiOptions & { grace: string; push?: boolean; expires?: string },
): Promise<void> {
  const graceSeconds = Number(options.grace);
  const { expires, push = false } = options;
  const made = await createApiClient(options).request<NewCredentialBody>('POST', `${pathOf(id)}/credentials`, {
    graceSeconds,
    push,
    ...(expires === undefined ? {} : { notAfter: Date.now() + parseDuration(expires) }),
  });
  if (options.json) return printJson(made);
  console.log(`The new secret of ${id} is shown this once; older ones end in ${graceSeconds} s:\n\n  ${made.secret}`);
  if (made.command !== undefined)
    console.log(`\nThe device is told by command ${made.command}: tidegate command show ${made.command}`);
}

async function credentials(id: string, options: ApiOptions): Promise<void> {
  const { items } = await createApiClient(options).request<{ items: CredentialItem[] }>(
    'GET',
    `${pathOf(id)}/credentials`,
  );
  if (options.json) return printJson(items);
  const rows = items.map(({ cid, createdAt, notBefore, notAfter, lastUsedAt }) => [
    cid,
    ...[createdAt, notBefore, notAfter, lastUsedAt].map(timeText),
  ]);
  console.log(tableOf(['CID', 'CREATED', 'NOT BEFORE', 'NOT AFTER', 'LAST USED'], rows));
}

async function revoke(id: string, cid: string, options: ApiOptions): Promise<void> {
  await createApiClient(options).request('DELETE', `${pathOf(id)}/credentials/${encodeURIComponent(cid)}`);
  if (options.json) return printJson({ id, cid, revoked: true });
  console.log(`Credential ${cid} of ${id} is revoked.`);
}

async function remove(id: string, options: ApiOptions & { erase?: boolean }): Promise<void> {
  const api = createApiClient(options);
  if (!options.erase) {
    await api.request('DELETE', pathOf(id));
    if (options.json) return printJson({ id, removed: true });
    return console.log(`Device ${id} is removed.`);
  }
  const job = await followJob(api, await api.request<JobBody>('DELETE', `${pathOf(id)}?data=erase`), options);
  if (options.json) return printJson({ id, removed: true, job });
  console.log(`Device ${id} is removed, and its data is out of every file of the data folder. Backups still hold it.`);
}

const importedAtOnce = 2_000;

/** Prints the secrets of each part as soon as it is registered: they are told once, whatever becomes of the next part. */
async function importCsv(file: string, options: ApiOptions): Promise<void> {
  const api = createApiClient(options);
  const devices = readRows(file).map(deviceOfRow);
  const made: NewCredentialBody[] = [];
  if (!options.json) console.log('id,secret');
  for (let at = 0; at < devices.length; at += importedAtOnce) {
    const part = { devices: devices.slice(at, at + importedAtOnce) };
    const { items } = await api.request<{ items: NewCredentialBody[] }>('POST', '/v1/device-imports', part);
    if (options.json) made.push(...items);
    else console.log(items.map(({ id, secret }) => `${csvField(id)},${secret}`).join('\n'));
  }
  if (options.json) printJson(made);
}

function deviceOfRow([id, model, tags]: string[]): DeviceCreate {
  return {
    id,
    model: model || null,
    tags: parseTags((tags || '').split(';').filter((tag) => tag !== '')),
  };
}

function readRows(file: string): string[][] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new Failure(66, `${file} cannot be read: ${(error as Error).message}`);
  }
  // Spreadsheets begin it with a byte order mark.
  const [heading, ...lines] = text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .filter((line) => line.trim() !== '');
  if (heading?.replaceAll(' ', '') !== 'id,model,tags')
    throw new Failure(65, `${file}: the first line must be id,model,tags`);
  return lines.map((line, i) => {
    const cells = line.split(',').map((cell) => cell.trim());
    if (cells.length > 3) throw new Failure(65, `${file} line ${i + 2}: more than three columns`);
    return cells;
  });
}

const pathOf = (id: string): string => `/v1/devices/${encodeURIComponent(id)}`;

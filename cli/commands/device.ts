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

/** `tidegate device` */
export function addDevice(program: Command): void {
  const device = program.command('device').description('register and manage devices');
  const add = (name: string, description: string): Command =>
    withApiOptions(device.command(name).description(description));

  add('add <id>', 'register a device, and print its secret (shown only once) and programs that connect with it')
    .option('--model <model>', 'model of the device, which lists its metrics and commands')
    .option('--tag <name=value>', 'a tag of the device; repeatable', collect)
    .option(
      '--device-url <url>',
      'URL where devices connect, for the printed programs',
      'ws://127.0.0.1:8080/v1/device',
    )
    .action(addOne);
  add('list', 'list devices')
    .option('--tag <name=value>', 'only devices with this tag; repeatable, then devices with all of the tags', collect)
    .option('--connected', 'only devices that are connected')
    .option('--presence <state>', 'only devices in this state: never, online, late, asleep or offline')
    .action(list);
  add('show <id>', 'show a device: its presence, how its last link ended, and its latest values').action(show);
  add('disable <id>', 'close the link of a device, and refuse it until it is enabled').action((id, options) =>
    setState(id, 'disabled', options),
  );
  add('enable <id>', 'let a disabled device connect again').action((id, options) => setState(id, 'active', options));
  add('rotate <id>', 'create a new secret for a device, and print it (shown only once)')
    .option('--grace <seconds>', 'how many seconds the older secrets stay valid', '0')
    .option(
      '--push',
      'also send the new secret to the device, as a command; needs a --grace long enough for it to reconnect',
    )
    .option('--expires <time>', 'let the new secret expire after this time, for example 90d')
    .action(rotate);
  add('credentials <id>', 'list the credentials of a device, without their secrets').action(credentials);
  add('revoke <id> <cid>', 'revoke one credential of a device, and close a link that uses it').action(revoke);
  add('remove <id>', 'remove a device and its credentials; its readings stay until retention removes them')
    .option('--erase', 'also erase its readings from every file now')
    .action(remove);
  add('import <file>', 'register the devices of a CSV file, and print their secrets as CSV (shown only once)')
    .addHelpText(
      'after',
      '\nThe first line of the file is id,model,tags. Tags are written as\nsite=north;floor=2, and the model may be empty. The output has the columns\nid,secret.',
    )
    .action(importCsv);
}

/** Tags from texts of the form `name=value`. Throws Failure. */
export function parseTags(tags: string[] = []): Record<string, string> {
  return Object.fromEntries(
    tags.map((tag) => {
      const at = tag.indexOf('=');
      if (at <= 0) throw new Failure(64, `"${tag}" is not a tag. Write name=value, for example site=north`);
      return [tag.slice(0, at), tag.slice(at + 1)];
    }),
  );
}

async function addOne(
  id: string,
  options: ApiOptions & { model?: string; tag?: string[]; deviceUrl: string },
): Promise<void> {
  const made = await createApiClient(options).request<NewCredentialBody>('POST', '/v1/devices', {
    id,
    model: options.model ?? null,
    tags: parseTags(options.tag),
  });
  if (options.json) return printJson(made);
  console.log(
    `Device ${made.id} is registered. Its secret is shown only this once:\n\n  ${made.secret}\n\n${snippetsFor(options.deviceUrl, made.id, made.secret)}`,
  );
}

async function list(options: ApiOptions & { tag?: string[]; connected?: boolean; presence?: string }): Promise<void> {
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

/** What helps to find out why a device is not connected, or not well. Facts that are not known are left out. */
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
    ...(backAt === null ? [] : [`asleep; it announced to be back at ${timeText(backAt)}`]),
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
  console.log(
    `The new secret of ${id} is shown only this once. Older secrets expire in ${graceSeconds} s:\n\n  ${made.secret}`,
  );
  if (made.command !== undefined)
    console.log(
      `\nThe new secret goes to the device as command ${made.command}. To follow it: tidegate command show ${made.command}`,
    );
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
  console.log(
    `Device ${id} is removed, and its data is erased from every file of the data folder. Backups still contain it.`,
  );
}

const importedAtOnce = 2_000;

/** Registers the devices in parts of 2,000. The secrets of a part are printed at once, because they are shown only once and a later part may fail. */
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
  // Spreadsheets put a byte order mark at the beginning.
  const [heading, ...lines] = text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .filter((line) => line.trim() !== '');
  if (heading?.replaceAll(' ', '') !== 'id,model,tags')
    throw new Failure(65, `${file}: the first line must be id,model,tags`);
  return lines.map((line, i) => {
    const cells = line.split(',').map((cell) => cell.trim());
    if (cells.length > 3)
      throw new Failure(
        65,
        `${file} line ${i + 2}: there are more than three columns. Write id,model,tags, and separate tags by semicolons`,
      );
    return cells;
  });
}

const pathOf = (id: string): string => `/v1/devices/${encodeURIComponent(id)}`;

import type { Command } from 'commander';
import { readingText, shortText } from '../../schemas/display/values.js';
import type {
  DeviceBody,
  JobBody,
  LatestBody,
  NewCredentialBody,
  SessionBody,
} from '../../schemas/generated/operator.js';
import { type ApiClient, type ApiOptions, createApiClient, withApiOptions } from '../api/apiClient.js';
import { followJob } from '../api/followJob.js';
import { collect } from '../terminal/collect.js';
import { confirm, yesOption } from '../terminal/confirm.js';
import { printJson, tableOf, timeText } from '../terminal/output.js';
import { snippetsFor } from '../terminal/snippets.js';
import { parseTags, tagsText } from '../terminal/tags.js';
import { addSecrets } from './deviceSecrets.js';
import { addEdit } from './editDevices.js';
import { importDevices } from './importDevices.js';

/** `tidegate device` */
export function addDevice(program: Command): void {
  const device = program.command('device').description('register and manage devices');
  const add = (name: string, description: string): Command =>
    withApiOptions(device.command(name).description(description));

  add('add <id>', 'register a device, and print its secret (shown only once) and programs that connect with it')
    .option('--name <text>', 'name of the device for people')
    .option('--notes <text>', 'notes about the device')
    .option('--model <model>', 'model of the device, which lists its metrics and commands')
    .option('--tag <name=value>', 'a tag of the device; repeatable', collect)
    .option(
      '--device-url <url>',
      'URL where devices connect, for the printed programs (default: device.publicUrl, or the host of the gateway)',
    )
    .action(addOne);
  add('list', 'list devices')
    .alias('ls')
    .option('--tag <name=value>', 'only devices with this tag; if repeated, devices with all of the tags', collect)
    .option('--connected', 'only devices that are connected')
    .option('--presence <state>', 'only devices in this state: never, online, late, asleep or offline')
    .action(list);
  add('show <id>', 'show a device: its presence, how its last connection ended, and its latest values')
    .aliases(['get', 'info'])
    .action(show);
  add('disable <id>', 'disconnect a device, and refuse it until it is enabled').action((id, options) =>
    setState(id, 'disabled', options),
  );
  add('enable <id>', 'let a disabled device connect again').action((id, options) => setState(id, 'active', options));
  addEdit(add);
  addSecrets(add);
  add('remove <id>', 'remove a device and its credentials; its readings stay until retention removes them')
    .aliases(['rm', 'delete'])
    .option('--erase', 'also erase its readings from every file now')
    .addOption(yesOption())
    .action(remove);
  add('import <file>', 'register the devices of a CSV file, and print their secrets as CSV (shown only once)')
    .addHelpText(
      'after',
      '\nThe first line names the columns id, name, model, tags and notes, in any order;\nonly id is needed. Tags are written as site=north;floor=2. Cells may be quoted, and are\nseparated by commas, semicolons or tabs. All faults are printed at once, and then\nnothing is registered. The output has the columns id,secret.',
    )
    .action(importDevices);
}

async function addOne(
  id: string,
  options: ApiOptions & { name?: string; notes?: string; model?: string; tag?: string[]; deviceUrl?: string },
): Promise<void> {
  const api = createApiClient(options);
  const made = await api.request<NewCredentialBody>('POST', '/v1/devices', {
    id,
    name: options.name ?? null,
    notes: options.notes ?? null,
    model: options.model ?? null,
    tags: parseTags(options.tag),
  });
  if (options.json) return printJson(made);
  const url = options.deviceUrl ?? (await deviceUrl(api));
  console.log(
    `Device ${made.id} is registered. Its secret is shown only this once:\n\n  ${made.secret}\n\n${snippetsFor(url, made.id, made.secret)}`,
  );
}

/** Where devices connect: as configured, or on the machine by whose name the command line reaches the gateway. */
async function deviceUrl(api: ApiClient): Promise<string> {
  const { deviceUrl: url, deviceTls, devicePort } = await api.request<SessionBody>('GET', '/v1/session');
  return url ?? `${deviceTls ? 'wss' : 'ws'}://${new URL(api.url).hostname}:${devicePort}/v1/device`;
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
  if (options.json) return printJson(...devices);
  if (devices.length === 0) return console.log('No devices. Register one: tidegate device add boiler-7');
  console.log(devicesTable(devices));
}

/** The column of names is there only if one of the devices has a name. */
function devicesTable(devices: DeviceBody[]): string {
  const named = devices.some(({ name }) => name !== null);
  const rows = devices.map(({ id, name, state, presence, model, tags }) => [
    id,
    ...(named ? [name ?? ''] : []),
    state,
    presence.state,
    timeText(presence.since),
    model ?? '–',
    tagsText(tags),
  ]);
  return tableOf(['ID', ...(named ? ['NAME'] : []), 'STATE', 'LINK', 'SINCE (UTC)', 'MODEL', 'TAGS'], rows);
}

const textCharsMax = 80;

async function show(id: string, options: ApiOptions): Promise<void> {
  const api = createApiClient(options);
  const device = await api.request<DeviceBody>('GET', pathOf(id));
  const { metrics } = await api.request<LatestBody>('GET', `${pathOf(id)}/latest`);
  if (options.json) return printJson({ ...device, metrics });
  console.log(devicesTable([device]));
  if (device.notes !== null) console.log(`notes: ${device.notes}`);
  for (const line of presenceLines(device.presence)) console.log(line);
  const rows = Object.entries(metrics).map(([metric, { value, unit, ts }]) => [
    metric,
    shortText(readingText(value, unit), textCharsMax),
    timeText(ts),
  ]);
  if (device.presence.state === 'never')
    console.log(`\nIt has never connected. To see whether it was refused, and why: tidegate attempts --device ${id}`);
  console.log(rows.length === 0 ? '\nNo readings yet.' : `\n${tableOf(['METRIC', 'VALUE', 'TIME (UTC)'], rows)}`);
}

/** What helps to find out why a device is not connected, or not well. Facts that are not known are left out. */
function presenceLines(presence: DeviceBody['presence']): string[] {
  const { address, subprotocol, agent, firmware, lastFrameAt, roundTripMs, reconnects, flapping, lastClose, backAt } =
    presence;
  const facts = [address, subprotocol, agent, firmware].filter((fact) => fact !== null).join(', ');
  return [
    ...(facts === '' ? [] : [`connection: ${facts}${roundTripMs === null ? '' : `, round trip ${roundTripMs} ms`}`]),
    ...(lastFrameAt === null ? [] : [`last frame: ${timeText(lastFrameAt)}`]),
    ...(lastClose === null
      ? []
      : [`last close: ${timeText(lastClose.at)} ${lastClose.code} ${lastClose.name ?? ''} by ${lastClose.by}`]),
    ...(backAt === null ? [] : [`asleep; expected back at ${timeText(backAt)}`]),
    ...(reconnects === 0 ? [] : [`reconnects: ${reconnects}${flapping ? ', flapping' : ''}`]),
  ];
}

async function setState(id: string, state: DeviceBody['state'], options: ApiOptions): Promise<void> {
  const device = await createApiClient(options).request<DeviceBody>('PATCH', pathOf(id), { state });
  if (options.json) return printJson(device);
  console.log(`Device ${id} is ${state}.`);
}

async function remove(id: string, options: ApiOptions & { erase?: boolean; yes?: boolean }): Promise<void> {
  const api = createApiClient(options);
  // Nobody is asked about a device that does not exist.
  await api.request('GET', pathOf(id));
  await confirm(
    options.erase
      ? `Device ${id} is removed with its credentials, and its readings are erased from every file.`
      : `Device ${id} is removed with its credentials.`,
    options,
  );
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

const pathOf = (id: string): string => `/v1/devices/${encodeURIComponent(id)}`;

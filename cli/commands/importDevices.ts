import { readFileSync } from 'node:fs';
import { countOf } from '../../schemas/display/numbers.js';
import { fileReason } from '../../schemas/errors.js';
import type { DeviceBody, ModelItem, NewCredentialBody } from '../../schemas/generated/operator.js';
import { type ApiClient, type ApiOptions, createApiClient } from '../api/apiClient.js';
import { Failure } from '../api/failure.js';
import { csvToStdout } from '../terminal/csv.js';
import { type DeviceRow, type Known, readDeviceFile } from '../terminal/deviceFile.js';
import { printJson } from '../terminal/output.js';

const importedAtOnce = 2_000;

/**
 * `tidegate device import`: checks the whole file, then registers its devices in parts of 2,000. The secrets of a part are printed as soon
 * as it is registered, because they are shown only once and a later part may fail.
 */
export async function importDevices(file: string, options: ApiOptions): Promise<void> {
  const text = textOf(file);
  const api = createApiClient(options);
  const rows = readDeviceFile(file, text, await knownTo(api));
  const csv = options.json ? null : csvToStdout();
  for (let at = 0; at < rows.length; at += importedAtOnce) {
    const made = await registerPart(api, file, rows, at);
    if (csv === null) printJson(...made);
    else {
      if (at === 0) await csv.row(['id', 'secret']);
      for (const { id, secret } of made) await csv.row([id, secret]);
    }
  }
  await csv?.end();
  if (rows.length === 0) console.error(`${file} has no devices. Nothing is registered.`);
}

async function knownTo(api: ApiClient): Promise<Known> {
  const { items } = await api.request<{ items: ModelItem[] }>('GET', '/v1/models');
  const ids = new Set<string>();
  for await (const { id } of api.list<DeviceBody>('/v1/devices')) ids.add(id);
  return { hasDevice: (id) => ids.has(id), models: items.map(({ name }) => name) };
}

async function registerPart(api: ApiClient, file: string, rows: DeviceRow[], at: number): Promise<NewCredentialBody[]> {
  const devices = rows.slice(at, at + importedAtOnce).map(({ device }) => device);
  try {
    return (await api.request<{ items: NewCredentialBody[] }>('POST', '/v1/device-imports', { devices })).items;
  } catch (error) {
    if (at === 0 || !(error instanceof Failure)) throw error;
    throw new Failure(
      error.exitCode,
      `${error.message}\nThe first ${countOf(at, 'device')} of ${file}, up to line ${rows[at - 1].line}, are registered, and their secrets are printed. Import the rest from line ${rows[at].line} on.`,
    );
  }
}

/** Spreadsheets save "Unicode text" as UTF-16. */
function textOf(file: string): string {
  try {
    const bytes = readFileSync(file);
    return bytes.toString(bytes[0] === 0xff && bytes[1] === 0xfe ? 'utf16le' : 'utf8');
  } catch (error) {
    throw new Failure(66, `${file} cannot be read: ${fileReason(error)}`);
  }
}

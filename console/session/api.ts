import type {
  AdmittedBody,
  AttemptItem,
  AuditItem,
  BackupPage,
  BatchBody,
  BatchCreate,
  BatchItem,
  CommandBody,
  CommandCreate,
  CommandStateBody,
  CredentialItem,
  CredentialRequest,
  DeviceBody,
  DeviceCreate,
  DeviceEdited,
  DeviceEditRequest,
  DevicePatch,
  GatewayBody,
  JobBody,
  KeyCreate,
  KeyItem,
  ModelItem,
  NewCredentialBody,
  NewKeyBody,
  ProblemBody,
  ReadingPage,
  RejectedItem,
  ReloadedBody,
  SessionBody,
  SettingItem,
  StorageBody,
} from '../../schemas/generated/operator.js';
import { addressOf } from './base.js';

/** The gateway does not accept the key (401). */
export class SignedOutError extends Error {}

/** The gateway refused a request, and says why (RFC 9457). */
export class RefusedError extends Error {
  constructor(
    /** The HTTP status, 400 to 599 without 401. */
    readonly status: number,
    /** The `code` of the problem, for example `device_unknown`. */
    readonly code: string,
    message: string,
    /** The fields of the request that are at fault, by JSON Pointer. */
    readonly errors: NonNullable<ProblemBody['errors']> = [],
  ) {
    super(message);
  }
}

/** By what the audit is filtered. */
export type AuditFilter = 'by' | 'action' | 'subject' | 'from' | 'to';

/** One page of a list. */
export interface Page<Item> {
  items: Item[];
  /** The cursor of the next page; null on the last page. */
  next: string | null;
}

/**
 * The operator API of the gateway that served this page, one member per operation that the console uses. Every member
 * rejects with SignedOutError if the key is not accepted, with RefusedError if the gateway refuses, and with the
 * TypeError of `fetch` if the gateway does not answer.
 */
export interface Api {
  /** The name and role of the key, and where devices connect. */
  session(): Promise<SessionBody>;
  /** The gateway's state and figures. */
  gateway(): Promise<GatewayBody>;
  /** The models of the gateway, with their metrics and commands. */
  models(): Promise<ModelItem[]>;
  /** One device. */
  device(id: string): Promise<DeviceBody>;
  /** All devices, page by page, so that the first devices show before the last ones have arrived. */
  devices(): AsyncGenerator<DeviceBody[]>;
  /** Changes a device; the answer is the device after the change. */
  patch(id: string, change: DevicePatch): Promise<DeviceBody>;
  /** Changes or removes many devices; the answer has the faults per device. */
  editDevices(edit: DeviceEditRequest): Promise<DeviceEdited>;
  /** Registers a device. Its secret is only in this answer. */
  addDevice(wanted: DeviceCreate): Promise<NewCredentialBody>;
  /** Removes a device. Its readings stay until retention removes them. */
  removeDevice(id: string): Promise<void>;
  /** The credentials of a device, without their secrets. */
  credentials(id: string): Promise<Page<CredentialItem>>;
  /** Makes a new secret for a device. The secret is only in this answer. */
  addCredential(id: string, wanted: CredentialRequest): Promise<NewCredentialBody>;
  /** Revokes one credential; a link that uses it is closed. */
  revoke(id: string, cid: string): Promise<void>;
  /** Refused connection attempts, newest first; from the newest if the cursor is null. An empty filter matches all. */
  attempts(
    filter: { device: string; address: string },
    limit: number,
    cursor: string | null,
  ): Promise<Page<AttemptItem>>;
  /** Rejected frames of a device, newest first; from the newest if the cursor is null. */
  rejected(id: string, limit: number, cursor: string | null): Promise<Page<RejectedItem>>;
  /** Stores a rejected frame after all. */
  admit(id: string, rid: string): Promise<AdmittedBody>;
  /** Readings or buckets of a device, by the query parameters of the route. */
  readings(id: string, parameters: Record<string, string>): Promise<ReadingPage>;
  /** The newest command batches. */
  batches(limit: number): Promise<Page<BatchItem>>;
  /** One command batch, with the devices that failed. */
  batch(id: string): Promise<BatchBody>;
  /** Starts a command batch. */
  createBatch(wanted: BatchCreate): Promise<BatchBody>;
  /** Stops a running batch, or resumes a stopped one. */
  steerBatch(id: string, what: 'stop' | 'resume'): Promise<BatchBody>;
  /** The commands of a device, newest first; from the newest if the cursor is null. */
  commands(id: string, cursor: string | null, limit: number): Promise<Page<CommandBody>>;
  /** Commands of all devices, newest first; from the newest if the cursor is null. An empty filter matches all; times in Unix ms. */
  allCommands(
    filter: Record<'device' | 'name' | 'state' | 'from' | 'to', string>,
    limit: number,
    cursor: string | null,
  ): Promise<Page<CommandBody>>;
  /** One command with its history. */
  command(id: string): Promise<CommandBody>;
  /** Sends a command. The idempotency key makes it harmless to repeat the request after a broken answer. */
  send(id: string, command: CommandCreate, idempotencyKey: string): Promise<CommandStateBody>;
  /** Cancels a queued command. */
  cancel(id: string): Promise<void>;
  /** The operator keys, without their texts. */
  keys(): Promise<Page<KeyItem>>;
  /** Creates an operator key. Its text is only in this answer. */
  addKey(wanted: KeyCreate): Promise<NewKeyBody>;
  /** Revokes an operator key. */
  revokeKey(id: string): Promise<void>;
  /** Every setting as it is in force. */
  settings(): Promise<Page<SettingItem>>;
  /** What the data folder holds, and how long the disk lasts. */
  storage(): Promise<StorageBody>;
  /** The backups in the gateway's folder for them, with the schedule. */
  backups(): Promise<BackupPage>;
  /** Begins a backup: into this folder, or, if it is empty text, into the gateway's folder for them. */
  backUp(folder: string): Promise<JobBody>;
  /** Backups, erasures and packing since the start of the gateway, newest first. */
  jobs(): Promise<Page<JobBody>>;
  /** Moves everything committed into day files; resolves when it is done. */
  seal(): Promise<void>;
  /** Reads configuration, models and certificates again. */
  reload(): Promise<ReloadedBody>;
  /** Changes, newest first; from the newest if the cursor is null. An empty filter matches all; times in Unix ms. */
  audit(filter: Record<AuditFilter, string>, limit: number, cursor: string | null): Promise<Page<AuditItem>>;
}

/** An API that authenticates with this operator key. */
export function createApi(key: string): Api {
  async function ask<Body>(
    method: string,
    path: string,
    body?: unknown,
    more: Record<string, string> = {},
  ): Promise<Body> {
    const headers: Record<string, string> = { authorization: `Bearer ${key}`, ...more };
    if (body !== undefined) headers['content-type'] = 'application/json';
    const answer = await fetch(addressOf(path), {
      method,
      headers,
      body: body === undefined ? null : JSON.stringify(body),
    });
    if (answer.status === 401) throw new SignedOutError('The gateway does not know this key.');
    if (!answer.ok) throw await refusalOf(answer, path);
    return (answer.status === 204 ? undefined : await answer.json()) as Body;
  }

  const get = <Body>(path: string): Promise<Body> => ask('GET', path);
  const device = (id: string): string => `/v1/devices/${encodeURIComponent(id)}`;

  return {
    session: () => get('/v1/session'),
    gateway: () => get('/v1/gateway'),
    models: async () => (await get<Page<ModelItem>>('/v1/models')).items,
    device: (id) => get(device(id)),
    async *devices() {
      for (let cursor: string | null = ''; cursor !== null; ) {
        const page: Page<DeviceBody> = await get(`/v1/devices?limit=2000${cursor === '' ? '' : `&cursor=${cursor}`}`);
        yield page.items;
        cursor = page.next;
      }
    },
    patch: (id, change) => ask('PATCH', device(id), change),
    editDevices: (edit) => ask('POST', '/v1/device-edits', edit),
    addDevice: (wanted) => ask('POST', '/v1/devices', wanted),
    removeDevice: (id) => ask('DELETE', device(id)),
    credentials: (id) => get(`${device(id)}/credentials`),
    addCredential: (id, wanted) => ask('POST', `${device(id)}/credentials`, wanted),
    revoke: (id, cid) => ask('DELETE', `${device(id)}/credentials/${cid}`),
    attempts: (filter, limit, cursor) => get(`/v1/attempts?limit=${limit}${cursorText(cursor)}${filterText(filter)}`),
    rejected: (id, limit, cursor) => get(`${device(id)}/rejected?limit=${limit}${cursorText(cursor)}`),
    admit: (id, rid) => ask('POST', `${device(id)}/rejected/${rid}/admit`),
    readings: (id, parameters) => get(`${device(id)}/readings?${new URLSearchParams(parameters).toString()}`),
    batches: (limit) => get(`/v1/command-batches?limit=${limit}`),
    batch: (id) => get(`/v1/command-batches/${id}`),
    createBatch: (wanted) => ask('POST', '/v1/command-batches', wanted),
    steerBatch: (id, what) => ask('POST', `/v1/command-batches/${id}/${what}`),
    commands: (id, cursor, limit) => get(`${device(id)}/commands?limit=${limit}${cursorText(cursor)}`),
    allCommands: (filter, limit, cursor) =>
      get(`/v1/commands?limit=${limit}${cursorText(cursor)}${filterText(filter)}`),
    command: (id) => get(`/v1/commands/${id}`),
    send: (id, command, idempotencyKey) =>
      ask('POST', `${device(id)}/commands`, command, { 'idempotency-key': idempotencyKey }),
    cancel: (id) => ask('DELETE', `/v1/commands/${id}`),
    keys: () => get('/v1/keys'),
    addKey: (wanted) => ask('POST', '/v1/keys', wanted),
    revokeKey: (id) => ask('DELETE', `/v1/keys/${id}`),
    settings: () => get('/v1/gateway/settings'),
    storage: () => get('/v1/storage'),
    backups: () => get('/v1/backups'),
    backUp: (folder) => ask('POST', '/v1/backup', folder === '' ? undefined : { folder }),
    jobs: () => get('/v1/jobs'),
    seal: () => ask('POST', '/v1/gateway/seal'),
    reload: () => ask('POST', '/v1/gateway/reload'),
    audit: (filter, limit, cursor) => get(`/v1/audit?limit=${limit}${cursorText(cursor)}${filterText(filter)}`),
  };
}

const cursorText = (cursor: string | null): string => (cursor === null ? '' : `&cursor=${cursor}`);

/** Query parameters for the filters that are not empty. */
function filterText(filter: Record<string, string>): string {
  const set = Object.entries(filter).filter(([, value]) => value !== '');
  return set.map(([name, value]) => `&${name}=${encodeURIComponent(value)}`).join('');
}

async function refusalOf(answer: Response, path: string): Promise<RefusedError> {
  const problem = (await answer.json().catch(() => null)) as ProblemBody | null;
  const text = problem?.detail ?? problem?.title ?? `The gateway answered ${answer.status} to ${path}.`;
  return new RefusedError(answer.status, problem?.code ?? 'unknown', text, problem?.errors);
}

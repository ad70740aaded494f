import type {
  AdmittedBody,
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
  DevicePatch,
  GatewayBody,
  LatestBody,
  ModelItem,
  NewCredentialBody,
  ProblemBody,
  ReadingPage,
  RejectedItem,
  SessionBody,
} from '../../schemas/generated/operator.js';

/** The key is not, or no longer, valid. */
export class SignedOutError extends Error {}

/** The gateway said no, and why (RFC 9457). */
export class RefusedError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly errors: NonNullable<ProblemBody['errors']> = [],
  ) {
    super(message);
  }
}

export interface Page<Item> {
  items: Item[];
  next: string | null;
}

/** The operator API of the gateway that served this page. */
export function createApi(key: string) {
  async function ask<Body>(
    method: string,
    path: string,
    body?: unknown,
    more: Record<string, string> = {},
  ): Promise<Body> {
    const headers: Record<string, string> = { authorization: `Bearer ${key}`, ...more };
    if (body !== undefined) headers['content-type'] = 'application/json';
    const answer = await fetch(path, { method, headers, body: body === undefined ? null : JSON.stringify(body) });
    if (answer.status === 401) throw new SignedOutError('The gateway does not know this key.');
    if (!answer.ok) throw await refusalOf(answer, path);
    return (answer.status === 204 ? undefined : await answer.json()) as Body;
  }

  const get = <Body>(path: string): Promise<Body> => ask('GET', path);
  const device = (id: string): string => `/v1/devices/${encodeURIComponent(id)}`;

  return {
    ask,
    get,
    session: (): Promise<SessionBody> => get('/v1/session'),
    gateway: (): Promise<GatewayBody> => get('/v1/gateway'),
    models: async (): Promise<ModelItem[]> => (await get<Page<ModelItem>>('/v1/models')).items,
    device: (id: string): Promise<DeviceBody> => get(device(id)),
    patch: (id: string, change: DevicePatch): Promise<DeviceBody> => ask('PATCH', device(id), change),
    addDevice: (wanted: DeviceCreate): Promise<NewCredentialBody> => ask('POST', '/v1/devices', wanted),
    removeDevice: (id: string): Promise<void> => ask('DELETE', device(id)),
    credentials: (id: string): Promise<Page<CredentialItem>> => get(`${device(id)}/credentials`),
    addCredential: (id: string, wanted: CredentialRequest): Promise<NewCredentialBody> =>
      ask('POST', `${device(id)}/credentials`, wanted),
    revoke: (id: string, cid: string): Promise<void> => ask('DELETE', `${device(id)}/credentials/${cid}`),
    rejected: (id: string, limit: number, cursor: string | null): Promise<Page<RejectedItem>> =>
      get(`${device(id)}/rejected?limit=${limit}${cursor === null ? '' : `&cursor=${cursor}`}`),
    admit: (id: string, rid: string): Promise<AdmittedBody> => ask('POST', `${device(id)}/rejected/${rid}/admit`),
    readings: (id: string, parameters: Record<string, string>): Promise<ReadingPage> =>
      get(`${device(id)}/readings?${new URLSearchParams(parameters).toString()}`),
    batches: (limit: number): Promise<Page<BatchItem>> => get(`/v1/command-batches?limit=${limit}`),
    batch: (id: string): Promise<BatchBody> => get(`/v1/command-batches/${id}`),
    createBatch: (wanted: BatchCreate): Promise<BatchBody> => ask('POST', '/v1/command-batches', wanted),
    steerBatch: (id: string, what: 'stop' | 'resume'): Promise<BatchBody> =>
      ask('POST', `/v1/command-batches/${id}/${what}`),
    latest: (id: string): Promise<LatestBody> => get(`${device(id)}/latest`),
    commands: (id: string, cursor: string | null, limit: number): Promise<Page<CommandBody>> =>
      get(`${device(id)}/commands?limit=${limit}${cursor === null ? '' : `&cursor=${cursor}`}`),
    command: (id: string): Promise<CommandBody> => get(`/v1/commands/${id}`),
    /** The Idempotency-Key makes a repeat after a broken answer harmless. */
    send: (id: string, command: CommandCreate, idempotencyKey: string): Promise<CommandStateBody> =>
      ask('POST', `${device(id)}/commands`, command, { 'idempotency-key': idempotencyKey }),
    cancel: (id: string): Promise<void> => ask('DELETE', `/v1/commands/${id}`),
    /** Page after page, so that the first devices show before the last ones have come. */
    async *devices(): AsyncGenerator<DeviceBody[]> {
      for (let cursor: string | null = ''; cursor !== null; ) {
        const page: Page<DeviceBody> = await get(`/v1/devices?limit=2000${cursor === '' ? '' : `&cursor=${cursor}`}`);
        yield page.items;
        cursor = page.next;
      }
    },
  };
}

export type Api = ReturnType<typeof createApi>;

async function refusalOf(answer: Response, path: string): Promise<RefusedError> {
  const problem = (await answer.json().catch(() => null)) as ProblemBody | null;
  const text = problem?.detail ?? problem?.title ?? `The gateway answered ${answer.status} to ${path}.`;
  return new RefusedError(answer.status, problem?.code ?? 'unknown', text, problem?.errors);
}

/** A request to the operator API. It does not throw, whatever the status. */
export type Ask = (method: string, path: string) => Promise<{ status: number; body: unknown }>;

/** The answers of a gateway that depend only on its data folder. They must stay the same after every upgrade. */
export interface Answers {
  devices: object[];
  readings: Record<string, [metric: string, ts: number, value: unknown][]>;
  latest: Record<string, unknown>;
  rejected: Record<string, object[]>;
  commands: Record<string, object[]>;
  batches: object[];
}

interface Page<Item> {
  items: Item[];
  next: string | null;
}

export async function readAnswers(ask: Ask): Promise<Answers> {
  async function all<Item>(path: string): Promise<Item[]> {
    const items: Item[] = [];
    for (let cursor = ''; ; ) {
      const { status, body } = await ask('GET', `${path}?limit=500${cursor}`);
      if (status !== 200) throw new Error(`${path}: ${status} ${JSON.stringify(body)}`);
      const page = body as Page<Item>;
      items.push(...page.items);
      if (page.next === null) return items;
      cursor = `&cursor=${page.next}`;
    }
  }

  const answers: Answers = { devices: [], readings: {}, latest: {}, rejected: {}, commands: {}, batches: [] };
  for (const device of await all<Record<string, unknown> & { id: string }>('/v1/devices')) {
    const { id } = device;
    answers.devices.push(only(device, ['id', 'model', 'tags', 'state', 'createdAt']));
    answers.readings[id] = (
      await all<{ metric: string; ts: number; value: unknown }>(`/v1/devices/${id}/readings`)
    ).map(({ metric, ts, value }) => [metric, ts, value]);
    answers.latest[id] = only((await ask('GET', `/v1/devices/${id}/latest`)).body as object, ['metrics']);
    const rejected = await all<object>(`/v1/devices/${id}/rejected`);
    answers.rejected[id] = rejected.map((frame) => only(frame, ['rid', 'seq', 'code', 'path', 'stream', 'receivedAt']));
    const commands = await all<object>(`/v1/devices/${id}/commands`);
    answers.commands[id] = commands.map((command) =>
      only(command, ['id', 'name', 'params', 'state', 'result', 'error', 'createdAt', 'endedAt', 'batch', 'history']),
    );
  }
  const batches = await all<object>('/v1/command-batches');
  answers.batches = batches.map((batch) => only(batch, ['id', 'name', 'state', 'total', 'createdAt', 'endedAt']));
  return answers;
}

function only(from: object, names: string[]): object {
  return Object.fromEntries(Object.entries(from).filter(([name]) => names.includes(name)));
}

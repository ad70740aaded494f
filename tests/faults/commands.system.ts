import assert from 'node:assert/strict';
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { createOperatorApi, inParallel } from '../../device-sim/api/operatorApi.js';
import { createFileStore } from '../../device-sim/device/commandStore.js';
import { createDevice, type Device } from '../../device-sim/device/device.js';
import { uniform } from '../../device-sim/fleet/signals.js';
import { createCommandWitness } from '../../device-sim/member/commandWitness.js';
import { type CommandedMember, commandsAreClean, verifyCommands } from '../../device-sim/verify/verifyCommands.js';
import type { BatchBody, CommandBody, CommandStateBody } from '../../schemas/generated/operator.js';
import { type GatewayProcess, startGatewayProcess } from '../rig/gatewayProcess.js';
import { roundsOr } from '../rig/killPoints.js';
import { startTcpProxy, type TcpProxy } from '../rig/tcpProxy.js';
import { tempFolder } from '../rig/tempFolder.js';

const deviceCount = 4;
/** Rounds in CI; the proof runs 200. */
const few = 10;
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Starts a device that keeps its commands in a file, and a log of them in another. `came` is called for each command that arrives. */
function startDevice(
  folder: string,
  url: string,
  id: string,
  secret: string,
  n: number,
  came: () => void,
): TrialDevice {
  const log = join(folder, `${id}.log`);
  const witness = createCommandWitness((line) => appendFileSync(log, `${line}\n`));
  const count = witness.noting({
    async run(params, progress, { id: command }) {
      await sleep(25 * uniform(n, 1, Number.parseInt(command.slice(-8), 16)));
      progress(0.5);
      await sleep(25 * uniform(n, 2, Number.parseInt(command.slice(-8), 16)));
      return { counted: params.n };
    },
  });
  const device = createDevice({
    url,
    id,
    secret,
    stream: 'main',
    encoding: n % 2 === 0 ? ('binary' as const) : ('json' as const),
    commandStore: createFileStore(join(folder, `${id}.commands`)),
    commands: { count },
    commanded(command) {
      witness.came(command);
      came();
    },
    answered: witness.said,
    // The device reconnects almost at once, because the faults are the gateway's.
    random: () => 0.02,
  });
  device.start();
  return { id, device, commands: witness };
}

interface TrialDevice extends CommandedMember {
  device: Device;
}

/** A gateway, proxies that keep their ports over its restarts, and devices. */
interface Trial {
  /** The operator API, by its proxy. */
  url: string;
  /** The first operator key. */
  key: string;
  members: CommandedMember[];
  /** The proxy of the devices. */
  links: TcpProxy;
  /** Resolves when the next command arrives at a device. */
  commandCame(): Promise<void>;
  /** Kills the gateway and starts it again. */
  killGateway(): Promise<void>;
}

async function startTrial(context: TestContext): Promise<Trial> {
  const data = tempFolder(context);
  const folder = tempFolder(context);
  // A gateway that is killed every second or two falls behind, so many commands are open until the end.
  let gateway: GatewayProcess = await startGatewayProcess({ data, set: ['commands.openPerDevice=1000'] });
  const links = await startTcpProxy(gateway.devicePort);
  const operator = await startTcpProxy(gateway.operatorPort);
  const api = createOperatorApi(gateway.operatorUrl, gateway.key);
  const members: CommandedMember[] = [];
  const devices: Device[] = [];
  let wake = (): void => {};
  for (let n = 0; n < deviceCount; n++) {
    const id = `c${n}`;
    const secret = await api.provision(id, null, {});
    const member = startDevice(folder, `ws://127.0.0.1:${links.port}/v1/device`, id, secret, n, () => wake());
    members.push(member);
    devices.push(member.device);
  }
  context.after(async () => {
    await Promise.all(devices.map((device) => device.stop()));
    await gateway.kill('SIGKILL');
    await links.close();
    await operator.close();
  });
  return {
    url: `http://127.0.0.1:${operator.port}`,
    key: gateway.key,
    members,
    links,
    commandCame: () =>
      new Promise((resolve) => {
        wake = resolve;
      }),
    async killGateway(): Promise<void> {
      await gateway.kill('SIGKILL');
      gateway = await gateway.again();
      links.retarget(gateway.devicePort);
      operator.retarget(gateway.operatorPort);
    },
  };
}

/** Repeats a request until it is answered, because the gateway may be killed meanwhile. */
async function insist<Body>(
  url: string,
  key: string,
  method: string,
  body?: object,
  idempotencyKey?: string,
): Promise<{ status: number; body: Body }> {
  for (;;) {
    try {
      const answer = await fetch(url, {
        method,
        headers: {
          authorization: `Bearer ${key}`,
          'content-type': 'application/json',
          connection: 'close',
          ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }),
        },
        body: body === undefined ? undefined : JSON.stringify(body),
      });
      const text = await answer.text();
      if (answer.status < 500) return { status: answer.status, body: JSON.parse(text) as Body };
    } catch {
      // The gateway is down and will be started again.
    }
    await sleep(20);
  }
}

for (const how of ['SIGKILL of the gateway', 'cut links'])
  test(`${how} between a command’s creation and its result: each command runs at most once, is reported no further than its device reported, and reaches a final state`, async (context) => {
    const rounds = roundsOr(few);
    const trial = await startTrial(context);
    const startedAt = Date.now() - 1_000;
    const ids: string[] = [];
    for (let round = 0; round < rounds; round++) {
      // Half of the faults come soon after the request, half after a device has received the command.
      const came = round % 2 === 0 ? Promise.resolve() : trial.commandCame();
      const made = trial.members.map(({ id }) =>
        insist<CommandStateBody>(
          `${trial.url}/v1/devices/${id}/commands`,
          trial.key,
          'POST',
          { name: 'count', params: { n: round }, ttlSeconds: 600, deadlineSeconds: 600 },
          `${id}-${round}`,
        ),
      );
      await came;
      await sleep(60 * uniform(3, how.length, round));
      if (how === 'cut links') trial.links.cut(round % 2 === 0 ? 'reset' : 'close');
      else await trial.killGateway();
      for (const { status, body } of await Promise.all(made)) {
        assert.equal(status, 202, JSON.stringify(body));
        ids.push(body.id);
      }
    }
    const states = new Map<string, number>();
    for (const id of ids) {
      const { body } = await insist<CommandBody>(`${trial.url}/v1/commands/${id}?wait=60`, trial.key, 'GET');
      states.set(body.state, (states.get(body.state) ?? 0) + 1);
      assert.ok(body.endedAt !== null, `${id} is still ${body.state}`);
      const order = body.history.map(({ state }) => state);
      assert.equal(new Set(order).size, order.length, `${id}: ${order.join(', ')}`);
    }
    const verdict = await verifyCommands(createOperatorApi(trial.url, trial.key), trial.members, startedAt);
    context.diagnostic(
      `${rounds} rounds, ${verdict.checked} commands, ${verdict.runs} runs; final states: ${[...states].map(([state, count]) => `${count} ${state}`).join(', ')}`,
    );
    assert.ok(commandsAreClean(verdict), verdict.examples.join('\n'));
    assert.equal(new Set(ids).size, deviceCount * rounds, 'each idempotency key made one command');
    assert.equal(verdict.checked, deviceCount * rounds);
    assert.equal(verdict.runs, states.get('succeeded') ?? 0);
  });

test('a command batch to a fleet counts what its devices reported, although a fifth of them connects later', async (context) => {
  const count = roundsOr(few) >= 200 ? 10_000 : 1_000;
  const gateway = await startGatewayProcess({ data: tempFolder(context) });
  const api = createOperatorApi(gateway.operatorUrl, gateway.key);
  const runs = new Map<string, number>();
  const reported = new Map<string, string>();
  const devices = new Map<string, Device>();
  context.after(async () => {
    await Promise.all([...devices.values()].map((device) => device.stop()));
    await gateway.stop();
  });
  const seats = Array.from({ length: count }, (_, n) => ({ id: `f-${n}`, n }));
  await inParallel(seats, 32, async ({ id, n }) => {
    const secret = await api.provision(id, null, { fleet: 'f' });
    const device = createDevice({
      url: gateway.deviceUrl,
      id,
      secret,
      stream: 'main',
      encoding: 'binary' as const,
      commands: {
        update: {
          refuse: () => (n % 50 === 7 ? { code: 'busy' } : null),
          run() {
            runs.set(id, (runs.get(id) ?? 0) + 1);
            if (n % 20 === 3) throw new Error('broken');
            return { n };
          },
        },
      },
      answered: ({ state }) => void reported.set(id, state),
      random: Math.random,
    });
    devices.set(id, device);
  });
  const started = performance.now();
  await inParallel(seats, 200, async ({ id, n }) => {
    const device = devices.get(id) as Device;
    if (n % 5 === 4) return;
    device.start();
    while (device.state() !== 'linked') await sleep(10);
  });
  const linkedMs = performance.now() - started;
  const created = performance.now();
  const { id } = await gateway.api<BatchBody>('POST', '/v1/command-batches', {
    ...{ target: { tags: { fleet: 'f' } }, name: 'update', ttlSeconds: 600, concurrency: Math.ceil(count / 10) },
  });
  const createMs = performance.now() - created;
  const batch = (): Promise<BatchBody> => gateway.api('GET', `/v1/command-batches/${id}`);
  const ended = ({ counts }: BatchBody): number =>
    (counts.succeeded ?? 0) + (counts.failed ?? 0) + (counts.rejected ?? 0);
  while (ended(await batch()) < count / 2) await sleep(50);
  for (const device of devices.values()) device.start();
  let last = await batch();
  for (; last.state === 'running'; last = await batch()) await sleep(50);
  const seconds = (performance.now() - created) / 1000;
  const saw = { waiting: 0, refused: 0, succeeded: 0, failed: 0, rejected: 0 };
  for (const state of reported.values()) saw[state as 'failed']++;
  context.diagnostic(
    `${count} devices linked in ${(linkedMs / 1000).toFixed(1)} s; batch answered in ${createMs.toFixed(0)} ms, done in ${seconds.toFixed(1)} s: ${JSON.stringify(last.counts)}`,
  );
  assert.equal(last.state, 'done');
  assert.deepEqual(last.counts, saw);
  assert.equal(ended(last), count);
  assert.ok([...runs.values()].every((times) => times === 1));
  assert.equal(runs.size, saw.succeeded + saw.failed);
});

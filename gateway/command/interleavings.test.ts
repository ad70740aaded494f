import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Device } from '../domain/device.js';
import { commandTools, type FakeLink } from './commands.fixture.js';

/**
 * Every order of events of a small batch. Dispatcher and gate have no clock, no chance and no threads of their own: what they do
 * depends only on the order in which writes end, timers run, devices answer and operators act. So a test can run all orders. Each
 * state is reached by running its events from the start; from each one the rest is completed fairly, and then nothing may be left.
 */
interface Instance {
  devices: number;
  concurrency: number;
  /** What may happen from outside, each at most once and in this order. */
  outside: readonly Outside[];
  /** Writes that may fail. */
  failures: number;
}

type Outside = 'stop' | 'resume' | 'unlink' | 'link';

type Step = Outside | 'write' | 'fail' | 'timers' | `answer ${number}`;

const momentMs = 100;

class World {
  readonly tools = commandTools();
  readonly devices: Device[];
  /** The link of each device; undefined while it has none. */
  readonly links: (FakeLink | undefined)[];
  /** All links that each device ever had. */
  private readonly had: FakeLink[][];
  private readonly answered = new Set<string>();
  private batch = '';
  private outside = 0;
  private failures = 0;
  private stopped = false;

  constructor(private readonly instance: Instance) {
    this.devices = Array.from({ length: instance.devices }, (_, n) => this.tools.addDevice(n + 1));
    this.links = this.devices.map((device) => this.tools.link(device));
    this.had = this.links.map((link) => [link as FakeLink]);
  }

  /** Creates the batch; its record is on disk, its commands are on their way. */
  async begin(): Promise<void> {
    const created = this.tools.batches.create(
      this.devices,
      { name: 'do', target: {}, concurrency: this.instance.concurrency },
      'key',
    );
    await this.tools.settle();
    this.tools.writes.shift()?.finish();
    this.batch = (await created).id;
    await this.tools.settle();
  }

  steps(): Step[] {
    const { tools, instance } = this;
    const next = instance.outside[this.outside];
    return [
      ...(tools.writes.length > 0 ? (['write'] as const) : []),
      ...(tools.writes.length > 0 && this.failures < instance.failures ? (['fail'] as const) : []),
      ...(tools.writes.length === 0 && tools.timers.length > 0 ? (['timers'] as const) : []),
      ...this.unanswered().map((n): Step => `answer ${n}`),
      ...(next === undefined ? [] : [next]),
    ];
  }

  /** Devices that have a command which they have not answered. */
  private unanswered(): number[] {
    return this.devices.flatMap((_, n) => {
      const last = this.links[n]?.heard.at(-1);
      return last !== undefined && !this.answered.has(last.id) ? [n] : [];
    });
  }

  async take(step: Step): Promise<void> {
    const { tools } = this;
    const heard = this.heard();
    if (step === 'write') tools.writes.shift()?.finish();
    else if (step === 'fail') {
      this.failures++;
      tools.writes.shift()?.finish(new Error('the disk is full'));
    } else if (step === 'timers')
      tools.runTimers(tools.timers.some(({ delayMs }) => delayMs <= momentMs) ? momentMs : undefined);
    else if (step.startsWith('answer')) this.answer(Number(step.slice(7)));
    else {
      this.outside++;
      this.act(step as Outside);
    }
    await tools.settle();
    if (this.stopped) assert.equal(this.heard(), heard, 'a stopped batch sends nothing');
    assert.ok(this.unanswered().length <= this.instance.concurrency, 'no more are under way than may be');
  }

  private act(what: Outside): void {
    const { tools, batch } = this;
    if (what === 'unlink') {
      this.links[0] = undefined;
      tools.unlink(this.devices[0]);
    } else if (what === 'link') this.link(0);
    else {
      const stops = what === 'stop';
      this.stopped = stops;
      void tools.batches[what](batch, 'key').catch(() => {
        // The batch is as it was before: one that could not be stopped runs.
        this.stopped = false;
      });
    }
  }

  private link(n: number): void {
    const link = this.tools.link(this.devices[n]);
    this.links[n] = link;
    this.had[n].push(link);
  }

  private answer(n: number): void {
    const id = this.links[n]?.heard.at(-1)?.id ?? '';
    this.answered.add(id);
    this.tools.commands.update(this.devices[n], { id, state: 'succeeded' });
  }

  private heard(): number {
    return this.had.flat().reduce((sum, { heard }) => sum + heard.length, 0);
  }

  /** Lets everything happen that is due, with no failure and no reconnect of a device that has its link. */
  async complete(): Promise<void> {
    this.failures = this.instance.failures;
    this.outside = this.instance.outside.length;
    this.links.forEach((link, n) => {
      if (link === undefined) this.link(n);
    });
    for (let step = this.steps()[0]; step !== undefined; step = this.steps()[0]) await this.take(step);
    const [stored] = this.tools.disk.batches;
    if (stored.state === 'running') return;
    if (stored.state !== 'stopped') return;
    this.act('resume');
    await this.tools.settle();
    for (let step = this.steps()[0]; step !== undefined; step = this.steps()[0]) await this.take(step);
  }

  check(): void {
    const { commands, batches } = this.tools.disk;
    assert.deepEqual(
      commands.map(({ state }) => state),
      this.devices.map(() => 'succeeded'),
    );
    assert.equal(batches[0].state, 'done');
    assert.equal(this.tools.batches.runningCount(), 0);
    for (const links of this.had) {
      const known = links.flatMap(({ heard }) => heard.map((one) => one.known));
      assert.equal(known.filter((one) => one === 0).length, 1, 'a command is sent for the first time once');
    }
  }
}

/** Runs all orders of the events; returns how many states were completed. */
async function runAll(instance: Instance): Promise<number> {
  let states = 0;
  const open: Step[][] = [[]];
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    const world = new World(instance);
    try {
      await world.begin();
      for (const step of path) await world.take(step);
      const steps = world.steps();
      await world.complete();
      world.check();
      states++;
      // Once nothing more comes from outside, the order of the rest is that of completion.
      if (isSpent(path, instance)) continue;
      for (const step of steps) open.push([...path, step]);
    } catch (error) {
      (error as Error).message = `after ${path.join(', ')}: ${(error as Error).message}`;
      throw error;
    }
  }
  return states;
}

function isSpent(path: readonly Step[], { outside, failures }: Instance): boolean {
  const happened = path.filter((step) => (outside as readonly Step[]).includes(step)).length;
  return happened === outside.length && path.filter((step) => step === 'fail').length === failures;
}

const instances: [what: string, Instance][] = [
  ['a stop and a resume', { devices: 2, concurrency: 2, outside: ['stop', 'resume'], failures: 0 }],
  ['a stop and a resume with a bound', { devices: 2, concurrency: 1, outside: ['stop', 'resume'], failures: 0 }],
  ['a write that fails', { devices: 3, concurrency: 1, outside: [], failures: 2 }],
  ['a stop, a resume and a write that fails', { devices: 2, concurrency: 1, outside: ['stop', 'resume'], failures: 1 }],
  ['a link that ends and comes back', { devices: 2, concurrency: 1, outside: ['unlink', 'link'], failures: 0 }],
  ['all of it', { devices: 2, concurrency: 2, outside: ['stop', 'unlink', 'resume', 'link'], failures: 0 }],
];

for (const [what, instance] of instances)
  test(`a batch loses no command and no place, in any order of events: ${what}`, async (context) => {
    const states = await runAll(instance);
    assert.ok(states > 50, `${states} states`);
    context.diagnostic(`${states} states`);
  });

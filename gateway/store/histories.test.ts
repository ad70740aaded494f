import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { scalarIn } from '../columns/scalar.js';
import { randomNumbers } from './chunks/random.fixture.js';
import { dayMs } from './dayFiles/days.js';
import { damageChunk, packAsRows } from './histories.change.fixture.js';
import { checkFiles, checkQueries, checkSql, damagedParts } from './histories.expect.fixture.js';
import {
  createDevice,
  type HistoryDevice,
  type NewReading,
  type Random,
  randomReadings,
  store as storeReadings,
} from './histories.fixture.js';
import { folderFor, midnight, openTestStore } from './store.fixture.js';
import type { Store } from './store.js';
import type { Restored } from './threads/restored.js';

/** Long histories of each kind; `npm run proof -- histories` sets the number. Otherwise there is a short one of three days each. */
const rounds = Number(process.env.TIDEGATE_ROUNDS ?? 0);

const shortSteps = 9;

/** The seed of the first history, for a look at one that failed. */
const firstSeed = Number(process.env.TIDEGATE_SEED ?? 1);

const hour = 3_600_000;

interface Plan {
  days: number;
  steps: number;
  /** Day files become files of Tidegate 0.1 at restarts. */
  asRows?: boolean;
  /** A byte of a chunk is changed at restarts. */
  damages?: boolean;
}

/** A store with a random history, and the plain maps of what it must have. */
class History {
  readonly random: Random;
  readonly devices: HistoryDevice[] = [createDevice('a', 1, 1), createDevice('b', 2, 11)];
  readonly #context: TestContext;
  readonly #folder: string;
  readonly #plan: Plan;
  readonly #declared = new Set<number>();
  /** Damaged parts as `damagedParts` names them, by the key of the device. */
  readonly #damaged = new Map<number, Set<string>>();
  #store!: Store;
  #now = midnight;
  #isOfRows = false;

  constructor(context: TestContext, seed: number, plan: Plan) {
    this.random = randomNumbers(seed);
    this.#context = context;
    this.#folder = folderFor(context);
    this.#plan = plan;
  }

  async open(): Promise<Restored> {
    const { store, restored } = await openTestStore(this.#context, this.#folder, { now: () => this.#now });
    this.#store = store;
    return restored;
  }

  async step(): Promise<void> {
    const dice = this.random(100);
    if (dice < 55) await this.#commit(randomReadings(this.devices, this.#plan.days, this.random));
    else if (dice < 75) await this.#store.seal();
    else if (dice < 84) await this.#turn(this.random(30) * hour);
    else if (dice < 92) await this.#restart();
    else if (dice < 95) await this.#erase(this.random(this.devices.length));
    else if (dice < 97) await this.#sealOneByOne();
    else await this.check();
  }

  async check(): Promise<void> {
    const { random, devices } = this;
    await checkQueries(this.#store, devices, this.#plan.days, random, this.#damaged.size > 0);
    await this.#store.seal();
    for (const device of devices)
      assert.deepEqual(await damagedParts(this.#store, device), [...(this.#damaged.get(device.key) ?? [])].sort());
    await checkQueries(this.#store, devices, this.#plan.days, random, this.#damaged.size > 0);
    if (this.#damaged.size === 0) checkSql(this.#folder, devices, this.#plan.days, this.#isOfRows);
  }

  /** Finishes all days, checks them, and closes the store. */
  async end(): Promise<void> {
    await this.#turn(13 * dayMs);
    await this.check();
    await this.#store.close();
    checkFiles(this.#folder);
  }

  async #commit(readings: NewReading[]): Promise<void> {
    const batch = storeReadings(this.devices, readings, this.#declared);
    if (batch.readings > 0) await this.#store.commit(batch, midnight);
  }

  async #turn(ms: number): Promise<void> {
    this.#now = Math.min(this.#now + ms, midnight + 26 * dayMs);
    await this.#store.idle();
  }

  /** Runs of few readings, as many as are merged. */
  async #sealOneByOne(): Promise<void> {
    const { series } = this.devices[0];
    const start = midnight + this.random(this.#plan.days) * dayMs + this.random(dayMs / 2);
    for (let n = 0; n < 70; n++) {
      const chosen = series[this.random(series.length)];
      await this.#commit([
        [chosen, start + this.random(100_000), chosen.makeValue(this.random)],
        [series[0], start + 10 * n, series[0].makeValue(this.random)],
      ]);
      await this.#store.seal();
    }
    await this.#store.idle();
  }

  async #restart(): Promise<void> {
    const isChanged = this.#plan.asRows || this.#plan.damages;
    if (isChanged) await this.#store.seal();
    await this.#store.close();
    if (this.#plan.asRows) this.#isOfRows = packAsRows(this.#folder, this.random) || this.#isOfRows;
    if (this.#plan.damages) this.#damage();
    const restored = await this.open();
    if (this.#damaged.size === 0) this.#checkLatest(restored);
  }

  #checkLatest({ latest, series }: Restored): void {
    const kinds = new Map(series.map(({ id, kind }) => [id, kind]));
    const found = new Map<number, unknown[]>();
    for (let i = 0; i < latest.readings; i++) {
      const kind = kinds.get(latest.series[i]) ?? assert.fail('a latest value has no series');
      found.set(latest.series[i], [latest.ts[i], scalarIn(kind, latest.value[i], latest.strings)]);
    }
    const expected = this.devices
      .flatMap((device) => device.series)
      .filter(({ readings }) => readings.size > 0)
      .map(({ id, readings }): [number, unknown[]] => {
        const newest = Math.max(...readings.keys());
        return [id, [newest, readings.get(newest)]];
      });
    assert.deepEqual([...found].sort(), expected.sort());
  }

  #damage(): void {
    const damaged = damageChunk(this.#folder, this.random);
    if (damaged === null) return;
    const { deviceKey, metric, times } = damaged;
    const series = this.devices.flatMap((device) => device.series);
    const hit = series.find((one) => one.deviceKey === deviceKey && one.metric === metric);
    for (const ts of times) hit?.readings.delete(ts);
    const parts = this.#damaged.get(deviceKey) ?? new Set();
    this.#damaged.set(deviceKey, parts.add(`${metric} ${times[0]} ${times[times.length - 1]}`));
  }

  /** Erases a device with the same steps as the gateway; then the device is there anew. */
  async #erase(index: number): Promise<void> {
    const { id, key } = this.devices[index];
    const device = { id, key, createdAt: key };
    this.#store.leaveOut(key);
    await this.#store.seal();
    await this.#store.run({ type: 'erase', device }, () => {});
    await this.#store.forget(key);
    const next = Math.max(...this.devices.map((one) => one.key)) + 1;
    this.devices[index] = createDevice(id, next, next * 10);
    this.#damaged.delete(key);
  }
}

async function run(context: TestContext, seed: number, plan: Plan): Promise<void> {
  const history = new History(context, seed, plan);
  await history.open();
  try {
    for (let n = 0; n < plan.steps; n++) await history.step();
    if (plan.steps > shortSteps) await history.check();
    await history.end();
  } catch (error) {
    context.diagnostic(`seed ${seed}`);
    throw error;
  }
}

const plans: Record<string, Plan> = {
  'over three days': { days: 3, steps: 40 },
  'over twelve days': { days: 12, steps: 30 },
  'on day files of which some are of Tidegate 0.1': { days: 3, steps: 40, asRows: true },
  'with chunks that are damaged': { days: 3, steps: 40, damages: true },
};

for (const [name, plan] of Object.entries(plans)) {
  if (rounds === 0 && plan.days > 3) continue;
  test(`random histories ${name} have the readings, aggregates and newest values of plain maps`, async (context) => {
    if (rounds === 0) await run(context, firstSeed, { ...plan, steps: shortSteps });
    for (let seed = firstSeed; seed < firstSeed + rounds; seed++) await run(context, seed, plan);
  });
}

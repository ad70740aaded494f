import type { BatchRecord, CommandRecord } from '../domain/command.js';
import type { Device } from '../domain/device.js';
import type { RegistryChange } from '../domain/registryChange.js';
import { createCounters } from '../observe/counters.js';
import { createBatches } from './batches.js';
import { createCommands } from './commands.js';
import type { OutgoingCommand } from './openCommands.js';
import { createCommandRules } from './rules.js';

/** A device's link that a test controls. */
export interface FakeLink {
  address: string;
  maxCommandBytes: number;
  heard: OutgoingCommand[];
  takes: boolean;
  sendCommand(command: OutgoingCommand): boolean;
}

/** A timer up to this long only gathers changes for one write. A longer one is a timeout, which runs when a test runs it. */
const momentMs = 100;

/** The contents of the disk that a restart reads. */
export interface Disk {
  commands: CommandRecord[];
  batches: BatchRecord[];
}

/** Commands and batches with a disk, a clock and links that the test controls. */
export function commandTools(disk: Disk = { commands: [], batches: [] }, { inFlightMax = 1 } = {}) {
  const devices = new Map<number, Device>();
  const links = new Map<number, FakeLink>();
  const events: { id: string; state: string; cause: string }[] = [];
  const shown: string[] = [];
  const writes: { changes: RegistryChange[]; finish(error?: Error): void }[] = [];
  const timers: { delayMs: number; run(): void }[] = [];
  let now = 1_000_000;
  const clock = { now: () => now };
  const counters = createCounters();
  const rules = createCommandRules(new Map());

  function save(changes: RegistryChange[]): Promise<void> {
    return new Promise((resolve, reject) => {
      writes.push({
        changes,
        finish(error) {
          if (error !== undefined) return reject(error);
          for (const change of changes) apply(change);
          resolve();
        },
      });
    });
  }

  function apply(change: RegistryChange): void {
    const of = (id: string): CommandRecord => disk.commands.find((one) => one.id === id) as CommandRecord;
    switch (change.type) {
      case 'put_command':
        disk.commands.push(structuredClone(change.command));
        events.push({ id: change.command.id, state: change.command.state, cause: change.cause });
        return;
      case 'command_moved': {
        const { type: _, at: __, cause, ...fields } = change;
        Object.assign(of(change.id), fields);
        events.push({ id: change.id, state: change.state, cause });
        return;
      }
      case 'command_event':
        if (events.some(({ id, state }) => id === change.id && state === change.state)) return;
        events.push({ id: change.id, state: change.state, cause: change.cause });
        return;
      case 'command_attempted':
        of(change.id).attempted = change.attempted;
        return;
      case 'bring_back_commands':
        return;
      case 'put_batch':
        disk.batches.push({ ...change.batch });
        return;
      case 'batch_moved':
        Object.assign(disk.batches.find(({ id }) => id === change.id) as BatchRecord, {
          state: change.state,
          endedAt: change.endedAt,
        });
    }
  }

  const schedule = (delayMs: number, run: () => void): void => void timers.push({ delayMs, run });
  const batches = createBatches({
    clock,
    commands: () => commands,
    restored: disk.batches
      .filter(({ endedAt }) => endedAt === null)
      .map((batch) => ({ batch: { ...batch }, waiting: [], failures: 0 })),
    openCommands: disk.commands.filter(({ endedAt }) => endedAt === null),
    deviceByKey: (key) => devices.get(key),
    rules,
    save,
    schedule,
  });
  const addDevice = (key: number): Device => {
    const device = { id: `d${key}`, key, model: null } as Device;
    devices.set(key, device);
    return device;
  };
  for (const { deviceKey } of disk.commands) addDevice(deviceKey);
  const commands = createCommands({
    clock,
    counters,
    rules,
    restored: structuredClone(disk.commands.filter(({ endedAt }) => endedAt === null)),
    gate: batches.gate,
    hashKey: Buffer.alloc(32),
    waitingInBatches: batches.waitingCount,
    deviceOf: (key) => devices.get(key),
    linkOf: ({ key }) => links.get(key),
    save,
    readCommand: async (id) => {
      const record = disk.commands.find((one) => one.id === id);
      const history = events.filter((event) => event.id === id).map((event) => ({ ...event, at: 0 }));
      return record === undefined ? null : ({ ...record, history } as never);
    },
    readByKey: async (by, key) =>
      (disk.commands.find((one) => one.by === by && one.idempotencyKey === key) as never) ?? null,
    schedule,
    inFlightMax,
    perDeviceMax: 20,
    openMax: 1_000,
    moved(command) {
      batches.moved(command);
      shown.push(`${command.device} ${command.state}`);
    },
  });

  /** Waits until pending promises have settled. */
  const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  function runTimers(delayMax = Number.POSITIVE_INFINITY): void {
    const due = timers.filter(({ delayMs }) => delayMs <= delayMax);
    timers.splice(0, timers.length, ...timers.filter((timer) => !due.includes(timer)));
    for (const { run } of due) run();
  }

  /** Writes until nothing waits to be written, changes that are still gathered included. */
  async function flush(): Promise<void> {
    await settle();
    while (writes.length > 0 || timers.some(({ delayMs }) => delayMs <= momentMs)) {
      if (writes.length === 0) runTimers(momentMs);
      writes.shift()?.finish();
      await settle();
    }
  }

  return {
    commands,
    batches,
    counters,
    disk,
    events,
    shown,
    writes,
    settle,
    flush,
    addDevice,
    removeDevice: (key: number): void => void devices.delete(key),
    link(device: Device, more: Partial<FakeLink> = {}): FakeLink {
      const link: FakeLink = {
        address: '127.0.0.1',
        maxCommandBytes: 1_024,
        heard: [],
        takes: true,
        sendCommand(command) {
          if (this.takes) this.heard.push(command);
          return this.takes;
        },
        ...more,
      };
      links.set(device.key, link);
      commands.linked(device);
      return link;
    },
    unlink: (device: Device): void => void links.delete(device.key),
    async create(device: Device, wanted: object = {}): Promise<string> {
      const made = commands.create(device, { name: 'do', ...wanted }, 'key', null, '');
      await flush();
      return (await made).id;
    },
    pass(ms: number): void {
      now += ms;
    },
    runTimers,
    timers,
    stateOf: (id: string): string => disk.commands.find((one) => one.id === id)?.state as string,
    /** Returns new tools with the same disk and empty memory. */
    restart: () => commandTools({ commands: structuredClone(disk.commands), batches: structuredClone(disk.batches) }),
  };
}

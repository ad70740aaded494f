/** The counts of a fleet. measure/ counts and times what happens in a simulator run; what is printed of it is in report/. */
import { createLatencies, type Latencies, percentileMs, record, since, sumOf } from './latencies.js';

/** The counts of a fleet so far. */
export interface FleetStats extends Sums {
  elapsedMs: number;
  devices: number;
  connected: number;
  /** Sent, or waiting to be sent, and without an ack or nack yet. */
  framesUnacked: number;
  /** How often each error occurred, by its code: 'nack value_invalid', 'close 4001 overloaded', 'HTTP 401', 'ECONNREFUSED'. */
  errors: Record<string, number>;
  /** How often each simulated fault struck, by its name. */
  faults: Record<string, number>;
  /** From the moment when a frame was due to its ack. In a progress report: of the acks since the report before. */
  ackP50Ms: number;
  ackP90Ms: number;
  ackP99Ms: number;
  ackMaxMs: number;
  /** From the moment when a frame was due to the moment when the simulator sent it. */
  lateP99Ms: number;
}

interface Sums {
  framesSent: number;
  framesAcked: number;
  framesNacked: number;
  readingsAcked: number;
  /** Frames that a device did not keep because its buffer was full. */
  framesDropped: number;
  /** Commands that the simulator asked of the gateway. */
  commandsCreated: number;
  /** Commands that came to devices, repeats included. */
  commandsCame: number;
  /** Upgrades that led to a welcome. */
  linksOpened: number;
  /** Links that ended although nobody closed them, and attempts that failed. */
  linksLost: number;
  /** Those of the lost links that a simulated fault ended. They are not among the errors. */
  linksLostByFaults: number;
  /** Devices whose readings were read back. */
  devicesVerified: number;
}

/** The counts of one process, in a form that can be sent to another one and merged. */
export interface Tally {
  sums: Sums;
  errors: Record<string, number>;
  faults: Record<string, number>;
  acks: Latencies;
  late: Latencies;
  connected: number;
}

/** What the devices of one process report, counted. */
export interface Counts {
  /** Frames acknowledged so far. */
  framesAcked(): number;
  /** Whether a device ever had a link. */
  hadLink(): boolean;
  /** Whether every attempt to connect failed so far. */
  connectsFail(): boolean;
  /** An error occurred. */
  error(code: string): void;
  /** A frame was due, and is sent this many milliseconds late. */
  due(lateMs: number): void;
  sent(): void;
  /** A full buffer refused a frame. */
  dropped(): void;
  /** A frame with `readings` readings was acknowledged, the given number of milliseconds after it was due. */
  acked(readings: number, tookMs: number): void;
  nacked(code: string): void;
  /** The simulator asked the gateway for a command. */
  created(): void;
  /** A command came to a device. */
  commanded(): void;
  linked(): void;
  linkLost(why: string): void;
  /** A simulated fault ended a link. */
  linkLostByFault(): void;
  /** The readings of a device were read back. */
  verified(): void;
  /** A simulated fault struck. */
  struck(fault: string): void;
  /** A copy of everything counted so far. `connected`: the devices that have a link now. */
  tally(connected: number): Tally;
}

const noSums = (): Sums => ({
  framesSent: 0,
  framesAcked: 0,
  framesNacked: 0,
  readingsAcked: 0,
  framesDropped: 0,
  commandsCreated: 0,
  commandsCame: 0,
  linksOpened: 0,
  linksLost: 0,
  linksLostByFaults: 0,
  devicesVerified: 0,
});

export function createCounts(): Counts {
  const acks = createLatencies();
  const late = createLatencies();
  const errors: Record<string, number> = {};
  const faults: Record<string, number> = {};
  const sums = noSums();

  function error(code: string): void {
    errors[code] = (errors[code] ?? 0) + 1;
  }

  return {
    framesAcked: () => sums.framesAcked,
    hadLink: () => sums.linksOpened > 0,
    connectsFail: () => sums.linksOpened === 0 && sums.linksLost > 0,
    error,
    due: (lateMs) => record(late, lateMs),
    sent() {
      sums.framesSent++;
    },
    dropped() {
      sums.framesDropped++;
    },
    acked(readings, tookMs) {
      sums.framesAcked++;
      sums.readingsAcked += readings;
      record(acks, tookMs);
    },
    nacked(code) {
      sums.framesNacked++;
      error(`nack ${code}`);
    },
    created() {
      sums.commandsCreated++;
    },
    commanded() {
      sums.commandsCame++;
    },
    linked() {
      sums.linksOpened++;
    },
    linkLost(why) {
      sums.linksLost++;
      error(why);
    },
    linkLostByFault() {
      sums.linksLost++;
      sums.linksLostByFaults++;
    },
    verified() {
      sums.devicesVerified++;
    },
    struck(fault) {
      faults[fault] = (faults[fault] ?? 0) + 1;
    },
    tally: (connected) => ({
      sums: { ...sums },
      errors: { ...errors },
      faults: { ...faults },
      acks: acks.slice(),
      late: late.slice(),
      connected,
    }),
  };
}

/** The sum of the tallies of several processes. */
export function mergedTally(tallies: readonly Tally[]): Tally {
  const sums = noSums();
  const names = Object.keys(sums) as (keyof Sums)[];
  for (const tally of tallies) for (const name of names) sums[name] += tally.sums[name];
  return {
    sums,
    errors: mergedCounts(tallies.map(({ errors }) => errors)),
    faults: mergedCounts(tallies.map(({ faults }) => faults)),
    acks: sumOf(tallies.map(({ acks }) => acks)),
    late: sumOf(tallies.map(({ late }) => late)),
    connected: tallies.reduce((sum, { connected }) => sum + connected, 0),
  };
}

/** The sums by name. */
export function mergedCounts(all: readonly Record<string, number>[]): Record<string, number> {
  const merged: Record<string, number> = {};
  for (const counts of all)
    for (const [name, count] of Object.entries(counts)) merged[name] = (merged[name] ?? 0) + count;
  return merged;
}

/** With `before`, the latencies are those since that tally. */
export function statsOf(tally: Tally, elapsedMs: number, devices: number, before: Tally | null = null): FleetStats {
  const { sums, errors, faults, connected } = tally;
  const acks = before === null ? tally.acks : since(tally.acks, before.acks);
  const late = before === null ? tally.late : since(tally.late, before.late);
  return {
    elapsedMs,
    devices,
    connected,
    ...sums,
    framesUnacked: sums.framesSent - sums.framesAcked - sums.framesNacked,
    errors,
    faults,
    ackP50Ms: percentileMs(acks, 50),
    ackP90Ms: percentileMs(acks, 90),
    ackP99Ms: percentileMs(acks, 99),
    ackMaxMs: percentileMs(acks, 100),
    lateP99Ms: percentileMs(late, 99),
  };
}

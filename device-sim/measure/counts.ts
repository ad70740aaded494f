import { createLatencies, type Latencies, percentileMs, record, since, sumOf } from './latencies.js';

/** What was seen so far. */
export interface FleetStats extends Sums {
  elapsedMs: number;
  devices: number;
  connected: number;
  /** Sent or waiting to be sent, and without an answer yet. */
  framesUnacked: number;
  /** How often what went wrong, by its code: 'nack value_invalid', 'close 4001 overloaded', 'HTTP 401', 'ECONNREFUSED'. */
  errors: Record<string, number>;
  /** How often the simulator did what harm, by the name of the fault. */
  faults: Record<string, number>;
  /** From the moment a frame was due to its ack. In a progress report: of the acks since the report before. */
  ackP50Ms: number;
  ackP90Ms: number;
  ackP99Ms: number;
  ackMaxMs: number;
  /** From the moment a frame was due to when the simulator got round to it. */
  lateP99Ms: number;
}

interface Sums {
  framesSent: number;
  framesAcked: number;
  framesNacked: number;
  readingsAcked: number;
  /** Frames that found a device's buffer full. */
  framesDropped: number;
  /** Commands that were asked of the gateway, and that devices were sent (those that came again included). */
  commandsCreated: number;
  commandsCame: number;
  /** Upgrades that led to a welcome. */
  linksOpened: number;
  /** Links that ended without being asked to, and attempts that failed. */
  linksLost: number;
}

/** The counts of a process, as they are handed on. */
export interface Tally {
  sums: Sums;
  errors: Record<string, number>;
  faults: Record<string, number>;
  acks: Latencies;
  late: Latencies;
  connected: number;
}

export type Counts = ReturnType<typeof createCounts>;

const noSums = (): Sums => ({
  ...{ framesSent: 0, framesAcked: 0, framesNacked: 0, readingsAcked: 0, framesDropped: 0 },
  ...{ commandsCreated: 0, commandsCame: 0, linksOpened: 0, linksLost: 0 },
});

/** Tallies of the devices of one process. */
export function createCounts() {
  const acks = createLatencies();
  const late = createLatencies();
  const errors: Record<string, number> = {};
  const faults: Record<string, number> = {};
  const sums = noSums();

  function error(code: string): void {
    errors[code] = (errors[code] ?? 0) + 1;
  }

  return {
    framesAcked: (): number => sums.framesAcked,
    error,

    due: (lateMs: number): void => record(late, lateMs),
    sent(): void {
      sums.framesSent++;
    },
    dropped(): void {
      sums.framesDropped++;
    },
    acked(readings: number, tookMs: number): void {
      sums.framesAcked++;
      sums.readingsAcked += readings;
      record(acks, tookMs);
    },
    nacked(code: string): void {
      sums.framesNacked++;
      error(`nack ${code}`);
    },
    created(): void {
      sums.commandsCreated++;
    },
    commanded(): void {
      sums.commandsCame++;
    },
    linked(): void {
      sums.linksOpened++;
    },
    linkLost(why: string): void {
      sums.linksLost++;
      error(why);
    },
    harmed(fault: string): void {
      faults[fault] = (faults[fault] ?? 0) + 1;
    },

    tally: (connected: number): Tally => ({
      sums: { ...sums },
      errors: { ...errors },
      faults: { ...faults },
      acks: acks.slice(),
      late: late.slice(),
      connected,
    }),
  };
}

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

export function mergedCounts(all: readonly Record<string, number>[]): Record<string, number> {
  const merged: Record<string, number> = {};
  for (const counts of all)
    for (const [name, count] of Object.entries(counts)) merged[name] = (merged[name] ?? 0) + count;
  return merged;
}

/** Latencies are those since `before`, where one is given. */
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

import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';

/** What was seen so far. */
export interface FleetStats {
  elapsedMs: number;
  devices: number;
  connected: number;
  framesSent: number;
  framesAcked: number;
  framesNacked: number;
  /** Sent or waiting to be sent, and without an answer yet. */
  framesUnacked: number;
  readingsAcked: number;
  /** Frames that found a device's buffer full. */
  framesDropped: number;
  /** Commands that came, with those that came again. */
  commandsCame: number;
  /** Links that ended without being asked to, and attempts that failed. */
  linksLost: number;
  /** How often what went wrong, by its code: 'nack value_invalid', 'close 4001 overloaded', 'HTTP 401', 'ECONNREFUSED'. */
  errors: Record<string, number>;
  /** From the moment a frame was due to its ack. In a progress report: of the acks since the report before. */
  ackP50Ms: number;
  ackP99Ms: number;
  /** From the moment a frame was due to when the simulator got round to it. */
  lateP99Ms: number;
}

export type Counts = ReturnType<typeof createCounts>;

/** Tallies of a whole fleet. */
export function createCounts() {
  const acks = createHistogram();
  const recentAcks = createHistogram();
  const late = createHistogram();
  const errors = new Map<string, number>();
  const sums = {
    framesSent: 0,
    framesAcked: 0,
    framesNacked: 0,
    readingsAcked: 0,
    framesDropped: 0,
    commandsCame: 0,
    linksLost: 0,
  };

  function error(code: string): void {
    errors.set(code, (errors.get(code) ?? 0) + 1);
  }

  function read(ackTimes: RecordableHistogram, elapsedMs: number, devices: number, connected: number): FleetStats {
    return {
      elapsedMs,
      devices,
      connected,
      ...sums,
      framesUnacked: sums.framesSent - sums.framesAcked - sums.framesNacked,
      errors: Object.fromEntries(errors),
      ackP50Ms: percentileMs(ackTimes, 50),
      ackP99Ms: percentileMs(ackTimes, 99),
      lateP99Ms: percentileMs(late, 99),
    };
  }

  return {
    framesAcked: (): number => sums.framesAcked,

    due(lateMs: number): void {
      late.record(microseconds(lateMs));
    },
    sent(): void {
      sums.framesSent++;
    },
    dropped(): void {
      sums.framesDropped++;
    },
    acked(readings: number, tookMs: number): void {
      sums.framesAcked++;
      sums.readingsAcked += readings;
      acks.record(microseconds(tookMs));
      recentAcks.record(microseconds(tookMs));
    },
    nacked(code: string): void {
      sums.framesNacked++;
      error(`nack ${code}`);
    },
    commanded(): void {
      sums.commandsCame++;
    },
    linkLost(why: string): void {
      sums.linksLost++;
      error(why);
    },

    total: (elapsedMs: number, devices: number, connected: number): FleetStats =>
      read(acks, elapsedMs, devices, connected),
    /** Latencies are those since the last call. */
    progress(elapsedMs: number, devices: number, connected: number): FleetStats {
      const stats = read(recentAcks, elapsedMs, devices, connected);
      recentAcks.reset();
      return stats;
    },
  };
}

/** A histogram takes whole numbers from 1. */
const microseconds = (ms: number): number => Math.max(1, Math.round(ms * 1000));

function percentileMs(histogram: RecordableHistogram, percent: number): number {
  return histogram.count === 0 ? 0 : Math.round(histogram.percentile(percent) / 100) / 10;
}

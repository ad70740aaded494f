/**
 * What the gateway counts while it works, as plain numbers: a hot loop adds one, and /metrics reads them at a scrape. observe/
 * holds counts, rates, traces of frames, and the reports of the archiver; no frame waits for it. The names and meanings of the
 * metrics are in operator/routes/metrics.ts.
 */

/** Plain numbers since the start. */
export interface Counters {
  framesReceived: number;
  framesStored: number;
  framesDuplicate: number;
  framesUnnumbered: number;
  framesRejected: Record<string, number>;
  bytesReceived: number;
  readingsStored: number;
  readingsRepeated: number;
  /** Rows of queries: readings or buckets. */
  readingRowsRead: number;
  /** Parts of day files that were left out of an answer because they are damaged. */
  damagedSpansRead: number;
  valuesOutOfRange: number;
  seqGaps: number;
  acksSent: number;
  nacksSent: number;
  commits: number;
  commitFailures: number;
  commitSeconds: number;
  logBytes: number;
  rejectedDropped: number;
  seals: number;
  sealFailures: number;
  sealSeconds: number;
  readingsSealed: number;
  upkeepSeconds: Record<string, number>;
  /** Commands that came into a state, by state. */
  commandsMoved: Record<string, number>;
  commandsResent: number;
  commandsLate: number;
  handshakesAccepted: number;
  handshakesRefused: Record<string, number>;
  linksClosed: Record<string, number>;
  takeovers: number;
  liveSamplesDropped: number;
}

export function createCounters(): Counters {
  return {
    framesReceived: 0,
    framesStored: 0,
    framesDuplicate: 0,
    framesUnnumbered: 0,
    framesRejected: {},
    bytesReceived: 0,
    readingsStored: 0,
    readingsRepeated: 0,
    readingRowsRead: 0,
    damagedSpansRead: 0,
    valuesOutOfRange: 0,
    seqGaps: 0,
    acksSent: 0,
    nacksSent: 0,
    commits: 0,
    commitFailures: 0,
    commitSeconds: 0,
    logBytes: 0,
    rejectedDropped: 0,
    seals: 0,
    sealFailures: 0,
    sealSeconds: 0,
    readingsSealed: 0,
    upkeepSeconds: {},
    commandsMoved: {},
    commandsResent: 0,
    commandsLate: 0,
    handshakesAccepted: 0,
    handshakesRefused: {},
    linksClosed: {},
    takeovers: 0,
    liveSamplesDropped: 0,
  };
}

/** Counts one commit that held `readings` readings. */
export function countCommit(
  counters: Counters,
  readings: number,
  commit: { commitMs: number; bytes: number; repeated: number; rejectedDropped: number },
): void {
  counters.commits++;
  counters.commitSeconds += commit.commitMs / 1000;
  counters.logBytes += commit.bytes;
  counters.readingsStored += readings;
  counters.readingsRepeated += commit.repeated;
  counters.rejectedDropped += commit.rejectedDropped;
}

export function countBy(counts: Record<string, number>, name: string): void {
  counts[name] = (counts[name] ?? 0) + 1;
}

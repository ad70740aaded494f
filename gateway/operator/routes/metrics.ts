import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { OperatorContext } from '../http/context.js';

type Read = (context: OperatorContext) => number | Record<string, number>;

interface Metric {
  name: string;
  type: 'counter' | 'gauge';
  help: string;
  /** Name of the label that the keys of a record are values of. */
  label?: string;
  read: Read;
}

const counter = (name: string, help: string, read: Read, label?: string): Metric => ({
  name,
  type: 'counter',
  help,
  read,
  label,
});
const gauge = (name: string, help: string, read: Read, label?: string): Metric => ({
  name,
  type: 'gauge',
  help,
  read,
  label,
});

/** Every metric of the gateway; docs/metrics.md is this table. Device ids are never labels. */
export const metrics: readonly Metric[] = [
  gauge('tidegate_links', 'Device links open now', ({ status }) => status().links),
  gauge('tidegate_devices', 'Devices registered', ({ status }) => status().devices),
  gauge('tidegate_ready', '1 while devices may connect, else 0', ({ status }) => (status().state === 'ready' ? 1 : 0)),
  gauge('tidegate_queued_bytes', 'Telemetry taken in and not yet on disk', ({ status }) => status().queuedBytes),
  gauge(
    'tidegate_disk_free_bytes',
    'Free space in the file system of the data folder',
    ({ status }) => status().diskFreeBytes,
  ),
  gauge('tidegate_disk_low', '1 while free space is under store.lowSpaceBytes, else 0', ({ status }) =>
    status().diskLow ? 1 : 0,
  ),
  gauge(
    'tidegate_unsealed_readings',
    'Readings in the commit log that are not in day files yet',
    ({ status }) => status().unsealedReadings,
  ),
  gauge(
    'tidegate_retention_paused',
    '1 while nothing is removed for its age, since the clock stepped; else 0',
    ({ status }) => (status().retentionPaused === null ? 0 : 1),
  ),
  gauge(
    'tidegate_ack_seconds',
    'From the receipt of the oldest frame of a commit to its acks, over the last seconds',
    ({ status }) => {
      const { ackP50Ms, ackP99Ms } = status();
      return { '0.5': ackP50Ms / 1000, '0.99': ackP99Ms / 1000 };
    },
    'quantile',
  ),
  counter(
    'tidegate_frames_received_total',
    'Telemetry frames read from devices',
    ({ counters }) => counters.framesReceived,
  ),
  counter(
    'tidegate_frames_stored_total',
    'Frames taken in and sent to the store',
    ({ counters }) => counters.framesStored,
  ),
  counter(
    'tidegate_frames_duplicate_total',
    'Frames that an older link had brought already',
    ({ counters }) => counters.framesDuplicate,
  ),
  counter(
    'tidegate_frames_unnumbered_total',
    'Frames of seq 0 or none, stored at best effort',
    ({ counters }) => counters.framesUnnumbered,
  ),
  counter(
    'tidegate_frames_rejected_total',
    'Frames put into quarantine, by fault code',
    ({ counters }) => counters.framesRejected,
    'code',
  ),
  counter(
    'tidegate_rejected_dropped_total',
    'Frames that left a full quarantine',
    ({ counters }) => counters.rejectedDropped,
  ),
  counter(
    'tidegate_received_bytes_total',
    'Bytes of messages read from devices',
    ({ counters }) => counters.bytesReceived,
  ),
  counter('tidegate_readings_stored_total', 'Readings on disk', ({ counters }) => counters.readingsStored),
  counter(
    'tidegate_readings_repeated_total',
    'Readings not stored since their device, metric and millisecond were',
    ({ counters }) => counters.readingsRepeated,
  ),
  counter(
    'tidegate_reading_rows_read_total',
    'Readings and buckets read for queries and exports',
    ({ counters }) => counters.readingRowsRead,
  ),
  counter(
    'tidegate_values_out_of_range_total',
    'Values stored though outside the range of their model',
    ({ counters }) => counters.valuesOutOfRange,
  ),
  counter('tidegate_seq_gaps_total', 'Jumps ahead in the numbering of a stream', ({ counters }) => counters.seqGaps),
  counter('tidegate_nacks_sent_total', 'Refusals of frames told to devices', ({ counters }) => counters.nacksSent),
  counter('tidegate_commits_total', 'Commits that reached the disk', ({ counters }) => counters.commits),
  counter(
    'tidegate_commit_failures_total',
    'Commits that failed; their links were closed',
    ({ counters }) => counters.commitFailures,
  ),
  counter('tidegate_commit_seconds_total', 'Time spent in commits', ({ counters }) => counters.commitSeconds),
  counter('tidegate_seals_total', 'Times that the log was sealed into day files', ({ counters }) => counters.seals),
  counter(
    'tidegate_seal_failures_total',
    'Seals and upkeep of day files that failed; they are tried again',
    ({ counters }) => counters.sealFailures,
  ),
  counter('tidegate_seal_seconds_total', 'Time spent on sealing', ({ counters }) => counters.sealSeconds),
  counter(
    'tidegate_readings_sealed_total',
    'Readings brought into day files',
    ({ counters }) => counters.readingsSealed,
  ),
  counter(
    'tidegate_upkeep_seconds_total',
    'Time spent on day files beside sealing, by task: merge, finish, expire',
    ({ counters }) => counters.upkeepSeconds,
    'task',
  ),
  counter('tidegate_log_bytes_total', 'Bytes handed to the commit log', ({ counters }) => counters.logBytes),
  counter(
    'tidegate_commands_total',
    'Commands that came into a state, by state',
    ({ counters }) => counters.commandsMoved,
    'state',
  ),
  gauge(
    'tidegate_commands_open',
    'Commands without an end, by state; queued is the length of the queue',
    ({ commands }) => commands.openByState(),
    'state',
  ),
  counter(
    'tidegate_commands_resent_total',
    'Commands sent again after a reconnect',
    ({ counters }) => counters.commandsResent,
  ),
  counter(
    'tidegate_commands_late_total',
    'Words of devices about commands that had ended',
    ({ counters }) => counters.commandsLate,
  ),
  gauge(
    'tidegate_command_received_seconds',
    'From the creation of a command to its device’s word that it came, since the start',
    ({ commands }) => commands.timings().toReceived,
    'quantile',
  ),
  gauge(
    'tidegate_command_done_seconds',
    'From the creation of a command to its device’s final word, since the start',
    ({ commands }) => commands.timings().toDone,
    'quantile',
  ),
  counter(
    'tidegate_handshakes_accepted_total',
    'Upgrade requests that became links',
    ({ counters }) => counters.handshakesAccepted,
  ),
  counter(
    'tidegate_handshakes_refused_total',
    'Upgrade requests refused, by code',
    ({ counters }) => counters.handshakesRefused,
    'code',
  ),
  counter(
    'tidegate_links_closed_total',
    'Links ended, by close name, or lost, or by_device',
    ({ counters }) => counters.linksClosed,
    'close',
  ),
  counter(
    'tidegate_takeovers_total',
    'Links replaced by a newer one of the same device',
    ({ counters }) => counters.takeovers,
  ),
  counter(
    'tidegate_live_samples_dropped_total',
    'Readings that slow clients of /v1/live missed',
    ({ counters }) => counters.liveSamplesDropped,
  ),
  gauge(
    'tidegate_bridge_connected',
    '1 while the bridge has a connection to its broker; 0 also where there is no bridge',
    (context) => (context.mqtt()?.status?.connected === true ? 1 : 0),
  ),
  gauge(
    'tidegate_bridge_backlog_bytes',
    'Bytes of the commit log that the broker has not acknowledged',
    ({ mqtt }) => mqtt()?.status?.backlogBytes ?? 0,
  ),
  gauge(
    'tidegate_bridge_backlog_commits',
    'Commits that the broker has not acknowledged',
    ({ mqtt }) => mqtt()?.status?.backlogRows ?? 0,
  ),
  gauge(
    'tidegate_bridge_backlog_seconds',
    'Age of the oldest commit that the broker has not acknowledged',
    ({ mqtt }) => (mqtt()?.status?.backlogMs ?? 0) / 1000,
  ),
  gauge(
    'tidegate_bridge_backlog_full',
    '1 while more waits for the broker than may: mqtt.whenFull applies',
    ({ mqtt }) => (mqtt()?.status?.full === true ? 1 : 0),
  ),
  counter(
    'tidegate_bridge_acked_total',
    'Messages that the broker acknowledged, by kind: telemetry (with what the profile makes of it), other',
    ({ mqtt }) => ({ telemetry: mqtt()?.counts.telemetryAcked ?? 0, other: mqtt()?.counts.othersAcked ?? 0 }),
    'kind',
  ),
  counter(
    'tidegate_bridge_resent_total',
    'Messages to be sent again after a lost connection or a refusal',
    ({ mqtt }) => mqtt()?.counts.resent ?? 0,
  ),
  counter(
    'tidegate_bridge_refused_total',
    'Refusals by the broker; what was refused is sent again',
    ({ mqtt }) => mqtt()?.counts.refused ?? 0,
  ),
  counter(
    'tidegate_bridge_connects_total',
    'Connections made to the broker',
    ({ mqtt }) => mqtt()?.counts.connects ?? 0,
  ),
  counter(
    'tidegate_bridge_connections_lost_total',
    'Connections to the broker that ended',
    ({ mqtt }) => mqtt()?.counts.connectionsLost ?? 0,
  ),
  counter(
    'tidegate_bridge_frames_dropped_total',
    'Frames that will not be bridged: the backlog was over mqtt.backlogBytes or mqtt.backlogSeconds, or they have no name to be sent under',
    ({ mqtt }) => mqtt()?.counts.framesDropped ?? { bytes: 0, age: 0, unsendable: 0 },
    'why',
  ),
  counter(
    'tidegate_bridge_answers_lost_total',
    'Answers to commands that were too many to wait for the broker',
    ({ mqtt }) => mqtt()?.counts.answersLost ?? 0,
  ),
  counter(
    'tidegate_bridge_commands_total',
    'Messages on command topics, by outcome: created, or the code of the refusal',
    ({ mqtt }) => mqtt()?.commands ?? {},
    'outcome',
  ),
];

const registries = new WeakMap<OperatorContext, Registry>();

/** All metrics in the Prometheus text format. */
export function metricsText(context: OperatorContext): Promise<string> {
  let registry = registries.get(context);
  if (registry === undefined) {
    registry = registryOf(context);
    registries.set(context, registry);
  }
  return registry.metrics();
}

/** Values are read at the scrape, so that counting costs an addition and nothing else. */
function registryOf(context: OperatorContext): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  for (const { name, type, help, label, read } of metrics) {
    const labelNames = label === undefined ? [] : [label];
    const collect = function (this: Counter | Gauge): void {
      this.reset();
      const value = read(context);
      if (typeof value === 'number') this.inc(value);
      else for (const [key, count] of Object.entries(value)) this.inc({ [label as string]: key }, count);
    };
    if (type === 'counter') new Counter({ name, help, labelNames, registers: [registry], collect });
    else new Gauge({ name, help, labelNames, registers: [registry], collect });
  }
  return registry;
}

/** docs/metrics.md. */
export function metricsDocument(): string {
  const rows = metrics.map(
    ({ name, type, label, help }) =>
      `| \`${name}\` | ${type} | ${label === undefined ? '' : `\`${label}\``} | ${help} |`,
  );
  return `# Metrics\n\nGenerated by \`npm run generate\` from gateway/operator/routes/metrics.ts. \`GET /metrics\` with a viewer key; the usual \`process_\` and \`nodejs_\` metrics come with them.\n\n| metric | type | label | meaning |\n|---|---|---|---|\n${rows.join('\n')}\n`;
}

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
  gauge(
    'tidegate_transport',
    '1 for the library that speaks WebSocket and HTTP: uws or ws',
    ({ transport }) => ({ [transport.name]: 1 }),
    'transport',
  ),
  gauge('tidegate_ready', '1 while devices may connect, else 0', ({ status }) => (status().state === 'ready' ? 1 : 0)),
  gauge(
    'tidegate_queued_bytes',
    'Bytes of telemetry that were accepted and are not on disk yet',
    ({ status }) => status().queuedBytes,
  ),
  gauge(
    'tidegate_disk_free_bytes',
    'Free bytes in the file system of the data folder',
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
    'tidegate_damaged_days',
    'Days of which a file is damaged or missing, as far as it is known; GET /v1/gateway names them',
    ({ status }) => status().damagedDays.length,
  ),
  gauge(
    'tidegate_aside_readings',
    'Readings that wait in a file of their own until a damaged day is mended; queries return them',
    ({ status }) => status().damagedDays.reduce((sum, { waiting }) => sum + waiting, 0),
  ),
  gauge(
    'tidegate_backup_age_seconds',
    'Seconds since the last complete backup in backup.folder was begun, or since the start if there is none; 0 if no folder is set',
    ({ backups }) => backups.ageSeconds(),
  ),
  counter('tidegate_backup_failures_total', 'Backups into backup.folder that failed', ({ backups }) =>
    backups.failures(),
  ),
  counter(
    'tidegate_exported_readings_total',
    'Readings that exports have written',
    ({ jobs }) => jobs.exported().readings,
  ),
  counter(
    'tidegate_export_failures_total',
    'Exports that failed, without those that were cancelled',
    ({ jobs }) => jobs.exported().failures,
  ),
  counter('tidegate_archived_days_total', 'Files of days that were written into store.archive', ({ archive }) =>
    archive.days(),
  ),
  counter('tidegate_archive_failures_total', 'Runs of the archive in store.archive that failed', ({ archive }) =>
    archive.failures(),
  ),
  gauge('tidegate_retention_paused', '1 while retention is paused because the clock stepped, else 0', ({ status }) =>
    status().retentionPaused === null ? 0 : 1,
  ),
  gauge(
    'tidegate_ack_seconds',
    'Seconds from the receipt of the oldest frame of a commit to its acks, over the last seconds',
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
    'Frames accepted and sent to the store',
    ({ counters }) => counters.framesStored,
  ),
  counter(
    'tidegate_frames_duplicate_total',
    'Frames received again that an older link had already delivered',
    ({ counters }) => counters.framesDuplicate,
  ),
  counter(
    'tidegate_frames_unnumbered_total',
    'Frames without a seq (or with 0), stored at best effort',
    ({ counters }) => counters.framesUnnumbered,
  ),
  counter(
    'tidegate_frames_rejected_total',
    'Frames refused and put into quarantine, by fault code',
    ({ counters }) => counters.framesRejected,
    'code',
  ),
  counter(
    'tidegate_rejected_dropped_total',
    'Frames removed from a full quarantine to make room for newer ones',
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
    'Readings not stored because one of the same device, metric and millisecond was',
    ({ counters }) => counters.readingsRepeated,
  ),
  counter(
    'tidegate_reading_rows_read_total',
    'Readings and buckets read for queries and exports',
    ({ counters }) => counters.readingRowsRead,
  ),
  counter(
    'tidegate_damaged_spans_read_total',
    'Parts of day files left out of answers because they are damaged',
    ({ counters }) => counters.damagedSpansRead,
  ),
  counter(
    'tidegate_values_out_of_range_total',
    'Values outside the range of their model, stored anyway',
    ({ counters }) => counters.valuesOutOfRange,
  ),
  counter('tidegate_seq_gaps_total', 'Gaps in the numbering of a stream', ({ counters }) => counters.seqGaps),
  counter('tidegate_nacks_sent_total', 'Nacks sent to devices', ({ counters }) => counters.nacksSent),
  counter('tidegate_commits_total', 'Commits on disk', ({ counters }) => counters.commits),
  counter(
    'tidegate_commit_failures_total',
    'Commits that failed; their links were closed with 4005',
    ({ counters }) => counters.commitFailures,
  ),
  counter('tidegate_commit_seconds_total', 'Seconds spent in commits', ({ counters }) => counters.commitSeconds),
  counter('tidegate_seals_total', 'Seals of the commit log into day files', ({ counters }) => counters.seals),
  counter(
    'tidegate_seal_failures_total',
    'Seals and upkeep of day files that failed; they are retried',
    ({ counters }) => counters.sealFailures,
  ),
  counter('tidegate_seal_seconds_total', 'Seconds spent on sealing', ({ counters }) => counters.sealSeconds),
  counter('tidegate_readings_sealed_total', 'Readings moved into day files', ({ counters }) => counters.readingsSealed),
  counter(
    'tidegate_upkeep_seconds_total',
    'Seconds spent on upkeep of day files, by task: merge, finish, heal, expire',
    ({ counters }) => counters.upkeepSeconds,
    'task',
  ),
  counter('tidegate_log_bytes_total', 'Bytes written to the commit log', ({ counters }) => counters.logBytes),
  counter(
    'tidegate_commands_total',
    'Commands that reached a state, by state',
    ({ counters }) => counters.commandsMoved,
    'state',
  ),
  gauge(
    'tidegate_commands_open',
    'Commands without a final state, by state; queued is the length of the queue',
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
    'Reports of devices about commands that had already ended',
    ({ counters }) => counters.commandsLate,
  ),
  gauge(
    'tidegate_command_received_seconds',
    'Seconds from the creation of a command to received, as its device reports it, since the start',
    ({ commands }) => commands.timings().toReceived,
    'quantile',
  ),
  gauge(
    'tidegate_command_done_seconds',
    'Seconds from the creation of a command to its final state, as its device reports it, since the start',
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
    'Upgrade requests that were refused, by code',
    ({ counters }) => counters.handshakesRefused,
    'code',
  ),
  counter(
    'tidegate_links_closed_total',
    'Links that ended, by the name of the close code, or lost, or by_device',
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
    'Readings not sent to clients of /v1/live that are slow, or because too many late ones waited to be looked up',
    ({ counters }) => counters.liveSamplesDropped,
  ),
  gauge(
    'tidegate_bridge_connected',
    '1 while the bridge is connected to its broker; 0 if it is not, or if there is no bridge',
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
    '1 while the backlog exceeds its limit and mqtt.whenFull applies, else 0',
    ({ mqtt }) => (mqtt()?.status?.full === true ? 1 : 0),
  ),
  counter(
    'tidegate_bridge_acked_total',
    'Messages that the broker acknowledged, by kind: telemetry (with those of the profile), other',
    ({ mqtt }) => ({ telemetry: mqtt()?.counts.telemetryAcked ?? 0, other: mqtt()?.counts.othersAcked ?? 0 }),
    'kind',
  ),
  counter(
    'tidegate_bridge_resent_total',
    'Messages sent again after a lost connection or a refusal',
    ({ mqtt }) => mqtt()?.counts.resent ?? 0,
  ),
  counter(
    'tidegate_bridge_refused_total',
    'Refusals by the broker; refused messages are sent again',
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
    'Frames that will not be bridged, by why: the backlog exceeded mqtt.backlogBytes (bytes) or mqtt.backlogSeconds (age), or the frame has no valid topic (unsendable)',
    ({ mqtt }) => mqtt()?.counts.framesDropped ?? { bytes: 0, age: 0, unsendable: 0 },
    'why',
  ),
  counter(
    'tidegate_bridge_answers_lost_total',
    'Answers to commands that were dropped because too many waited for the broker',
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
      else if (label !== undefined) for (const [key, count] of Object.entries(value)) this.inc({ [label]: key }, count);
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
  return `# Metrics\n\nGenerated by \`npm run generate\` from gateway/operator/routes/metrics.ts. Read them with \`GET /metrics\` on the operator port and a key of role viewer: [deploy/prometheus/scrape.yml](../deploy/prometheus/scrape.yml) is a scrape configuration. The usual \`process_\` and \`nodejs_\` metrics are there too. Counters start at 0 when the gateway starts.\n\n| metric | type | label | meaning |\n|---|---|---|---|\n${rows.join('\n')}\n`;
}

import { existsSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { type Command, Option } from 'commander';
import pc from 'picocolors';
import { runningOn } from '../../device-sim/api/running.js';
import {
  type ExportFormat,
  type ExportProgress,
  type ExportSpec,
  exportFormats,
} from '../../gateway/domain/exports.js';
import { exportDays } from '../../gateway/store/exporting/exportDays.js';
import { readDevices } from '../../gateway/store/outside/devices.js';
import { unsealedReadings } from '../../gateway/store/outside/sqlView.js';
import { bytesText, countOf } from '../../schemas/display/numbers.js';
import { codeOf, fileReason } from '../../schemas/errors.js';
import type { ExportRequest, JobBody } from '../../schemas/generated/operator.js';
import { type ApiOptions, createApiClient, withApiOptions } from '../api/apiClient.js';
import { Failure } from '../api/failure.js';
import { followJob } from '../api/followJob.js';
import { collect } from '../terminal/collect.js';
import { printJson } from '../terminal/output.js';
import { requireReadable } from '../terminal/requireReadable.js';
import { parseTags } from '../terminal/tags.js';
import { parseWhen, timeForms } from '../terminal/times.js';

interface ExportOptions extends ApiOptions {
  from: string;
  to: string;
  device?: string[];
  tag?: string[];
  model?: string;
  format: ExportFormat;
  out: string;
  data: string;
}

/** `tidegate export` */
export function addExport(program: Command): void {
  withApiOptions(
    program.command('export').description('write readings as Parquet, CSV, NDJSON or SQLite, one file per day'),
  )
    .requiredOption('--from <t>', `start: ${timeForms}`)
    .requiredOption('--to <t>', 'end, exclusive, in the same forms')
    .option('--device <id>', 'only this device; repeatable', collect)
    .option('--tag <name=value>', 'only devices with this tag; repeatable, then devices with all of the tags', collect)
    .option('--model <model>', 'only devices of this model')
    .addOption(new Option('--format <format>', 'form of the files').choices(exportFormats).default('parquet'))
    .requiredOption(
      '--out <dir>',
      'folder of the files: a new or empty one, or that of the same export, to continue it',
    )
    .addHelpText(
      'after',
      '\nDays are in UTC. The folder is on the machine of the gateway, which seals first and then\nwrites the files. If no gateway runs on the data folder, this command reads it itself.\nAn export that was ended is continued by the same command: complete days are skipped.\n\nExamples:\n  tidegate export --from 2026-05-01 --to 2026-06-01 --out /var/exports/may\n  tidegate export --from 2026-05-01 --to 2026-05-02 --tag site=north --format csv --out north',
    )
    .action(exportReadings);
}

async function exportReadings(options: ExportOptions): Promise<void> {
  const now = Date.now();
  const [from, to] = [parseWhen(options.from, now), parseWhen(options.to, now)];
  if (from >= to) throw new Failure(64, `--from ${options.from} is not before --to ${options.to}`);
  const target = targetOf(options);
  const request = { folder: resolve(options.out), format: options.format, from, to };
  const named = options.url ?? process.env.TIDEGATE_URL;
  if (named === undefined && runningOn(options.data) === null && existsSync(options.data))
    return exportHere({ ...request, devices: devicesOf(options.data, target) }, options);
  const api = createApiClient(options);
  const job = await api.request<JobBody>('POST', '/v1/exports', { ...request, ...(target === null ? {} : { target }) });
  const cancel = (): void => void api.request('DELETE', `/v1/jobs/${job.id}`).catch(() => {});
  process.once('SIGINT', cancel);
  try {
    const ended = await followJob(api, job, options);
    if (options.json) return printJson(ended);
    report(ended.subject, ended, ended.filesDone);
  } finally {
    process.off('SIGINT', cancel);
  }
}

type Target = NonNullable<ExportRequest['target']>;

/** The devices that the options name; null: all. Throws Failure. */
function targetOf({ device, tag, model }: ExportOptions): Target | null {
  const targets: Target[] = [];
  if (device !== undefined) targets.push({ ids: [...new Set(device)] as [string, ...string[]] });
  if (tag !== undefined) targets.push({ tags: parseTags(tag) });
  if (model !== undefined) targets.push({ model });
  if (targets.length > 1) throw new Failure(64, 'Give only one of --device, --tag and --model');
  return targets[0] ?? null;
}

/** The ids of the devices in a data folder; null: all. Throws Failure. */
function devicesOf(folder: string, target: Target | null): string[] | null {
  requireReadable(folder);
  if (target === null) return null;
  const devices = readDevices(folder);
  const { ids, model, tags = {} } = target;
  const known = new Set(devices.map(({ id }) => id));
  const unknown = ids?.find((id) => !known.has(id));
  if (unknown !== undefined)
    throw new Failure(1, `There is no device ${unknown}. Check the id. (device_unknown)`, 'device_unknown');
  if (ids !== undefined) return ids;
  const found = devices.filter(
    (device) =>
      (model === undefined || device.model === model) &&
      Object.entries(tags).every(([name, value]) => device.tags[name] === value),
  );
  if (found.length === 0)
    throw new Failure(
      1,
      'The target matches no device. Choose other tags or another model. (target_empty)',
      'target_empty',
    );
  return found.map(({ id }) => id);
}

/** Exports without a gateway. Ctrl+C ends it after the current slice, and complete files stay. Throws Failure. */
async function exportHere(spec: ExportSpec, { data, json }: ExportOptions): Promise<void> {
  const way = relative(resolve(data), spec.folder);
  if (way === '' || !/^(\.\.|\/)/.test(way))
    throw new Failure(1, `${spec.folder} is inside the data folder. Choose another folder.`);
  const unsealed = unsealedReadings(data);
  if (unsealed > 0)
    console.error(
      pc.yellow(
        `${countOf(unsealed, 'reading')} not sealed yet, so missing in the export. Start the gateway on this folder to seal what is in its log.`,
      ),
    );
  const shows = process.stderr.isTTY && !json;
  let interrupted = false;
  const interrupt = (): void => {
    interrupted = true;
  };
  process.once('SIGINT', interrupt);
  const steps = exportDays(data, spec);
  try {
    for (;;) {
      const { value, done } = steps.next();
      if (shows) process.stderr.write(`\rexport ${spec.folder}: ${value.done} of ${countOf(value.total, 'day')} `);
      if (done) return finish(spec, value, { json, shows });
      await turn();
      if (interrupted) throw new Failure(130, 'The export was cancelled; files of complete days stay');
    }
  } catch (error) {
    if (error instanceof Failure) throw error;
    const code = codeOf(error) ?? undefined;
    const full = code === 'ENOSPC' || code === 'SQLITE_FULL';
    throw new Failure(full ? 74 : 1, `export of ${spec.folder} failed: ${fileReason(error)}`, code);
  } finally {
    steps.return(undefined as never);
    process.off('SIGINT', interrupt);
  }
}

function finish(
  { folder }: ExportSpec,
  progress: ExportProgress,
  { json, shows }: { json?: boolean; shows: boolean },
): void {
  if (shows) process.stderr.write('\n');
  if (!json) return report(folder, progress, progress.done);
  const { done, bytes, readings, damaged } = progress;
  printJson({ subject: folder, state: 'done', filesDone: done, bytes, readings, damaged });
}

function report(
  folder: string,
  { bytes, readings, damaged }: { bytes: number; readings: number; damaged: number },
  days: number,
): void {
  console.log(
    `The export is complete: ${folder} has ${countOf(days, 'day')}. This run wrote ${countOf(readings, 'reading')}, ${bytesText(bytes)}.`,
  );
  if (damaged > 0)
    console.error(
      pc.yellow(`${countOf(damaged, 'part')} of day files damaged and left out. To name them: tidegate doctor --all`),
    );
}

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { spanForms, spanMsIn } from '../../schemas/durations.js';
import { type Fleet, FleetError, type Group } from './fleet.js';

/** The options of the command line that change a fleet file, as they were typed. */
export interface Changes {
  devices?: string;
  rate?: string;
  seed?: string;
  /** Is put before every device id. */
  prefix?: string;
}

/** The fleet with these changes. Throws FleetError. */
export function changedFleet(fleet: Fleet, { devices, rate, seed, prefix = '' }: Changes): Fleet {
  const counts =
    devices === undefined
      ? fleet.groups.map(({ count }) => count)
      : shares(fleet, wholeNumber('--devices', devices, 1));
  const intervalMs = rate === undefined ? undefined : intervalOf(rate);
  const groups = fleet.groups.map((group, i): Group => {
    const frameIntervalMs = intervalMs ?? group.frameIntervalMs;
    return {
      ...group,
      prefix: prefixed(prefix, group.prefix),
      count: counts[i],
      frameIntervalMs,
      samplesPerFrame: Math.min(group.samplesPerFrame, frameIntervalMs),
    };
  });
  return {
    ...fleet,
    seed: seed === undefined ? fleet.seed : wholeNumber('--seed', seed, 0),
    groups: groups.filter(({ count }) => count > 0),
    faults: fleet.faults.map((fault) => ({ ...fault, groups: fault.groups?.map((name) => prefix + name) })),
  };
}

function prefixed(prefix: string, name: string): string {
  if (!/^[A-Za-z0-9_-]{1,56}$/.test(prefix + name))
    throw new FleetError(`--prefix ${prefix}: ids have letters, digits, _ and -, and 64 characters at most`);
  return prefix + name;
}

/** Divides `wanted` devices among the groups in proportion to their counts. The shares add up to `wanted`. */
function shares({ groups }: Fleet, wanted: number): number[] {
  const total = groups.reduce((sum, { count }) => sum + count, 0);
  let before = 0;
  return groups.map(({ count }) => {
    const from = Math.round((before * wanted) / total);
    before += count;
    return Math.round((before * wanted) / total) - from;
  });
}

function intervalOf(rate: string): number {
  const hertz = /^\d+(\.\d+)?$/.test(rate) ? Number(rate) : 0;
  if (hertz <= 0 || hertz > 1000)
    throw new FleetError(`--rate ${rate}: write frames per second, above 0 and up to 1000, such as 2 or 0.1`);
  return Math.round(1000 / hertz);
}

/** The value of an option. Throws FleetError. */
export function wholeNumber(option: string, text: string, min: number): number {
  if (!/^\d{1,9}$/.test(text) || Number(text) < min)
    throw new FleetError(`${option} ${text}: write a whole number, at least ${min}`);
  return Number(text);
}

/** The value of --duration in ms. Throws FleetError. */
export function durationOf(text: string): number {
  const ms = spanMsIn(text);
  if (ms === null) throw new FleetError(`--duration ${text}: write ${spanForms}`);
  return ms;
}

/** The address where devices connect, with its path. Host and port are enough. Throws FleetError. */
export function deviceUrlOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || (url.protocol !== 'ws:' && url.protocol !== 'wss:'))
    throw new FleetError(`${text} is no address where devices connect: write ws://host:port or wss://host:port`);
  return url.origin + (url.pathname === '/' ? '/v1/device' : url.pathname.replace(/\/+$/, ''));
}

/** The address where devices connect, if only that of the operator API is known: the same machine, and the default port. */
export function deviceUrlBeside(operatorUrl: string): string {
  if (!/^https?:\/\/./.test(operatorUrl) || !URL.canParse(operatorUrl))
    throw new FleetError(`--url ${operatorUrl}: write http://host:port or https://host:port`);
  const { protocol, hostname } = new URL(operatorUrl);
  return `${protocol === 'https:' ? 'wss' : 'ws'}://${hostname}:8080`;
}

/** The operator key: as given, from the environment, or from the gateway's data folder. Throws FleetError. */
export function operatorKey(given: string | undefined, environment: string | undefined, dataFolder: string): string {
  const named = given ?? environment;
  if (named !== undefined && named !== '') return named;
  const file = join(dataFolder, 'admin.key');
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new FleetError(
      `There is no operator key: ${file} cannot be read (${code}). Give --key, TIDEGATE_KEY, or --data with the gateway's data folder`,
    );
  }
}

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { parse } from 'yaml';
import type { FleetConfig, FleetGroup, SignalConfig } from '../schemas/generated/config.js';
import { loadSchema, packageRoot } from '../schemas/packageRoot.js';

/** A fleet file with every default in place. */
export interface Fleet {
  seed: number;
  rampSeconds: number;
  groups: Group[];
}

export interface Group extends Required<Omit<FleetGroup, 'model' | 'tags' | 'signals'>> {
  model: string | null;
  tags: Record<string, string>;
  signals: Record<string, SignalConfig>;
}

/** All faults of a fleet file at once. */
export class FleetError extends Error {
  readonly exitCode = 78;
}

const validate = new Ajv2020({ allErrors: true, useDefaults: true, verbose: true }).compile<FleetConfig>(
  loadSchema('config/fleet'),
);
const shipped = join(packageRoot, 'config', 'fleets');

/** Reads a fleet file, by its path or by its name in config/fleets. Throws FleetError. */
export function loadFleet(nameOrPath: string): Fleet {
  const inFolder = join(shipped, `${nameOrPath}.yaml`);
  const path = existsSync(nameOrPath) ? nameOrPath : inFolder;
  if (!existsSync(path)) {
    const names = readdirSync(shipped).map((file) => file.replace('.yaml', ''));
    throw new FleetError(`There is no fleet file ${nameOrPath}; give a path, or one of ${names.join(', ')}`);
  }
  return checkFleet(parse(readFileSync(path, 'utf8')), path);
}

/** Throws FleetError; `origin` names the file in its message. */
export function checkFleet(tree: unknown, origin: string): Fleet {
  if (!validate(tree)) {
    const lines = (validate.errors ?? []).map(
      ({ instancePath, message, params, data }) =>
        `  ${instancePath || '/'}: ${message} ${JSON.stringify(params)}, found ${JSON.stringify(data)?.slice(0, 80)}`,
    );
    throw new FleetError(`${origin}:\n${lines.join('\n')}`);
  }
  const groups = tree.groups.map(
    (group): Group => ({ ...(group as Group), model: group.model ?? null, tags: group.tags ?? {} }),
  );
  const prefixes = groups.map(({ prefix }) => prefix);
  const twice = prefixes.find((prefix, i) => prefixes.indexOf(prefix) !== i);
  if (twice !== undefined) throw new FleetError(`${origin}: two groups have the prefix ${twice}`);
  for (const { prefix, frameIntervalMs, samplesPerFrame } of groups) {
    if (frameIntervalMs < samplesPerFrame)
      throw new FleetError(
        `${origin}: ${prefix} has more samples a frame than milliseconds between frames, so times would repeat`,
      );
  }
  return { seed: tree.seed ?? 1, rampSeconds: tree.rampSeconds ?? 1, groups };
}

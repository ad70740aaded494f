import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { ErrorObject } from 'ajv/dist/2020.js';
import { parseDocument } from 'yaml';
import { createAjv, late } from '../../schemas/ajv.js';
import type { FleetConfig, FleetFault } from '../../schemas/generated/config.js';
import { loadSchema, packageRoot } from '../../schemas/load.js';
import { sentenceOf } from '../../schemas/sentenceOf.js';
import { limits } from '../../schemas/tables/limits.js';
import { type Fleet, FleetError, type Group } from './fleet.js';
import { framesDue, planOf } from './plan.js';
import { parseThreshold } from './threshold.js';
import { isTrait } from './traits.js';

const validation = late(() =>
  createAjv({ allErrors: true, useDefaults: true, verbose: true }).compile<FleetConfig>(loadSchema('config/fleet')),
);

const shipped = join(packageRoot, 'config', 'fleets');

/** Reads a fleet file, by its path or by its name in config/fleets. Throws FleetError. */
export function loadFleet(nameOrPath: string): Fleet {
  const candidates = [nameOrPath, join(shipped, nameOrPath), join(shipped, `${nameOrPath}.yaml`)];
  const path = candidates.find((candidate) => statSync(candidate, { throwIfNoEntry: false })?.isFile());
  if (path === undefined) {
    const names = readdirSync(shipped).map((file) => file.replace('.yaml', ''));
    throw new FleetError(`There is no fleet file ${nameOrPath}; give a path, or one of ${names.join(', ')}`);
  }
  const document = parseDocument(readFileSync(path, 'utf8'));
  if (document.errors.length > 0)
    throw faultsIn(
      path,
      document.errors.map(({ message }) => message.trimEnd()),
    );
  return checkFleet(document.toJS(), path);
}

/** Throws FleetError with every fault. `origin` names the file in its message. */
export function checkFleet(tree: unknown, origin: string): Fleet {
  const validate = validation();
  if (!validate(tree)) throw faultsIn(origin, (validate.errors ?? []).map(describeFault));
  const fleet: Fleet = {
    seed: tree.seed ?? 1,
    rampSeconds: tree.rampSeconds ?? 1,
    phases: tree.phases ?? [],
    faults: tree.faults ?? [],
    commands: tree.commands ?? null,
    require: tree.require ?? [],
    groups: tree.groups.map(
      (group): Group => ({
        ...(group as Group),
        model: group.model ?? null,
        tags: group.tags ?? {},
        commands: group.commands ?? {},
      }),
    ),
  };
  const faults = [
    ...faultsOfPrefixes(fleet),
    ...faultsOfFaults(fleet),
    ...faultsOfRequire(fleet),
    ...fleet.groups.flatMap((group, i) => faultsOfGroup(group, i, fleet.seed)),
  ];
  if (faults.length > 0) throw faultsIn(origin, faults);
  return fleet;
}

function faultsIn(origin: string, faults: string[]): FleetError {
  return new FleetError(`${origin} cannot be run:\n${faults.map((fault) => `  ${fault}`).join('\n')}`);
}

/** The sentence for a fault: its path, the rule, the value, and what is allowed. */
function describeFault(error: ErrorObject): string {
  const { keyword, data, parentSchema } = error;
  const where = error.instancePath || '/';
  if (keyword === 'additionalProperties') {
    const known = Object.keys((parentSchema as { properties?: object }).properties ?? {});
    return `${where}: ${sentenceOf(error)}; use ${known.join(', ')}`;
  }
  const found = data === undefined ? '' : `, found ${JSON.stringify(data).slice(0, 80)}`;
  return `${where}: ${sentenceOf(error)}${found}`;
}

function faultsOfPrefixes({ groups }: Fleet): string[] {
  return groups.flatMap(({ prefix }, i) => {
    const first = groups.findIndex((group) => group.prefix === prefix);
    return first === i
      ? []
      : [`/groups/${i}/prefix: ${prefix} is also the prefix of /groups/${first}; give it another one`];
  });
}

/** Checks the rules that the schema cannot express: when a fault strikes, and which faults exclude each other. */
function faultsOfFaults({ faults, groups }: Fleet): string[] {
  return faults.flatMap((fault, i) => {
    const where = `/faults/${i}`;
    const isTimed = fault.perMinute !== undefined || fault.atSeconds !== undefined;
    if (isTrait(fault) && isTimed)
      return [`${where}: ${fault.fault} holds from the start; remove perMinute and atSeconds`];
    if (!isTrait(fault) && (fault.perMinute === undefined) === (fault.atSeconds === undefined))
      return [`${where}: say when ${fault.fault} strikes, with perMinute or with atSeconds`];
    const unknown = fault.groups?.find((prefix) => !groups.some((group) => group.prefix === prefix));
    if (unknown !== undefined) return [`${where}/groups: there is no group ${unknown}`];
    // A reading that is sent again without a time is stored again, so verification could not recognise it.
    const clockless = faults.filter(({ fault: other }) => other === 'no_clock');
    const forgets = fault.fault === 'reboot_forgetting' && clockless.some((other) => shareGroup(fault, other));
    return forgets
      ? [`${where}: reboot_forgetting and no_clock do not go together, because a repeat could not be recognised`]
      : [];
  });
}

/** A fault without groups strikes all groups. */
function shareGroup({ groups: some }: FleetFault, { groups: others }: FleetFault): boolean {
  return some === undefined || others === undefined || some.some((prefix) => others.includes(prefix));
}

function faultsOfRequire({ require }: Fleet): string[] {
  return require.flatMap((text, i) => {
    try {
      parseThreshold(text);
      return [];
    } catch (error) {
      return [`/require/${i}: ${(error as Error).message}`];
    }
  });
}

/** Checks the rules that the schema cannot express: that times differ, and that a frame fits. */
function faultsOfGroup(group: Group, i: number, seed: number): string[] {
  const { frameIntervalMs, samplesPerFrame } = group;
  if (frameIntervalMs < samplesPerFrame)
    return [
      `/groups/${i}/samplesPerFrame: ${samplesPerFrame} samples in ${frameIntervalMs} ms, so times would repeat; at most ${frameIntervalMs}`,
    ];
  const plan = planOf(group, seed);
  if (group.encoding === 'binary' && plan.numeric.length > limits.columnsMax)
    return [`/groups/${i}/signals: ${plan.numeric.length} numbers; a binary frame has ${limits.columnsMax} columns`];
  const largest = Math.max(...framesDue(plan, 0, 1_795_305_600_000).map(({ encode }) => sizeOf(encode(limits.seqMax))));
  return largest <= limits.maxFrameBytes
    ? []
    : [
        `/groups/${i}/samplesPerFrame: ${samplesPerFrame} make a frame of ${largest} bytes; ${limits.maxFrameBytes} is the most, so take fewer`,
      ];
}

const sizeOf = (message: string | Uint8Array): number => Buffer.byteLength(message);

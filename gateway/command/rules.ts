import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import type { ModelCommand } from '../../schemas/generated/config.js';
import { sentenceOf } from '../../schemas/sentenceOf.js';
import { limits } from '../../schemas/tables/limits.js';
import type { Model } from '../domain/model.js';
import { CommandError } from './errors.js';

/** A command as a model declares it. */
export interface CommandRule {
  name: string;
  validate: ValidateFunction;
  /** Paths of parameters that are secret, as lists of property names. */
  secrets: string[][];
  ttlMs: number | null;
  deadlineMs: number | null;
}

/** Seconds may have a fraction (16.1 * 1000 is 16100.000000000002); what is stored are whole ms. */
export const wholeMs = (seconds: number): number => Math.round(seconds * 1000);

/** Compiles the parameters' schema of a declared command. Throws what ajv says of a schema that is none. */
export function compileCommand({ name, params, ttlSeconds, deadlineSeconds }: ModelCommand): CommandRule {
  const ajv = new Ajv2020({ allErrors: true, strict: false });
  ajv.addKeyword({ keyword: 'secret', schemaType: 'boolean' });
  const schema = params ?? { type: 'object' };
  return {
    name,
    validate: ajv.compile(schema),
    secrets: secretsIn(schema as Schema, []),
    ttlMs: ttlSeconds === undefined ? null : wholeMs(ttlSeconds),
    deadlineMs: deadlineSeconds === undefined ? null : wholeMs(deadlineSeconds),
  };
}

interface Schema {
  secret?: boolean;
  properties?: Record<string, Schema>;
}

function secretsIn({ secret, properties = {} }: Schema, path: string[]): string[][] {
  if (secret === true) return [path];
  return Object.entries(properties).flatMap(([name, one]) => secretsIn(one, [...path, name]));
}

/** Tells a device its new secret; the device uses it from its next link on, and keeps the old one until that has worked. */
export const rotateSecret = 'tidegate.rotate_secret';

/** Commands that the gateway itself sends, to devices of any model; operators cannot. */
const builtIns: ReadonlyMap<string, CommandRule> = new Map(
  [
    {
      name: rotateSecret,
      params: {
        type: 'object',
        properties: { secret: { type: 'string', pattern: limits.secretPattern.source, secret: true } },
        required: ['secret'],
        additionalProperties: false,
      },
    },
  ].map((command) => [command.name, compileCommand(command)]),
);

export type CommandRules = ReturnType<typeof createCommandRules>;

/** What each model's devices can be told. A device without a model, or whose model declares none, takes any name. */
export function createCommandRules(models: ReadonlyMap<string, Model>) {
  let byModel = compiled(models);

  /** The rule for a command of a device of this model; null: anything goes. Throws CommandError. */
  function check(
    model: string | null,
    name: string,
    params: Record<string, unknown>,
    bytesMax: number,
  ): CommandRule | null {
    const declared = model === null ? undefined : byModel.get(model);
    const rule =
      builtIns.get(name) ??
      (declared === undefined || declared.size === 0 ? null : ruleOf(declared, name, model as string));
    if (rule !== null && !rule.validate(params)) {
      const errors = (rule.validate.errors ?? []).map((error) => ({
        path: `/params${error.instancePath}`,
        message: sentenceOf(error),
      }));
      throw new CommandError('params_invalid', `The parameters are not what ${name} takes`, errors);
    }
    const bytes = commandBytes({ name, params });
    if (bytes > bytesMax)
      throw new CommandError(
        'command_too_large',
        `Name and parameters have ${bytes} bytes; this device takes ${bytesMax} (${limits.commandBytesMax} unless its hello says more)`,
      );
    return rule;
  }

  /** The parameters of a command of that name without what any model marks secret in them. */
  function redact(name: string, params: Record<string, unknown>): Record<string, unknown> {
    const secrets = [builtIns, ...byModel.values()].flatMap((declared) => declared.get(name)?.secrets ?? []);
    return redacted(params, secrets);
  }

  return {
    check,
    redact,
    /** Paths of what is secret in the parameters of that command. */
    secretsOf: (model: string | null, name: string): string[][] =>
      (builtIns.get(name) ?? (model === null ? undefined : byModel.get(model)?.get(name)))?.secrets ?? [],
    /** Other models from here on; commands that are under way keep what they were checked by. */
    configure(next: ReadonlyMap<string, Model>): void {
      byModel = compiled(next);
    },
  };
}

/** What a command takes of what a device can take (PROTOCOL.md C-7). */
export function commandBytes({ name, params }: { name: string; params: object }): number {
  return Buffer.byteLength(name) + Buffer.byteLength(JSON.stringify(params));
}

function compiled(models: ReadonlyMap<string, Model>): Map<string, Map<string, CommandRule>> {
  return new Map(
    [...models].map(([name, { commands = [] }]) => [
      name,
      new Map(commands.map((one) => [one.name, compileCommand(one)])),
    ]),
  );
}

function ruleOf(declared: Map<string, CommandRule>, name: string, model: string): CommandRule {
  const rule = declared.get(name);
  if (rule === undefined)
    throw new CommandError(
      'command_undeclared',
      `Model ${model} has no command ${name}; it has ${[...declared.keys()].join(', ')}`,
    );
  return rule;
}

export const redactedText = '***';

/** The parameters with what is secret in them blacked out. */
export function redacted(params: Record<string, unknown>, secrets: readonly string[][]): Record<string, unknown> {
  if (secrets.length === 0) return params;
  const copy = structuredClone(params);
  for (const path of secrets) {
    let at: unknown = copy;
    for (const name of path.slice(0, -1)) at = isObject(at) ? at[name] : undefined;
    const last = path[path.length - 1];
    if (isObject(at) && last !== undefined && Object.hasOwn(at, last)) at[last] = redactedText;
  }
  return copy;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

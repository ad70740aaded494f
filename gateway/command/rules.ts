import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { late } from '../../schemas/ajv.js';
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

/** Seconds may have a fraction, and 16.1 * 1000 is 16100.000000000002; whole ms are stored. */
export const wholeMs = (seconds: number): number => Math.round(seconds * 1000);

const newAjv = (): Ajv2020 =>
  new Ajv2020({ allErrors: true, strict: false, verbose: true }).addKeyword({
    keyword: 'secret',
    schemaType: 'boolean',
  });

/** One for all models, because its check of schemas takes longer to make than all checks of parameters together. */
const sharedAjv = late(newAjv);

/** The rules by the declarations that they were compiled from. */
const rules = new WeakMap<ModelCommand, CommandRule>();

/** Compiles the schema of a declared command's parameters, once. Throws the error of ajv if the schema is not valid. */
export function compileCommand(command: ModelCommand): CommandRule {
  const rule = rules.get(command) ?? newRule(command);
  rules.set(command, rule);
  return rule;
}

function newRule({ name, params, ttlSeconds, deadlineSeconds }: ModelCommand): CommandRule {
  const schema = params ?? { type: 'object' };
  return {
    name,
    validate: compiledAlone(schema),
    secrets: secretsIn(schema as Schema, []),
    ttlMs: ttlSeconds === undefined ? null : wholeMs(ttlSeconds),
    deadlineMs: deadlineSeconds === undefined ? null : wholeMs(deadlineSeconds),
  };
}

/** The check of a schema. The shared ajv keeps nothing of it, because each reload brings all of them again. An $id may be in two models. */
function compiledAlone(schema: object): ValidateFunction {
  if (JSON.stringify(schema).includes('"$id"')) return newAjv().compile(schema);
  try {
    return sharedAjv().compile(schema);
  } finally {
    sharedAjv().removeSchema(schema);
  }
}

interface Schema {
  secret?: boolean;
  properties?: Record<string, Schema>;
}

function secretsIn({ secret, properties = {} }: Schema, path: string[]): string[][] {
  if (secret === true) return [path];
  return Object.entries(properties).flatMap(([name, property]) => secretsIn(property, [...path, name]));
}

/** Gives a device its new secret. The device uses it from its next link on, and keeps the old one until that has worked. */
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

/**
 * Which commands a device takes, and with which parameters: what its model declares. A device without a model, or whose model
 * declares no commands, takes any command.
 */
export interface CommandRules {
  /** The rule for this command to a device of this model; null: there is no rule for it. Throws CommandError. */
  check(model: string | null, name: string, params: Record<string, unknown>, bytesMax: number): CommandRule | null;
  /** The parameters of a command with this name, with everything blacked out that any model declares secret. */
  redact(name: string, params: Record<string, unknown>): Record<string, unknown>;
  /** Paths of the secret parameters of this command, as lists of property names. */
  secretsOf(model: string | null, name: string): string[][];
  /** Replaces the models. Commands under way keep the rules that they were checked by. */
  configure(models: ReadonlyMap<string, Model>): void;
}

export function createCommandRules(models: ReadonlyMap<string, Model>): CommandRules {
  let byModel = compiled(models);

  function ruleFor(model: string | null, name: string): CommandRule | null {
    const builtIn = builtIns.get(name);
    if (builtIn !== undefined) return builtIn;
    const declared = model === null ? undefined : byModel.get(model);
    return model === null || declared === undefined || declared.size === 0 ? null : ruleOf(declared, name, model);
  }

  const check: CommandRules['check'] = (model, name, params, bytesMax) => {
    const rule = ruleFor(model, name);
    if (rule !== null && !rule.validate(params)) {
      const errors = (rule.validate.errors ?? []).map((error) => ({
        path: `/params${error.instancePath}`,
        message: sentenceOf(error),
      }));
      throw new CommandError('params_invalid', `The parameters of ${name} do not match the model`, errors);
    }
    const bytes = commandBytes({ name, params });
    if (bytes > bytesMax)
      throw new CommandError(
        'command_too_large',
        `Name and parameters have ${bytes} bytes; this device accepts at most ${bytesMax}`,
      );
    return rule;
  };

  return {
    check,
    redact(name, params) {
      const secrets = [builtIns, ...byModel.values()].flatMap((declared) => declared.get(name)?.secrets ?? []);
      return redacted(params, secrets);
    },
    secretsOf: (model, name) =>
      (builtIns.get(name) ?? (model === null ? undefined : byModel.get(model)?.get(name)))?.secrets ?? [],
    configure(next) {
      byModel = compiled(next);
    },
  };
}

/** The size of a command as it counts against the largest command that a device takes (PROTOCOL.md C-7). */
export function commandBytes({ name, params }: { name: string; params: object }): number {
  return Buffer.byteLength(name) + Buffer.byteLength(JSON.stringify(params));
}

function compiled(models: ReadonlyMap<string, Model>): Map<string, Map<string, CommandRule>> {
  return new Map(
    [...models].map(([name, { commands = [] }]) => [
      name,
      new Map(commands.map((command) => [command.name, compileCommand(command)])),
    ]),
  );
}

function ruleOf(declared: Map<string, CommandRule>, name: string, model: string): CommandRule {
  const rule = declared.get(name);
  if (rule === undefined)
    throw new CommandError(
      'command_undeclared',
      `Model ${model} has no command ${name}; its commands are ${[...declared.keys()].join(', ')}`,
    );
  return rule;
}

export const redactedText = '***';

/** The parameters with the values at these paths blacked out. */
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

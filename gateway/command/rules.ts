import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { late } from '../../schemas/ajv.js';
import type { ModelCommand } from '../../schemas/generated/config.js';
import { sentenceOf } from '../../schemas/sentenceOf.js';
import { limits } from '../../schemas/tables/limits.js';
import type { CommandRecord } from '../domain/command.js';
import type { Model } from '../domain/model.js';
import { CommandError } from './errors.js';
import { compileSecretPlaces, redacted, type SecretPlaces } from './secretPlaces.js';

/** A command as a model declares it. */
export interface CommandRule {
  name: string;
  validate: ValidateFunction;
  /** Where secret values are in given parameters. */
  secretsIn: SecretPlaces;
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

/**
 * Compiles the schema of a declared command's parameters, once. Throws an error that says what is wrong if the schema is not valid,
 * or has a secret that could not be found in parameters.
 */
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
    secretsIn: compileSecretPlaces(schema as Record<string, unknown>),
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
  /**
   * Where the parameters of a command with this name have secret values, as lists of names and indexes: everything that any model
   * declares secret, whatever the model of the device.
   */
  secretsIn(name: string, params: Record<string, unknown>): string[][];
  /** The parameters of a command or batch without its secrets, and without what has been declared secret since it was made. */
  redact(made: Pick<CommandRecord, 'name' | 'params' | 'secrets'>): Record<string, unknown>;
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

  const secretsIn: CommandRules['secretsIn'] = (name, params) =>
    [builtIns, ...byModel.values()].flatMap((declared) => declared.get(name)?.secretsIn(params) ?? []);

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
    secretsIn,
    redact: ({ name, params, secrets }) => redacted(params, [...secrets, ...secretsIn(name, params)]),

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

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { createAjv, late } from '../../schemas/ajv.js';
import { fileReason } from '../../schemas/errors.js';
import type { ModelConfig } from '../../schemas/generated/config.js';
import { loadSchema } from '../../schemas/load.js';
import { sentenceOf } from '../../schemas/sentenceOf.js';
import { compileCommand } from '../command/rules.js';
import type { Model } from '../domain/model.js';
import { ConfigError } from './config.js';

const validation = late(() =>
  createAjv({ allErrors: true, useDefaults: true, verbose: true }).compile(loadSchema('config/model')),
);

/** The models of a folder, by name: the name of NAME.yaml is NAME. Throws ConfigError with all faults of all files. */
export function loadModels(folder: string): Map<string, Model> {
  const faults: string[] = [];
  const models = new Map<string, Model>();
  for (const file of filesIn(folder, faults)) {
    const model = readModel(join(folder, file), faults);
    const name = file.replace(/\.ya?ml$/, '');
    if (model !== null) models.set(name, { ...model, name });
  }
  if (faults.length > 0) throw new ConfigError(faults);
  return models;
}

function filesIn(folder: string, faults: string[]): string[] {
  try {
    return readdirSync(folder)
      .filter((file) => /\.ya?ml$/.test(file))
      .sort();
  } catch (error) {
    faults.push(`models (${folder}): cannot be read: ${fileReason(error)}`);
    return [];
  }
}

function readModel(file: string, faults: string[]): ModelConfig | null {
  try {
    const model: unknown = parse(readFileSync(file, 'utf8'));
    const validate = validation();
    if (!validate(model)) {
      faults.push(...(validate.errors ?? []).map((error) => `${file}${error.instancePath}: ${sentenceOf(error)}`));
      return null;
    }
    const { metrics } = model as ModelConfig;
    for (const field of ['number', 'name'] as const) {
      const values = metrics.map((metric) => metric[field]);
      const twice = values.find((value, i) => values.indexOf(value) !== i);
      if (twice !== undefined) faults.push(`${file}/metrics: ${field} ${twice} is given twice`);
    }
    for (const command of (model as ModelConfig).commands ?? []) {
      try {
        compileCommand(command);
      } catch (error) {
        faults.push(`${file}/commands/${command.name}/params: ${(error as Error).message}`);
      }
    }
    return model as ModelConfig;
  } catch (error) {
    faults.push(`${file}: ${fileReason(error)}`);
    return null;
  }
}

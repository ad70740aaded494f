import { originOf, withoutSecrets } from '../../gateway/config/config.js';
import { loadModels } from '../../gateway/config/models.js';
import { originText } from '../../gateway/config/origins.js';
import { checkFiles } from '../../gateway/wiring/checkFiles.js';
import { printJson, tableOf } from '../terminal/output.js';
import { configFrom, fileInForce } from './configFrom.js';
import type { ConfigOptions } from './configOptions.js';

type SettingsOptions = ConfigOptions & { json?: boolean };

/** Checks the settings, the models and the files that settings name, and prints the settings. Throws ConfigError. */
export function check(options: SettingsOptions): void {
  const resolved = configFrom(options);
  checkFiles(resolved);
  const config = withoutSecrets(resolved);
  const models = [...loadModels(config.models).keys()];
  if (options.json) return printJson({ file: options.config ?? null, config, models });
  console.log(fileInForce(options));
  for (const [key, value] of leaves(config)) console.log(`${key} = ${JSON.stringify(value)}`);
  console.log(`\nmodels: ${models.join(', ') || 'none'}`);
}

/** Prints every setting and where it is from: default, the file, the environment or --set. Throws ConfigError. */
export function show(options: SettingsOptions): void {
  const config = configFrom(options);
  const settings = leaves(withoutSecrets(config)).map(([key, value]) => ({ key, value, ...originOf(config, key) }));
  if (options.json) return printJson({ file: options.config ?? null, settings });
  console.log(`${fileInForce(options)}\n`);
  console.log(
    tableOf(
      ['SETTING', 'VALUE', 'FROM'],
      settings.map(({ key, value, source, from }) => [key, JSON.stringify(value), originText({ source, from })]),
    ),
  );
}

/** The settings of a tree, each with its path as a dotted key. */
function leaves(tree: object, path: string[] = []): [string, unknown][] {
  return Object.entries(tree).flatMap(([key, value]): [string, unknown][] =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? leaves(value as object, [...path, key])
      : [[[...path, key].join('.'), value]],
  );
}

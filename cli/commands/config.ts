import type { Command } from 'commander';
import { withoutSecrets } from '../../gateway/config/config.js';
import { loadModels } from '../../gateway/config/models.js';
import { checkFiles } from '../../gateway/wiring/checkFiles.js';
import { type ConfigOptions, configFrom, withConfigOptions } from '../serving/configFrom.js';
import { printJson } from '../terminal/output.js';

/** `tidegate config` */
export function addConfig(program: Command): void {
  withConfigOptions(
    program
      .command('config')
      .description('check the configuration')
      .command('check')
      .description(
        'check the configuration, the models and the certificate files, and print the resulting settings; exit code 78 if there is a fault',
      ),
  )
    .option('--json', 'print JSON')
    .action((options: ConfigOptions & { json?: boolean }) => {
      const resolved = configFrom(options);
      checkFiles(resolved);
      const config = withoutSecrets(resolved);
      const models = [...loadModels(config.models).keys()];
      if (options.json) return printJson({ config, models });
      for (const [key, value] of leaves(config)) console.log(`${key} = ${JSON.stringify(value)}`);
      console.log(`\nmodels: ${models.join(', ') || 'none'}`);
    });
}

/** The settings of a tree, each with its path as a dotted key. */
function leaves(tree: object, path: string[] = []): [string, unknown][] {
  return Object.entries(tree).flatMap(([key, value]): [string, unknown][] =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? leaves(value as object, [...path, key])
      : [[[...path, key].join('.'), value]],
  );
}

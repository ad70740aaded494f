import type { Command } from 'commander';
import { withoutSecrets } from '../../gateway/config/config.js';
import { loadModels } from '../../gateway/config/models.js';
import { type ConfigOptions, configFrom } from '../serving/runGateway.js';
import { collect } from '../terminal/collect.js';
import { printJson } from '../terminal/output.js';

export function addConfig(program: Command): void {
  program
    .command('config')
    .description('work with the configuration')
    .command('check')
    .description(
      'check configuration and models, and print what would be in force; exit code 78 where there is a fault',
    )
    .option('--config <file>', 'configuration file')
    .option('--data <dir>', 'data folder')
    .option('--set <key=value>', 'one setting; repeatable', collect, [] as string[])
    .option('--json', 'print JSON')
    .action((options: ConfigOptions & { json?: boolean }) => {
      const config = withoutSecrets(configFrom(options));
      const models = [...loadModels(config.models).keys()];
      if (options.json) return printJson({ config, models });
      for (const [key, value] of leaves(config)) console.log(`${key} = ${JSON.stringify(value)}`);
      console.log(`\nmodels: ${models.join(', ') || 'none'}`);
    });
}

function leaves(tree: object, path: string[] = []): [string, unknown][] {
  return Object.entries(tree).flatMap(([key, value]): [string, unknown][] =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? leaves(value as object, [...path, key])
      : [[[...path, key].join('.'), value]],
  );
}

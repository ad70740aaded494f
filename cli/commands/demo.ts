import type { Command } from 'commander';
import { demoFolder } from '../../device-sim/api/running.js';
import type { DemoOptions } from '../serving/demo.js';
import { collect } from '../terminal/collect.js';

/** `tidegate demo` */
export function addDemo(program: Command): void {
  program
    .command('demo')
    .description('run a gateway with 25 simulated devices and a real one, this machine')
    .option('--data <dir>', 'data folder', demoFolder)
    .option('--set <key=value>', 'one setting, for example device.port=9000; repeatable', collect)
    .option('--duration <time>', 'stop after this time, for example 30s or 5m (default: run until Ctrl-C)')
    .action(async (options: DemoOptions) => (await import('../serving/demo.js')).demo(options));
}

import { runShard } from './shard.js';
import type { FromShard, ToShard } from './shards.js';

/** A process of the simulator. It gets its part of the fleet from the parent process, and reports progress and the result to it. */
let stop = (): void => {};
const stopped = new Promise<void>((resolve) => {
  stop = resolve;
});

const report = (message: FromShard): void => {
  process.send?.(message);
};

// Ctrl-C reaches all processes of the terminal; the parent decides when to stop.
process.on('SIGINT', () => {});
process.on('disconnect', () => process.exit(1));
report({ type: 'ready' });
process.on('message', (message: ToShard) => {
  if (message.type === 'stop') stop();
  else
    void runShard(message.options, {
      stop: stopped,
      progress: (tally, stage) => report({ type: 'progress', tally, stage }),
    })
      .then((result) => report({ type: 'result', result }))
      .catch((error: Error) => report({ type: 'failed', message: error.stack ?? error.message }));
});

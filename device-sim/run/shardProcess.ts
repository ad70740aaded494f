import { runShard } from './shard.js';
import type { FromShard, ToShard } from './shards.js';

/** A process of the simulator: gets its part of the fleet from the parent, tells how it goes, and what came of it. */
let stop = (): void => {};
const stopped = new Promise<void>((resolve) => {
  stop = resolve;
});

const tell = (message: FromShard): void => {
  process.send?.(message);
};

// Ctrl-C reaches all processes of the terminal; the parent says when to end.
process.on('SIGINT', () => {});
process.on('disconnect', () => process.exit(1));
tell({ type: 'ready' });
process.on('message', (message: ToShard) => {
  if (message.type === 'stop') stop();
  else
    void runShard(message.options, {
      stop: stopped,
      progress: (tally, stage) => tell({ type: 'progress', tally, stage }),
    })
      .then((result) => tell({ type: 'result', result }))
      .catch((error: Error) => tell({ type: 'failed', message: error.stack ?? error.message }));
});

import type { Commands } from '../command/commands.js';
import type { Meter } from '../observe/meter.js';
import type { Operations } from '../operations/operations.js';
import type { Base } from './base.js';
import type { Closable } from './closing.js';
import type { Storage } from './openStorage.js';

/** About 2,000 ended commands leave in this time. */
const trimEveryMs = 10_000;

/** What time itself sets off: commands that expire, old commands that leave, checks of disk and clock, rates. */
export function everySecond(
  { config, clock, counters, log, monotonic }: Base,
  {
    storage,
    commands,
    meter,
    operations,
  }: { storage: Storage; commands: Commands; meter: Meter; operations: Pick<Operations, 'backups' | 'archive'> },
): Closable {
  let trimmedAt = Number.NEGATIVE_INFINITY;
  let tickedAt = monotonic();

  function trimCommands(now: number): void {
    trimmedAt = now;
    const before = clock.now() - config.commands.keepDays * 86_400_000;
    storage
      .save([{ type: 'trim_commands', before }])
      .catch((error) => log.warn({ err: error }, 'old commands were not removed; it is tried again'));
  }

  const timer = setInterval(() => {
    const now = monotonic();
    commands.tick();
    if (now - trimmedAt > trimEveryMs) trimCommands(now);
    storage.diskWatch.tick(now);
    storage.clockWatch.tick();
    operations.backups.tick();
    operations.archive.tick();
    meter.tick(counters.framesReceived, counters.readingsStored, now - tickedAt);
    tickedAt = now;
  }, 1_000);
  return { close: () => clearInterval(timer) };
}

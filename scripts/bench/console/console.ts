/**
 * The longest tasks of the console's pages. console/ has the fleets that the pages are looked at with, and how they are looked at. It needs
 * the Debian package chromium.
 */
import { tableOf } from '../../../cli/terminal/output.js';
import type { PartOptions } from '../part.js';
import { fsyncP50Ms } from '../table/fsync.js';
import { machineOf } from '../table/machine.js';
import { longTaskMs, type Seen } from './look.js';
import { lookAtMany } from './many.js';
import { lookAtMoving, movingMax } from './moving.js';

/**
 * Measures the longest tasks of each page: first with `devices` devices, of which `links` are online and send 50,000 readings per second, then
 * with 5,000 devices that move, many commands and refusals, a long history, and a device with 60 metrics. Exit code 1 if a task was too long.
 */
export async function benchConsole({ seconds, links, devices, json }: PartOptions): Promise<void> {
  const machine = machineOf(fsyncP50Ms());
  const all = Math.max(links, devices);
  const many = await lookAtMany({ devices: all, links }, seconds);
  const moving = Math.min(links, movingMax);
  const seenMoving = await lookAtMoving(moving, seconds);
  if ([...many.seen, ...seenMoving].some(({ longTasks }) => longTasks > 0)) process.exitCode = 1;
  if (json) return console.log(JSON.stringify({ machine, devices: all, links, ...many, moving, seenMoving }, null, 2));
  const [allText, linksText, movingText] = [all, links, moving].map((count) => count.toLocaleString('en'));
  console.log(`${allText} devices, ${linksText} online\n\n${tableOfSeen(many.seen)}`);
  console.log(
    `\n${movingText} devices that move, 10,000 commands, 10,000 refused attempts\n\n${tableOfSeen(seenMoving)}`,
  );
  console.log(`\n${machine}; first view interactive after ${many.interactiveMs.toFixed(0)} ms`);
}

const tableOfSeen = (seen: Seen[]): string =>
  tableOf(
    ['PAGE', 'LONGEST TASK MS', `TASKS OVER ${longTaskMs} MS`, 'READINGS/S'],
    seen.map(({ page, longestMs, longTasks, readingsPerSecond }) => [
      page,
      longestMs.toFixed(0),
      String(longTasks),
      readingsPerSecond.toLocaleString('en'),
    ]),
  );

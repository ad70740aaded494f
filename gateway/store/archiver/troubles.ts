import { existsSync, statSync } from 'node:fs';
import type { DamagedDay } from '../../domain/storedFiles.js';
import { DayFileError, isDamage } from '../dayFiles/damage.js';
import { dayPath, dayText } from '../dayFiles/days.js';
import { waitingIn } from '../dayFiles/healDay.js';

/** A file that another program keeps locked is tried again after this time. */
const retryMs = 60_000;

/** A damaged one is tried again at once if a file of the day was changed or replaced, and in any case after this time. */
const damagedRetryMs = 3_600_000;

interface Trouble {
  error: DayFileError;
  /** The state of the files of the day when they were last tried. */
  state: string;
  /** Unix ms. */
  retryAt: number;
}

/** The days with a file that cannot be used, and when each is worth another try. Times are Unix ms. */
export class Troubles {
  readonly #folder: string;
  readonly #days = new Map<number, Trouble>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Notes that the day was tried in vain. No file of it may be open. Returns the error to report. */
  note(day: number, error: unknown, now: number): DayFileError {
    const named = error instanceof DayFileError ? error : new DayFileError(day, error);
    const retryAt = now + (isDamage(error) ? damagedRetryMs : retryMs);
    this.#days.set(day, { error: named, state: this.#stateOf(day), retryAt });
    return named;
  }

  clear(day: number): void {
    this.#days.delete(day);
  }

  /** Whether the day was not tried yet, or is worth another try. */
  isDue(day: number, now: number): boolean {
    const trouble = this.#days.get(day);
    return trouble === undefined || now >= trouble.retryAt || trouble.state !== this.#stateOf(day);
  }

  retryAt(day: number): number {
    return this.#days.get(day)?.retryAt ?? 0;
  }

  days(): number[] {
    return [...this.#days.keys()];
  }

  /** Newest first. */
  list(): DamagedDay[] {
    return [...this.#days]
      .sort(([a], [b]) => b - a)
      .map(
        ([
          day,
          {
            error: { file, fault },
          },
        ]) => ({ day: dayText(day), file, fault, waiting: this.#waiting(day) }),
      );
  }

  #waiting(day: number): number {
    const path = dayPath(this.#folder, day, 'aside');
    try {
      return existsSync(path) ? waitingIn(path) : 0;
    } catch {
      return 0;
    }
  }

  /** An operator who restores or mends a file changes this. */
  #stateOf(day: number): string {
    return (['readings', 'late', 'rollup'] as const)
      .map((kind) => {
        const stat = statSync(dayPath(this.#folder, day, kind), { throwIfNoEntry: false });
        return stat === undefined ? '-' : `${stat.ino} ${stat.size} ${stat.mtimeMs} ${stat.ctimeMs}`;
      })
      .join();
  }
}

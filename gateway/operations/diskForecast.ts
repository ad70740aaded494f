import type { DaySizes } from '../domain/storedFiles.js';

const dayMs = 86_400_000;

/** The days before today whose mean size is the rate. */
const rateDays = 7;

/** A disk that lasts longer than this is not foreseen. */
const horizonDays = 3_650;

/** How the data folder grows. */
export interface DiskForecast {
  /** What one day of readings needs, with its rollups: the mean of the last seven days before today; null: there is no such day yet. */
  bytesPerDay: number | null;
  /** Unix ms at which the disk is full at this rate; null: retention removes old days before, or there is no rate. */
  fullAt: number | null;
}

/**
 * When the disk is full, if each day from now on needs as much as the last ones. A day takes the room of the day that retention removes,
 * once there is such a day. `days` are in order of time.
 */
export function diskForecast(
  days: readonly DaySizes[],
  freeBytes: number,
  { retentionDays, rollupRetentionDays }: { retentionDays: number; rollupRetentionDays: number },
  now: number,
): DiskForecast {
  const ageOf = ({ day }: DaySizes): number => Math.floor((now - Date.parse(day)) / dayMs);
  const recent = days.filter((day) => ageOf(day) >= 1 && ageOf(day) <= rateDays);
  if (recent.length === 0) return { bytesPerDay: null, fullAt: null };
  const mean = (part: 'readingsBytes' | 'rollupBytes'): number =>
    recent.reduce((sum, day) => sum + day[part], 0) / recent.length;
  const [readings, rollups] = [mean('readingsBytes'), mean('rollupBytes')];
  const oldest = (part: 'readingsBytes' | 'rollupBytes'): number =>
    days.filter((day) => day[part] > 0).reduce((age, day) => Math.max(age, ageOf(day)), 0);
  const [readingsAge, rollupsAge] = [oldest('readingsBytes'), oldest('rollupBytes')];
  let free = freeBytes;
  let fullAt: number | null = null;
  for (let ahead = 0; ahead < horizonDays && fullAt === null; ahead++) {
    const grows =
      (readingsAge + ahead <= retentionDays ? readings : 0) + (rollupsAge + ahead <= rollupRetentionDays ? rollups : 0);
    if (grows === 0) break;
    if (grows > free) fullAt = Math.round(now + (ahead + free / grows) * dayMs);
    free -= grows;
  }
  return { bytesPerDay: Math.round(readings + rollups), fullAt };
}

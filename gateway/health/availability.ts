/**
 * Whether the store can be written to. health/ judges disk and clock: whether the gateway may accept readings, remove old data,
 * or must end. What is refused then is decided in ingest/ and link/.
 */
import type { Logger } from 'pino';

const probeEveryMs = 250;

export interface Availability {
  /** Whether the store takes writes. */
  writable(): boolean;
  /** A write failed: devices are refused until a write reaches the disk. */
  failed(error: Error & { code?: string | null }): void;
  /** Stops probing. */
  stop(): void;
}

/**
 * Whether the store can be written to. After a failed write it is probed four times a second, and nothing is accepted from
 * devices until a write has reached the disk.
 */
export function createAvailability(options: { probe(): Promise<boolean>; log: Logger }): Availability {
  let writable = true;
  let timer: NodeJS.Timeout | undefined;

  function probeLater(): void {
    timer = setTimeout(async () => {
      const recovered = await options.probe().catch(() => false);
      if (!recovered) return probeLater();
      writable = true;
      options.log.info('the store can be written to again');
    }, probeEveryMs);
  }

  return {
    writable: () => writable,
    failed(error) {
      if (!writable) return;
      writable = false;
      const advice = error.code === 'SQLITE_FULL' ? 'the disk is full: make room in the data folder' : 'see the error';
      options.log.error(
        { err: error, code: error.code },
        `the store cannot be written to; links are closed 4005; ${advice}`,
      );
      probeLater();
    },
    stop: () => clearTimeout(timer),
  };
}

import type { Logger } from 'pino';

const probeEveryMs = 250;

/**
 * Whether the store can be written to. After a failed write it is asked again four times a second, and nothing is taken
 * from devices until a write has reached the disk.
 */
export function createAvailability(options: { probe(): Promise<boolean>; log: Logger }) {
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
    writable: (): boolean => writable,
    failed(error: Error & { code?: string | null }): void {
      if (!writable) return;
      writable = false;
      const advice = error.code === 'SQLITE_FULL' ? 'the disk is full: make room in the data folder' : 'see the error';
      options.log.error(
        { err: error, code: error.code },
        `the store cannot be written to; links are closed 4005; ${advice}`,
      );
      probeLater();
    },
    stop: (): void => clearTimeout(timer),
  };
}

import { type Logger, pino } from 'pino';
import pretty from 'pino-pretty';

/** Logs go to stdout only: readable on a terminal, one JSON object a line elsewhere. */
export function createLogger(level: string): Logger {
  const options = {
    level,
    base: undefined,
    redact: { paths: ['*.secret', '*.key', '*.authorization'], censor: '[secret]' },
  };
  if (!process.stdout.isTTY) return pino(options);
  return pino(options, pretty({ colorize: true, translateTime: 'SYS:HH:MM:ss.l', ignore: 'pid,hostname', sync: true }));
}

import { type Logger, pino } from 'pino';
import pretty from 'pino-pretty';

/** A logger that writes to stdout: readable lines if it is a terminal, else one JSON object per line. */
export function createLogger(level: string): Logger {
  const options = {
    level,
    base: undefined,
    redact: { paths: ['*.secret', '*.key', '*.authorization'], censor: '[secret]' },
  };
  if (!process.stdout.isTTY) return pino(options);
  return pino(options, pretty({ colorize: true, translateTime: 'SYS:HH:MM:ss.l', ignore: 'pid,hostname', sync: true }));
}

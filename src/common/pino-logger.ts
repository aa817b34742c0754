import type { LoggerService } from '@nestjs/common';
import { pino, type Logger as Pino } from 'pino';

/** Contexts in which Nest tells each step of its own start; of use only to whoever looks for a fault there. */
const START_NOISE = new Set(['InstanceLoader', 'RouterExplorer', 'RoutesResolver', 'NestFactory', 'NestApplication']);

/** Nest's logger on pino: one JSON object a line, or readable lines when a person is watching. */
export class PinoLogger implements LoggerService {
  private readonly pino: Pino;

  constructor(level: string, pretty: boolean) {
    this.pino = pino({
      level,
      base: { service: 'gatehouse' },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      ...(pretty && { transport: { target: 'pino-pretty', options: { ignore: 'service,pid', singleLine: true } } }),
    });
  }

  log(message: unknown, ...rest: unknown[]): void {
    this.write(START_NOISE.has(String(rest.at(-1))) ? 'debug' : 'info', message, rest);
  }

  warn(message: unknown, ...rest: unknown[]): void {
    this.write('warn', message, rest);
  }

  error(message: unknown, ...rest: unknown[]): void {
    this.write('error', message, rest);
  }

  fatal(message: unknown, ...rest: unknown[]): void {
    this.write('fatal', message, rest);
  }

  debug(message: unknown, ...rest: unknown[]): void {
    this.write('debug', message, rest);
  }

  verbose(message: unknown, ...rest: unknown[]): void {
    this.write('trace', message, rest);
  }

  /** Nest passes `(message, ...more, context)` and for errors `(message, stack, context)`. */
  private write(
    level: 'info' | 'warn' | 'error' | 'fatal' | 'debug' | 'trace',
    message: unknown,
    rest: unknown[],
  ): void {
    const context = typeof rest.at(-1) === 'string' ? rest.pop() : undefined;
    const stack = level === 'error' && typeof rest[0] === 'string' ? rest[0] : undefined;
    const text = message instanceof Error ? message.message : String(message);
    this.pino[level]({ context, ...(stack !== undefined && { stack }) }, text);
  }
}

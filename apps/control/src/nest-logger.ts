/** Nest's own messages through pino; its start-up lines at debug. */
import type { LoggerService } from '@nestjs/common';
import type { Logger } from '@lutra/telemetry';

export class NestLogger implements LoggerService {
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  log(message: unknown, ...context: unknown[]): void {
    this.#logger.debug({ context: context.at(-1) }, String(message));
  }

  warn(message: unknown, ...context: unknown[]): void {
    this.#logger.warn({ context: context.at(-1) }, String(message));
  }

  error(message: unknown, ...context: unknown[]): void {
    this.#logger.error(message instanceof Error ? { err: message } : { context: context.at(-1) }, String(message));
  }

  fatal(message: unknown, ...context: unknown[]): void {
    this.#logger.fatal(message instanceof Error ? { err: message } : { context: context.at(-1) }, String(message));
  }
}

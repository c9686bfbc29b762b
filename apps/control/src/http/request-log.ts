/** Counts every request; logs those that change something, and the rest at debug. Path and status only: no headers, no bodies. */
import type { IncomingMessage } from 'node:http';
import type { Logger, Metrics } from '@lutra/telemetry';
import { pathOf } from './error.filter.js';
import type { Response } from './versions.js';

const reading = new Set(['GET', 'HEAD', 'OPTIONS']);

export function requestLog(logger: Logger, metrics: Metrics) {
  return (request: IncomingMessage, response: Response, next: () => void): void => {
    const started = performance.now();
    const { method = '' } = request;
    response.on('finish', () => {
      const { statusCode: status } = response;
      metrics.httpRequests.inc({ method, status: String(status) });
      const line = { method, path: pathOf(request), status, ms: Math.round(performance.now() - started) };
      if (reading.has(method)) logger.debug(line, 'request');
      else logger.info(line, 'request');
    });
    next();
  };
}

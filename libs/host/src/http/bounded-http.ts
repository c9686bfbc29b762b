/**
 * The HTTP side of an app: a client that sends slowly is given up, and each answer tells browsers to trust nothing that it did not ask for.
 * What the server runs on is not said.
 */
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { ExpressAdapter } from '@nestjs/platform-express';

/** How long a whole request may take to arrive. */
const defaultRequestMs = 30_000;
const headersMs = 10_000;

export class BoundedHttp extends ExpressAdapter {
  readonly #requestMs: number;

  constructor({ requestMs = defaultRequestMs }: { readonly requestMs?: number | undefined } = {}) {
    super();
    this.#requestMs = requestMs;
    this.disable('x-powered-by');
    this.use(secureHeaders);
  }

  override initHttpServer(): void {
    const requestTimeout = this.#requestMs;
    const headersTimeout = Math.min(headersMs, requestTimeout);
    // Node looks at them only so often, 30 s unless told.
    const connectionsCheckingInterval = Math.min(5_000, requestTimeout);
    this.httpServer = createServer({ requestTimeout, headersTimeout, connectionsCheckingInterval }, this.getInstance());
  }
}

const nothing = ["default-src 'none'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"];
/** A page of ours that brings its own scripts and styles. */
export const pagePolicy = [
  ...nothing,
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "connect-src 'self'",
].join('; ');

function secureHeaders(request: IncomingMessage, response: ServerResponse, next: () => void): void {
  response.setHeader('Content-Security-Policy', nothing.join('; '));
  response.setHeader('X-Content-Type-Options', 'nosniff');
  response.setHeader('X-Frame-Options', 'DENY');
  response.setHeader('Referrer-Policy', 'no-referrer');
  if ('encrypted' in request.socket) response.setHeader('Strict-Transport-Security', 'max-age=31536000');
  next();
}

/**
 * The HTTP side of an app: a client that sends slowly is given up, and each answer tells browsers to trust nothing that it did not ask for.
 * What the server runs on is not said.
 */
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { ExpressAdapter } from '@nestjs/platform-express';
import { leastTls } from './tls-files.js';
import type { TlsFiles } from './tls-files.js';

/** How long a whole request may take to arrive. */
const defaultRequestMs = 30_000;
const headersMs = 10_000;

/** Who connects and says nothing is given up before there is a request to bound. */
const handshakeMs = 10_000;

export interface BoundedHttpOptions {
  readonly requestMs?: number | undefined;
  /** Absent or null: no TLS. */
  readonly tls?: TlsFiles | null;
}

export class BoundedHttp extends ExpressAdapter {
  readonly #requestMs: number;
  readonly #tls: TlsFiles | null;

  constructor({ requestMs = defaultRequestMs, tls = null }: BoundedHttpOptions = {}) {
    super();
    this.#requestMs = requestMs;
    this.#tls = tls;
    this.disable('x-powered-by');
    this.use(secureHeaders);
  }

  override initHttpServer(): void {
    const requestTimeout = this.#requestMs;
    const headersTimeout = Math.min(headersMs, requestTimeout);
    // Node looks at them only so often, 30 s unless told.
    const connectionsCheckingInterval = Math.min(5_000, requestTimeout);
    const limits = { requestTimeout, headersTimeout, connectionsCheckingInterval };
    if (!this.#tls) {
      this.httpServer = createServer(limits, this.getInstance());
      return;
    }
    const options = { ...limits, ...this.#tls.pair, minVersion: leastTls, handshakeTimeout: handshakeMs } as const;
    const server = createTlsServer(options, this.getInstance());
    this.#tls.follow(server);
    this.httpServer = server as unknown as ReturnType<typeof createServer>;
  }

  /** For NestFactory, which goes by this to say what its URL is. */
  get nestOptions(): { readonly httpsOptions?: object } {
    return this.#tls ? { httpsOptions: {} } : {};
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

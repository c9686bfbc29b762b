/**
 * The HTTPS side of a files app: requests of loaders and of other files apps (POST, signed), and content (GET and HEAD, by URLs that open
 * nothing else). What is not signed is refused before a byte of its body is read. Errors go back as `{code, message, details}`.
 */
import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { bodyHash, checkRequest, issueCertificate, renewAfterMs } from '@lutra/files';
import type { FilesKeys, ServerCertificate } from '@lutra/files';
import { SyncError, toSyncError } from '@lutra/model';
import type { ErrorCode } from '@lutra/model';
import type { FilesEnvironment } from '../environment.js';
import { sendLines } from './lines.js';

/** What answers a request: one value, or one after the other. */
export type Route =
  | { readonly kind: 'one'; answer(body: unknown, signal: AbortSignal): Promise<unknown> }
  | { readonly kind: 'lines'; answer(body: unknown, signal: AbortSignal): AsyncIterable<unknown> };

export interface FilesServerOptions {
  readonly environment: FilesEnvironment;
  readonly keys: FilesKeys;
  /** By the name in the path: `/v1/<name>`. */
  readonly routes: ReadonlyMap<string, Route>;
  content(kind: 'blob' | 'pack', token: string, to: { request: IncomingMessage; response: ServerResponse }): Promise<void>;
  readonly logger: { warn(facts: object, message: string): void; error(facts: object, message: string): void };
}

/** 20,000 wanted files with their rows and rules. */
const mostBodyBytes = 32 * 1024 * 1024;
const mostConnections = 512;
const limits = {
  requestTimeout: 60_000,
  headersTimeout: 10_000,
  // Who connects and says nothing holds one of the connections.
  handshakeTimeout: 10_000,
  // aria2 keeps a connection for 15 s.
  keepAliveTimeout: 30_000,
  connectionsCheckingInterval: 5_000,
  // TCP's own: a client whose machine is gone is noticed.
  keepAlive: true,
  keepAliveInitialDelay: 30_000,
  // A path of 4,096 bytes in a URL.
  maxHeaderSize: 16 * 1024,
  minVersion: 'TLSv1.2',
} as const;
/** So long may a client take nothing of an answer. */
const silentMs = 120_000;
const renewCheckMs = 60_000;

export class FilesServer {
  readonly #options: FilesServerOptions;
  readonly #closing = new AbortController();
  #server: Server | null = null;
  #renewal: NodeJS.Timeout | undefined;
  #certificate: { readonly kid: string; readonly until: number } | null = null;

  constructor(options: FilesServerOptions) {
    this.#options = options;
  }

  get isListening(): boolean {
    return this.#server?.listening ?? false;
  }

  /** @throws Error: the port is taken, a file of an operator's certificate cannot be read */
  async listen(): Promise<number> {
    const { host, port } = this.#options.environment;
    const server = createServer({ ...limits, ...(await this.#newCertificate()) }, (request, response) => this.#take(request, response));
    server.maxConnections = mostConnections;
    server.setTimeout(silentMs);
    server.on('tlsClientError', () => undefined); // somebody else's scan; the socket is closed
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    server.once('error', reject);
    server.listen(port, host, resolve);
    await promise;
    server.off('error', reject);
    server.on('error', (error) => this.#options.logger.error({ err: error }, 'the HTTPS server of files'));
    this.#server = server;
    this.#renewal = setInterval(() => void this.#renew(server), renewCheckMs).unref();
    return (server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    clearInterval(this.#renewal);
    this.#closing.abort(new SyncError('ABORTED', 'the files app ends'));
    const server = this.#server;
    if (!server) return;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeAllConnections();
    await closed;
  }

  /** Signed with the first key, which may be another one by now, and not for ever. An operator's file is read again. */
  async #renew(server: Server): Promise<void> {
    const { keys, environment, logger } = this.#options;
    const { kid, until } = this.#certificate ?? {};
    if (environment.certFile === undefined && kid === keys.first.kid && Date.now() < (until ?? 0)) return;
    await this.#newCertificate().then(
      (certificate) => server.setSecureContext(certificate),
      (error: unknown) => logger.error({ err: error }, 'the certificate cannot be renewed; the one before stays in use'),
    );
  }

  async #newCertificate(): Promise<ServerCertificate> {
    const { keys, environment } = this.#options;
    const { certFile, keyFile, url } = environment;
    if (certFile !== undefined && keyFile !== undefined)
      return { cert: readFileSync(certFile, 'utf8'), key: readFileSync(keyFile, 'utf8') };
    this.#certificate = { kid: keys.first.kid, until: Date.now() + renewAfterMs };
    return issueCertificate(keys, url.hostname.replace(/^\[|\]$/g, ''));
  }

  #take(request: IncomingMessage, response: ServerResponse): void {
    this.#answer(request, response).catch((error: unknown) => this.#refuse(error, { request, response }));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '' } = request;
    const [, kind, token = ''] = /^\/v1\/(blob|pack)\/([A-Za-z0-9_-]+)$/.exec(url) ?? [];
    if (kind && (method === 'GET' || method === 'HEAD'))
      return this.#options.content(kind as 'blob' | 'pack', token, { request, response });
    const hash = checkRequest(this.#options.keys, { method, path: url }, request.headers.authorization);
    const route = this.#options.routes.get(url.replace(/^\/v1\//, ''));
    if (!route || method !== 'POST') throw new SyncError('FILES_REFUSED', `${method} ${url.slice(0, 100)}: this build does not know it`);
    const body = await bodyOf(request, hash);
    const over = new AbortController();
    response.once('close', () => over.abort(new SyncError('ABORTED', 'the client is gone')));
    const signal = AbortSignal.any([over.signal, this.#closing.signal]);
    if (route.kind === 'lines') return sendLines(route.answer(body, signal), { response, signal, told });
    request.socket.setTimeout(0); // what is asked may take minutes, without a byte
    const text = JSON.stringify((await route.answer(body, signal)) ?? {});
    response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) }).end(text);
  }

  #refuse(thrown: unknown, { request, response }: { request: IncomingMessage; response: ServerResponse }): void {
    const error = toSyncError(thrown);
    const facts = { code: error.code, err: error, path: request.url?.slice(0, 20), from: request.socket.remoteAddress };
    if (error.code === 'INTERNAL') this.#options.logger.error(facts, 'a request of files failed');
    if (response.headersSent || response.destroyed) return void response.destroy();
    const text = JSON.stringify(told(error));
    // What is left of its body is not read.
    response.writeHead(statuses[error.code] ?? 422, { 'Content-Type': 'application/json', Connection: 'close' }).end(text);
  }
}

function told({ code, message, details }: SyncError): { readonly code: ErrorCode; readonly message: string; readonly details: object } {
  return { code, message, details };
}

const statuses: Partial<Record<ErrorCode, number>> = {
  FILES_REFUSED: 401,
  FILE_ROOT_UNKNOWN: 404,
  FENCED: 409,
  FILE_UNSTABLE: 409,
  FILES_UNAVAILABLE: 503,
  FILES_DISK_FULL: 507,
  ABORTED: 503,
  INTERNAL: 500,
};

/** @throws SyncError FILES_REFUSED: it is not the body that was signed, or too large */
async function bodyOf(request: IncomingMessage, hash: string): Promise<unknown> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of request as AsyncIterable<Buffer>) {
    bytes += piece.length;
    if (bytes > mostBodyBytes) throw new SyncError('FILES_REFUSED', `a request of more than ${mostBodyBytes} bytes`);
    pieces.push(piece);
  }
  const body = Buffer.concat(pieces);
  if (bodyHash(body) !== hash) throw new SyncError('FILES_REFUSED', 'the body of the request is not the one that was signed');
  try {
    return JSON.parse(body.toString());
  } catch (cause) {
    throw new SyncError('FILES_REFUSED', 'the body of the request is not JSON', { cause });
  }
}

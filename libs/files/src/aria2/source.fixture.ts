/** A source of bytes, as the files app of another region is; it does at will what a real one does now and then. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';

export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

export interface SeenRequest {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
}

export class Source {
  readonly requests: SeenRequest[] = [];
  readonly #answers = new Map<string, Answer>();
  readonly #server: ReturnType<typeof createServer | typeof createSecureServer>;
  readonly #isSecure: boolean;

  static async start(tls?: { readonly key: string; readonly cert: string }): Promise<Source> {
    const source = new Source(tls);
    source.#server.listen(0, '127.0.0.1');
    await once(source.#server, 'listening');
    return source;
  }

  private constructor(tls: { readonly key: string; readonly cert: string } | undefined) {
    this.#isSecure = tls !== undefined;
    const answer: Answer = (request, response) => this.#answer(request, response);
    this.#server = tls ? createSecureServer(tls, answer) : createServer(answer);
    this.#server.keepAliveTimeout = 30_000;
  }

  /** @returns its URL */
  at(path: string, answer: Answer): string {
    this.#answers.set(path, answer);
    return this.url(path);
  }

  url(path: string, host = '127.0.0.1'): string {
    const { port } = this.#server.address() as AddressInfo;
    return `${this.#isSecure ? 'https' : 'http'}://${host}:${port}${path}`;
  }

  ranges(path: string): (string | undefined)[] {
    return this.requests.filter((request) => request.path === path).map(({ headers }) => headers.range);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const path = request.url ?? '';
    this.requests.push({ path, headers: request.headers });
    response.on('error', () => undefined);
    const answer = this.#answers.get(path) ?? status(404);
    answer(request, response);
  }
}

export function status(code: number): Answer {
  return (_, response) => response.writeHead(code).end();
}

/** `of` is asked at each request, so that the file can be another one then. */
export function file(of: () => Buffer, headers: Readonly<Record<string, string>> = {}): Answer {
  return ({ headers: { range } }, response) => {
    const bytes = of();
    const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(range ?? '') ?? [];
    if (first === undefined) {
      response.writeHead(200, { ...headers, 'accept-ranges': 'bytes', 'content-length': bytes.length }).end(bytes);
      return;
    }
    const part = bytes.subarray(Number(first), last ? Number(last) + 1 : undefined);
    const contentRange = `bytes ${first}-${Number(first) + part.length - 1}/${bytes.length}`;
    response.writeHead(206, { ...headers, 'content-length': part.length, 'content-range': contentRange }).end(part);
  };
}

export function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

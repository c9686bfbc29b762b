/** One signed request to a files app, and its answer. Whom to trust: the authorities of the keys, or a file of the operator's. */
import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import { createInterface } from 'node:readline';
import { errorTable, SyncError } from '@lutra/model';
import type { ErrorCode } from '@lutra/model';
import { signRequest } from '../auth.js';
import type { FilesKeys } from '../keys.js';
import { authoritiesOf } from '../tls.js';

export interface HttpsCallOptions {
  readonly keys: FilesKeys;
  /** PEM file with the authorities, instead of our own: LUTRA_FILES_CA. */
  readonly caFile?: string | undefined;
}

export interface Call {
  /** https://host:port */
  readonly url: string;
  /** Of the request: `place`. */
  readonly name: string;
  readonly body: unknown;
  /** So long without a byte. */
  readonly silentMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** A kept connection is given up before the server does: 30 s. */
const keepAliveMs = 10_000;
const mostAnswerBytes = 64 * 1024 * 1024;

export class HttpsCall {
  readonly #options: HttpsCallOptions;
  readonly #agent = new Agent({ keepAlive: true, timeout: keepAliveMs, maxSockets: 32 });
  #trust: { readonly kids: string; readonly ca: Promise<string> } | null = null;

  constructor(options: HttpsCallOptions) {
    this.#options = options;
  }

  /** PEM. */
  trust(): Promise<string> {
    const { keys, caFile } = this.#options;
    if (caFile !== undefined) return Promise.resolve(readFileSync(caFile, 'utf8'));
    const kids = keys.kids.join();
    if (this.#trust?.kids !== kids) this.#trust = { kids, ca: authoritiesOf(keys) };
    return this.#trust.ca;
  }

  /** @throws SyncError what the app answered; FILES_UNAVAILABLE: it did not; ABORTED */
  async ask(call: Call): Promise<unknown> {
    const answer = await this.#send(call);
    try {
      return parsed(await textOf(answer), call);
    } catch (error) {
      throw failure(error, call);
    }
  }

  /** Line by line. @throws SyncError as ask */
  async *lines(call: Call): AsyncGenerator<unknown> {
    const answer = await this.#send(call);
    try {
      for await (const line of createInterface({ input: answer, crlfDelay: Infinity })) {
        const value = parsed(line, call);
        const { error } = value as { readonly error?: unknown };
        if (error) throw answered(error, call);
        yield value;
      }
      if (!answer.complete) throw new Error('the answer ends in the middle');
    } catch (error) {
      throw failure(error, call);
    } finally {
      answer.destroy();
    }
  }

  close(): void {
    this.#agent.destroy();
  }

  async #send(call: Call): Promise<IncomingMessage> {
    const { url, name, silentMs, signal } = call;
    const body = Buffer.from(JSON.stringify(call.body));
    const ca = await this.trust();
    const [method, path] = ['POST', `/v1/${name}`];
    const authorization = signRequest(this.#options.keys, { method, path }, body);
    const headers = { Authorization: authorization, 'Content-Type': 'application/json', 'Content-Length': body.length };
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const sent = request(new URL(path, url), { method, headers, ca, agent: this.#agent, signal, timeout: silentMs }, resolve);
    sent.on('timeout', () => sent.destroy(new Error(`no byte in ${silentMs} ms`)));
    sent.on('error', reject);
    sent.end(body);
    try {
      const answer = await promise;
      if (answer.statusCode === 200) return answer;
      throw answered(parsed(await textOf(answer), call), call);
    } catch (error) {
      throw failure(error, call);
    }
  }
}

async function textOf(answer: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of answer as AsyncIterable<Buffer>) {
    pieces.push(piece);
    bytes += piece.length;
    if (bytes > mostAnswerBytes) throw new Error(`an answer of more than ${mostAnswerBytes} bytes`);
  }
  return Buffer.concat(pieces).toString();
}

function parsed(text: string, { url }: Call): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new SyncError('FILES_UNAVAILABLE', `what answers at ${url} is no files app: its answer is not JSON`, { cause });
  }
}

/** `{code, message, details}` */
function answered(error: unknown, { url }: Call): SyncError {
  const { code, message, details } = error as { readonly code?: unknown; readonly message?: unknown; readonly details?: unknown };
  const known = typeof code === 'string' && Object.hasOwn(errorTable, code) ? (code as ErrorCode) : 'FILES_REFUSED';
  const told = typeof details === 'object' && details !== null ? (details as Record<string, never>) : {};
  return new SyncError(known, String(message), { details: { ...told, app: url } });
}

function failure(error: unknown, { url, name, signal }: Call): SyncError {
  if (error instanceof SyncError) return error;
  if (signal?.aborted) return new SyncError('ABORTED', `the request ${name} to a files app was given up`, { cause: error });
  const { code } = error as NodeJS.ErrnoException;
  const why = code ?? (error instanceof Error ? error.message : 'unknown error');
  return new SyncError('FILES_UNAVAILABLE', `the files app at ${url} did not answer: ${why}`, { cause: error, details: { app: url } });
}

/**
 * Control's REST API as one typed function, for programs and browsers alike: `call('GET /api/v1/channels/{name}', {path: {name}})`. It
 * bounds each request in time, repeats a read that control could not answer just now, and follows no redirect: the token is for one server.
 */
import type { Operations } from './api.js';
import { ApiError, refusalOf, UnansweredError } from './errors.js';

export type OperationKey = keyof Operations;
export type Answer<K extends OperationKey> = Operations[K]['answer'];

type PartName = 'path' | 'query' | 'body';
type Asked = Readonly<Record<PartName, unknown>>;
type IsEmpty<T> = T extends Record<string, never> | undefined ? true : false;
/** What has no field that must be given need not be given. */
type IsOptional<T> = Partial<T> extends T ? true : false;
type Required<O extends Asked> = {
  readonly [N in PartName as IsEmpty<O[N]> extends true ? never : IsOptional<O[N]> extends true ? never : N]: O[N];
};
type Optional<O extends Asked> = {
  readonly [N in PartName as IsEmpty<O[N]> extends true ? never : IsOptional<O[N]> extends true ? N : never]?: O[N];
};

export type Input<K extends OperationKey> = Required<Operations[K]> &
  Optional<Operations[K]> & {
    /** The ETag that was read, or *. */
    readonly ifMatch?: string;
    /** Only where there is none yet. */
    readonly ifNoneMatch?: '*';
    readonly signal?: AbortSignal;
  };

export interface ClientOptions {
  /** Of control: http://127.0.0.1:8080 */
  readonly url: string;
  readonly token?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** For one request with its repetitions; default 30 s. */
  readonly timeoutMs?: number;
}

export interface Read<T> {
  readonly answer: T;
  readonly etag: string | null;
  readonly headers: Headers;
}

interface Parts {
  readonly path?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly body?: unknown;
  readonly ifMatch?: string;
  readonly ifNoneMatch?: '*';
  readonly signal?: AbortSignal;
}

const defaultTimeoutMs = 30_000;
/** A read that control could not answer (503) is sent again so often. */
const repetitions = 2;
const longestWaitMs = 5_000;

export class LutraClient {
  readonly #options: ClientOptions;

  constructor(options: ClientOptions) {
    this.#options = options;
  }

  /** @throws ApiError, UnansweredError; the reason of the signal */
  async call<K extends OperationKey>(key: K, ...input: Inputs<K>): Promise<Answer<K>> {
    return (await this.#operate(key, input)).answer as Answer<K>;
  }

  /** With the version of what was read. */
  async read<K extends OperationKey>(key: K, ...input: Inputs<K>): Promise<Read<Answer<K>>> {
    return (await this.#operate(key, input)) as Read<Answer<K>>;
  }

  #operate(key: string, [input]: readonly unknown[]): Promise<Read<unknown>> {
    const [method = 'GET', path = ''] = key.split(' ');
    return this.send(method, path, input ?? {});
  }

  /** An operation that has no type here. */
  async send(method: string, path: string, input: Parts = {}): Promise<Read<unknown>> {
    const timeoutMs = this.#options.timeoutMs ?? defaultTimeoutMs;
    const end = AbortSignal.timeout(timeoutMs);
    const signal = input.signal ? AbortSignal.any([input.signal, end]) : end;
    const url = this.#urlOf(path, input);
    try {
      for (let left = method === 'GET' ? repetitions : 0; ; left--) {
        const response = await fetch(url, this.#requestOf(method, input, signal));
        const text = await response.text();
        if (response.status === 503 && left > 0) await pause(waitOf(response), signal);
        else return { answer: answerOf(response, text), etag: response.headers.get('etag'), headers: response.headers };
      }
    } catch (error) {
      if (error instanceof ApiError || error instanceof UnansweredError) throw error;
      if (input.signal?.aborted) throw input.signal.reason;
      if (end.aborted) throw new UnansweredError('timeout', `${this.#options.url} did not answer within ${timeoutMs / 1000} s`);
      throw new UnansweredError('unreachable', `${this.#options.url}: ${causeOf(error)}`, { cause: error });
    }
  }

  #urlOf(path: string, { path: names = {}, query = {} }: Parts): string {
    const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(names[name] ?? ''));
    const search = new URLSearchParams();
    for (const [name, value] of Object.entries(query)) if (value !== undefined) search.set(name, String(value));
    return `${this.#options.url.replace(/\/+$/, '')}${filled}${search.size === 0 ? '' : `?${search.toString()}`}`;
  }

  #requestOf(method: string, { body, ifMatch, ifNoneMatch }: Parts, signal: AbortSignal): RequestInit {
    const { token, headers = {} } = this.#options;
    return {
      method,
      signal,
      redirect: 'error',
      headers: {
        Accept: 'application/json',
        ...headers,
        ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...(ifMatch === undefined ? {} : { 'If-Match': ifMatch }),
        ...(ifNoneMatch === undefined ? {} : { 'If-None-Match': ifNoneMatch }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    };
  }
}

/** Where nothing must be given, the input may be left out. */
type Inputs<K extends OperationKey> = Partial<Input<K>> extends Input<K> ? [input?: Input<K>] : [input: Input<K>];

function answerOf(response: Response, text: string): unknown {
  const isJson = /\bjson\b/.test(response.headers.get('content-type') ?? '');
  const body = isJson ? parse(text) : text;
  if (!response.ok) throw new ApiError(response.status, refusalOf(response.status, body));
  if (response.status === 204) return undefined;
  if (/^text\/html\b/.test(response.headers.get('content-type') ?? ''))
    throw new UnansweredError('not-lutra', `${response.url} is a web page, and no answer of control`);
  return body;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Retry-After in seconds. */
function waitOf(response: Response): number {
  const seconds = Number(response.headers.get('retry-after') ?? 1);
  return Math.min(Number.isFinite(seconds) ? seconds * 1000 : 1000, longestWaitMs);
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    const end = (): void => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
  });
}

/** fetch says "fetch failed"; what failed is its cause, or one of several. */
function causeOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (cause instanceof AggregateError && cause.errors[0] instanceof Error) return cause.errors[0].message;
  return cause instanceof Error ? cause.message : String(cause);
}

/** A control app in this process on a free port, and a small client for it. */
import { randomBytes } from 'node:crypto';
import { Keyring } from '@lutra/registry';
import { createLogger } from '@lutra/telemetry';
import { createApp } from '../src/app.js';
import type { ControlApp, ControlOptions } from '../src/app.js';
import { readEnvironment } from '../src/environment.js';

/** Of the body of a restart. */
export const healing = { then: 'verify-and-repair' }; // oxlint-disable-line unicorn/no-thenable -- a text is no function

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body, where it is JSON. */
  readonly body: any; // eslint-disable-line typescript/no-explicit-any
}

export interface RunningControl {
  readonly url: string;
  readonly secretKey: Keyring;
  readonly app: ControlApp;
}

export async function startControl(
  variables: Readonly<Record<string, string>>,
  secretKey = Keyring.of(randomBytes(32)),
  options: Partial<Pick<ControlOptions, 'requestMs' | 'tlsLookMs' | 'logger' | 'print'>> = {},
): Promise<RunningControl> {
  const environment = readEnvironment({ PORT: '0', LOG_LEVEL: 'silent', ...variables });
  const app = await createApp({
    environment,
    secretKey,
    logger: createLogger('control', environment.logLevel),
    print: () => undefined,
    ...options,
  });
  return { url: await app.listen(), secretKey, app };
}

export class ControlClient {
  readonly #url: string;
  readonly #headers: Readonly<Record<string, string>>;

  constructor(url: string, headers: Readonly<Record<string, string>> = {}) {
    this.#url = url;
    this.#headers = headers;
  }

  get(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    return this.send('GET', path, { headers });
  }

  post(path: string, body?: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    return this.send('POST', path, { body, headers });
  }

  put(path: string, body: unknown, ifMatch?: string): Promise<Answer> {
    return this.send('PUT', path, { body, headers: ifMatch === undefined ? {} : { 'If-Match': ifMatch } });
  }

  remove(path: string, ifMatch?: string): Promise<Answer> {
    return this.send('DELETE', path, { headers: ifMatch === undefined ? {} : { 'If-Match': ifMatch } });
  }

  /** A string goes as it is, anything else as JSON. */
  async send(
    method: string,
    path: string,
    { body, headers = {} }: { readonly body?: unknown; readonly headers?: Readonly<Record<string, string>> },
  ): Promise<Answer> {
    const type: Record<string, string> = body === undefined ? {} : { 'Content-Type': 'application/json' };
    const response = await fetch(this.#url + path, {
      method,
      headers: { ...type, ...this.#headers, ...headers },
      body: body === undefined || typeof body === 'string' ? body : JSON.stringify(body),
    });
    // A stream does not end by itself.
    const isStream = response.headers.get('content-type') === 'text/event-stream';
    const text = isStream ? '' : await response.text();
    if (isStream) await response.body?.cancel();
    return { status: response.status, headers: response.headers, text, body: parse(text) };
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

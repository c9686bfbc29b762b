/**
 * A Confluent-compatible schema registry over HTTP (SCHEMA_REGISTRY_URL). A 404 counts as "there is none" only with the registry's own
 * error code: the 404 of a wrong URL is an error. The credentials in the URL are sent as basic auth and are in no message and no log line.
 */
import { SyncError } from '@lutra/model';
import type { Logger } from '@lutra/telemetry';
import { z } from 'zod';
import type { SchemaStore, SubjectVersion } from './schemas.js';

export interface HttpSchemaOptions {
  readonly logger?: Logger;
  /** How long one request may take; default 10 s. */
  readonly timeoutMs?: number;
}

interface Call<T> {
  readonly path: string;
  /** Sent by POST; GET without. */
  readonly body?: unknown;
  readonly answer: z.ZodType<T>;
}

const idAnswer = z.object({ id: z.int() });
const textAnswer = z.object({ schema: z.string(), schemaType: z.string().optional() });
const versionAnswer = z.object({ id: z.int(), version: z.int(), schema: z.string() });
const errorAnswer = z.object({ error_code: z.int() });
/** Subject, version or schema not found. */
const notFound = new Set([40401, 40402, 40403]);
const tryAgain = new Set([408, 429]);
const mediaType = 'application/vnd.schemaregistry.v1+json';

/** @throws SyncError CONFIG_INVALID for a URL that is none */
export function createHttpSchemaStore(url: string, options: HttpSchemaOptions = {}): SchemaStore {
  return new HttpSchemas(url, options);
}

class HttpSchemas implements SchemaStore {
  /** Without credentials and trailing slash. */
  readonly #base: string;
  readonly #authorization: string | undefined;
  readonly #options: HttpSchemaOptions;

  constructor(url: string, options: HttpSchemaOptions) {
    const parsed = URL.canParse(url) ? new URL(url) : undefined;
    if (!parsed || !/^https?:$/.test(parsed.protocol)) throw new SyncError('CONFIG_INVALID', 'SCHEMA_REGISTRY_URL is not an http(s) URL');
    const { username, password } = parsed;
    if (username || password) {
      const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
      this.#authorization = `Basic ${Buffer.from(credentials).toString('base64')}`;
    }
    this.#base = `${parsed.origin}${parsed.pathname.replace(/\/+$/, '')}`;
    this.#options = options;
  }

  async register(subject: string, schemaJson: string): Promise<number> {
    const path = `/subjects/${encodeURIComponent(subject)}/versions`;
    const found = await this.#call({ path, body: { schema: schemaJson }, answer: idAnswer });
    if (!found) throw this.#refused(path, 'says that there is no such thing');
    return found.id;
  }

  async idOf(subject: string, schemaJson: string): Promise<number | null> {
    const path = `/subjects/${encodeURIComponent(subject)}`;
    return (await this.#call({ path, body: { schema: schemaJson }, answer: idAnswer }))?.id ?? null;
  }

  async byId(id: number): Promise<string | null> {
    const found = await this.#call({ path: `/schemas/ids/${id}`, answer: textAnswer });
    if (found?.schemaType && found.schemaType !== 'AVRO') throw this.#refused(`/schemas/ids/${id}`, `is ${found.schemaType}, not AVRO`);
    return found?.schema ?? null;
  }

  async subjects(): Promise<readonly string[]> {
    return (await this.#call({ path: '/subjects', answer: z.array(z.string()) })) ?? [];
  }

  async versions(subject: string): Promise<readonly number[]> {
    const found = await this.#call({ path: `/subjects/${encodeURIComponent(subject)}/versions`, answer: z.array(z.int()) });
    return (found ?? []).toSorted((a, b) => a - b);
  }

  async version(subject: string, version: number | 'latest'): Promise<SubjectVersion | null> {
    return this.#call({ path: `/subjects/${encodeURIComponent(subject)}/versions/${version}`, answer: versionAnswer });
  }

  /** Null: the registry says that there is none. */
  async #call<T>(call: Call<T>): Promise<T | null> {
    const { status, text } = await this.#send(call);
    this.#options.logger?.debug({ registry: this.#base, path: call.path, status }, 'asked the schema registry');
    const body = parse(text);
    if (status >= 200 && status < 300) {
      const answer = call.answer.safeParse(body);
      if (answer.success) return answer.data;
      throw this.#refused(call.path, 'answered in an unknown shape');
    }
    const code = errorAnswer.safeParse(body).data?.error_code;
    if (status === 404 && code !== undefined && notFound.has(code)) return null;
    if (status >= 500 || tryAgain.has(status)) throw this.#unavailable(call.path, `HTTP ${status}`);
    throw this.#refused(call.path, `HTTP ${status}${code === undefined ? '' : `, error code ${code}`}`);
  }

  async #send(call: Call<unknown>): Promise<{ status: number; text: string }> {
    const headers: Record<string, string> = { accept: mediaType };
    if (this.#authorization !== undefined) headers['authorization'] = this.#authorization;
    if (call.body !== undefined) headers['content-type'] = mediaType;
    const body = call.body === undefined ? null : JSON.stringify(call.body);
    const signal = AbortSignal.timeout(this.#options.timeoutMs ?? 10_000);
    try {
      const response = await fetch(this.#base + call.path, { method: body === null ? 'GET' : 'POST', headers, body, signal });
      return { status: response.status, text: await response.text() };
    } catch (error) {
      throw this.#unavailable(call.path, 'no answer', error);
    }
  }

  #unavailable(path: string, why: string, cause?: unknown): SyncError {
    return new SyncError('SCHEMA_REGISTRY_UNAVAILABLE', `schema registry ${this.#base}${path}: ${why}`, { cause });
  }

  #refused(path: string, why: string): SyncError {
    return new SyncError('SCHEMA_REGISTRY_REFUSED', `schema registry ${this.#base}${path}: ${why}`);
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // no answer of a registry; the caller says so with the status
  }
}

/**
 * Random requests made from the OpenAPI document: paths, queries, headers and bodies that have the right shape, nearly, or not at all. They
 * name no host but this machine.
 */
export interface Sent {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
}

interface Operation {
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly schema?: Schema }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema?: Schema; readonly example?: unknown }>> };
}

export interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const hostile: readonly string[] = [
  '',
  ' ',
  '.',
  '..',
  '../../../etc/passwd',
  "' OR 1=1 -- ",
  '`;DROP TABLE t',
  '\0',
  '%00',
  '%',
  '%2e%2e%2f',
  '\ud800',
  '\u202e',
  '💥'.repeat(50),
  '__proto__',
  'constructor',
  'toString',
  'NaN',
  '-1',
  '1e400',
  '9'.repeat(400),
  '{{7*7}}',
  '${jndi:ldap://a}',
  '\r\nSet-Cookie: a=b',
  'a/b',
  '*',
  '?'.repeat(120),
  '('.repeat(2_000),
  'a'.repeat(10_000),
  '<script>',
  'env:LUTRA_SECRET_KEY',
  'file:../../etc/passwd',
  '[::1',
];
const odd: readonly unknown[] = [
  null,
  true,
  -1,
  0,
  1.5,
  2 ** 53,
  1e308,
  [],
  {},
  [[[[[[]]]]]],
  { ['__proto__']: { admin: true } },
  ...hostile,
];
const raw = [
  '',
  '{',
  '[',
  'null',
  '"a"',
  '{"a":1,"a":2}',
  '\ufeff{}',
  '1e99999',
  '['.repeat(5_000),
  '{"__proto__":{"a":1}}',
  'a=b',
  '\0\x01\x02',
];
const types = [
  'application/json',
  'application/merge-patch+json',
  'text/plain',
  'application/json; charset=utf-16',
  'application/xml',
  '/',
];
/** What a provider sends a browser back with; the document has none of it. */
const cookieNames = ['lutra-login', 'lutra-session'];
const callbackFields = ['code', 'state', 'iss', 'error', 'error_description'];
const names = ['one', 'two', 'ch', 'to-two', 'latest', '1', 'no-such'];

export class HostileRequests {
  readonly #operations: readonly { readonly method: string; readonly path: string; readonly operation: Operation }[];
  readonly #document: OpenApi;
  readonly #random: () => number;

  constructor(document: OpenApi, seed: number) {
    this.#document = document;
    this.#random = randomOf(seed);
    this.#operations = Object.entries(document.paths).flatMap(([path, item]) =>
      Object.entries(item).map(([method, operation]) => ({ method, path, operation })),
    );
  }

  next(): Sent {
    const { method, path, operation } = this.#one(this.#operations);
    const { parameters = [], requestBody } = operation;
    const filled = path.replaceAll(/\{\w+\}/g, () =>
      encodeURIComponent((this.#chance(0.7) ? this.#one(names) : this.#one(hostile)).toWellFormed()),
    );
    const query = parameters
      .filter(({ in: where }) => where === 'query' && this.#chance(0.5))
      .map((one) => `${one.name}=${this.#queryValue(one.schema)}`);
    if (path.endsWith('/oidc/callback')) query.push(...callbackFields.map((field) => `${field}=${this.#queryValue()}`));
    const headers: Record<string, string> = { 'Content-Type': this.#chance(0.85) ? 'application/json' : this.#one(types) };
    if (this.#chance(0.6)) headers['If-Match'] = this.#one(['*', '"0"', '"1"', '0', '"-1"', 'W/"1"', '"99999999999999999"', 'x']);
    if (this.#chance(0.05)) headers['Accept'] = this.#one(['text/html', '*/*;q=0', 'x']);
    if (path.includes('/oidc/')) headers['Cookie'] = cookieNames.map((name) => `${name}=${this.#queryValue()}`).join('; ');
    const verb = this.#chance(0.95) ? method.toUpperCase() : this.#one(['PATCH', 'OPTIONS', 'DELETE', 'PUT', 'POST']);
    const body = verb === 'GET' || verb === 'HEAD' ? undefined : this.#body(requestBody);
    return { method: verb, path: query.length > 0 ? `${filled}?${query.join('&')}` : filled, headers, body };
  }

  #body(requestBody: Operation['requestBody']): string | undefined {
    if (!requestBody) return this.#chance(0.8) ? undefined : this.#one(raw);
    if (this.#chance(0.1)) return this.#one(raw);
    const [content] = Object.values(requestBody.content);
    const value = content?.example !== undefined && this.#chance(0.4) ? content.example : this.#value(content?.schema ?? {}, 0, '');
    return JSON.stringify(this.#chance(0.5) ? this.#mutated(local(value)) : local(value));
  }

  #value(schema: Schema, depth: number, name: string): unknown {
    if (schema.$ref !== undefined)
      return this.#value(this.#document.components.schemas[schema.$ref.split('/').at(-1) ?? ''] ?? {}, depth, name);
    if (schema.enum) return this.#one(schema.enum);
    const choices = schema.anyOf ?? schema.oneOf ?? schema.allOf;
    if (choices && choices.length > 0) return this.#value(this.#one(choices), depth, name);
    if (depth > 6) return null;
    if (schema.type === 'object' || schema.properties) {
      const fields = Object.entries(schema.properties ?? {}).filter(() => this.#chance(0.85));
      return Object.fromEntries(fields.map(([key, field]) => [key, this.#value(field, depth + 1, key)]));
    }
    if (schema.type === 'array')
      return Array.from({ length: Math.floor(this.#random() * 3) }, () => this.#value(schema.items ?? {}, depth + 1, name));
    if (schema.type === 'boolean') return this.#chance(0.5);
    if (schema.type === 'integer' || schema.type === 'number') return this.#one([0, 1, 2, 3306, 90_001, -1, 2 ** 31, 2 ** 53]);
    return this.#chance(0.75) ? this.#one(names) : this.#one(hostile);
  }

  /** One value somewhere in it is another. */
  #mutated(value: unknown): unknown {
    if (typeof value !== 'object' || value === null || this.#chance(0.15)) return this.#one(odd);
    const keys = Object.keys(value).filter((key) => !hosts.has(key));
    const key = keys.length === 0 ? 'extra' : this.#one(keys);
    const changed = this.#mutated((value as Readonly<Record<string, unknown>>)[key]);
    if (Array.isArray(value)) return value.map((one: unknown, i) => (String(i) === key ? changed : one));
    return { ...value, [this.#chance(0.9) ? key : this.#one(hostile)]: changed };
  }

  #queryValue(schema: Schema = {}): string {
    const value = this.#chance(0.5) ? this.#value(schema, 0, '') : this.#one(hostile);
    return this.#chance(0.95) ? encodeURIComponent(String(value).toWellFormed()) : '%zz';
  }

  #one<T>(list: readonly T[]): T {
    return list[Math.floor(this.#random() * list.length)] as T;
  }

  #chance(share: number): boolean {
    return this.#random() < share;
  }
}

const hosts = new Set(['host', 'brokers', 'issuer']);

/** Nobody listens at port 1 of this machine. */
function local(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (key, one: unknown) => {
      if (key === 'host') return '127.0.0.1';
      if (key === 'port') return 1;
      if (key === 'brokers') return ['127.0.0.1:1'];
      return key === 'issuer' ? 'http://127.0.0.1:1' : one;
    }) ?? 'null',
  );
}

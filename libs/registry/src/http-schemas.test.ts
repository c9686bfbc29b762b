/** The client of a Confluent-compatible registry, against a small one of our own. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { afterEach, describe, expect, test } from 'vitest';
import { createHttpSchemaStore } from './http-schemas.js';

interface Reply {
  readonly status: number;
  readonly body: unknown;
}

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function registry(answer: (request: IncomingMessage, body: unknown) => Reply | null): Promise<string> {
  const server = createServer(async (request, response) => {
    const reply = answer(request, request.method === 'POST' ? await json(request) : undefined);
    if (reply === null) return;
    response.writeHead(reply.status, { 'content-type': 'application/json' });
    response.end(typeof reply.body === 'string' ? reply.body : JSON.stringify(reply.body));
  });
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const missing = (code: number): Reply => ({ status: 404, body: { error_code: code, message: 'none' } });

describe('a registry over HTTP', () => {
  test('is asked as Confluent documents it', async () => {
    const asked: string[] = [];
    const host = await registry((request, body) => {
      asked.push(`${request.method} ${request.url} ${JSON.stringify(body) ?? ''} ${request.headers.authorization ?? ''}`.trim());
      switch (`${request.method} ${request.url}`) {
        case 'POST /base/subjects/a%2Fb/versions':
          return { status: 200, body: { id: 5 } };
        case 'POST /base/subjects/a%2Fb':
          return { status: 200, body: { id: 5, version: 1, subject: 'a/b', schema: '"int"' } };
        case 'GET /base/schemas/ids/5':
          return { status: 200, body: { schema: '"int"' } };
        case 'GET /base/subjects':
          return { status: 200, body: ['a/b'] };
        case 'GET /base/subjects/a%2Fb/versions':
          return { status: 200, body: [2, 1] };
        case 'GET /base/subjects/a%2Fb/versions/latest':
          return { status: 200, body: { id: 5, version: 1, subject: 'a/b', schema: '"int"' } };
        default:
          return missing(40403);
      }
    });
    const store = createHttpSchemaStore(`http://us%40er:p%3Ass@${host}/base/`);
    expect(await store.register('a/b', '"int"')).toBe(5);
    expect(await store.idOf('a/b', '"int"')).toBe(5);
    expect(await store.byId(5)).toBe('"int"');
    expect(await store.byId(6)).toBeNull();
    expect(await store.subjects()).toEqual(['a/b']);
    expect(await store.versions('a/b')).toEqual([1, 2]);
    expect(await store.version('a/b', 'latest')).toEqual({ id: 5, version: 1, schema: '"int"' });
    expect(await store.version('a/b', 9)).toBeNull();
    const basic = `Basic ${Buffer.from('us@er:p:ss').toString('base64')}`;
    expect(asked[0]).toBe(`POST /base/subjects/a%2Fb/versions {"schema":"\\"int\\""} ${basic}`);
    expect(asked.every((line) => line.endsWith(basic))).toBe(true);
  });

  test('says that something is missing only with its own error code', async () => {
    for (const code of [40401, 40402, 40403]) {
      const store = createHttpSchemaStore(`http://${await registry(() => missing(code))}`);
      expect(await store.idOf('s', '"int"')).toBeNull();
      expect(await store.versions('s')).toEqual([]);
      await expect(store.register('s', '"int"')).rejects.toMatchObject({ code: 'SCHEMA_REGISTRY_REFUSED' });
    }
    for (const body of ['<html>not found</html>', { error_code: 404 }]) {
      const store = createHttpSchemaStore(`http://${await registry(() => ({ status: 404, body }))}`);
      await expect(store.byId(1)).rejects.toMatchObject({ code: 'SCHEMA_REGISTRY_REFUSED' });
    }
  });

  test('that is away or overloaded is tried again, one that refuses is not', async () => {
    const outcome = async (reply: Reply | null): Promise<unknown> => {
      const host = await registry(() => reply);
      const store = createHttpSchemaStore(`http://user:secret@${host}`, { timeoutMs: 200 });
      const error: unknown = await store.byId(1).catch((thrown: unknown) => thrown);
      expect(JSON.stringify(error) + String(error) + String((error as Error).cause)).not.toMatch(/secret|user/);
      return error;
    };
    const unavailable = { code: 'SCHEMA_REGISTRY_UNAVAILABLE', outcome: 'retry' };
    const refused = { code: 'SCHEMA_REGISTRY_REFUSED', outcome: 'stop' };
    expect(await outcome(null)).toMatchObject(unavailable);
    expect(await outcome({ status: 503, body: '' })).toMatchObject(unavailable);
    expect(await outcome({ status: 429, body: '' })).toMatchObject(unavailable);
    expect(await outcome({ status: 401, body: '' })).toMatchObject(refused);
    expect(await outcome({ status: 409, body: { error_code: 409 } })).toMatchObject(refused);
    expect(await outcome({ status: 200, body: { id: 1 } })).toMatchObject(refused);
    expect(await outcome({ status: 200, body: { schema: 'message M {}', schemaType: 'PROTOBUF' } })).toMatchObject(refused);
    const nobody = createHttpSchemaStore('http://user:secret@127.0.0.1:1');
    await expect(nobody.subjects()).rejects.toMatchObject(unavailable);
  });

  test('needs a URL, which no message repeats', () => {
    for (const url of ['', 'registry:8081', 'ftp://user:secret@x', 'http://user:secret@']) {
      expect(() => createHttpSchemaStore(url)).toThrow(/^SCHEMA_REGISTRY_URL is not an http\(s\) URL$/);
    }
  });
});

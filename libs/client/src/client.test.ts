/** The client against a server that answers what a test says. */
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { ApiError, LutraClient, UnansweredError } from './index.js';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;
let handler: Handler;
let requests: string[] = [];
let url = '';
const server = createServer((request, response) => {
  requests.push(`${request.method} ${request.url}`);
  handler(request, response);
});

beforeAll(async () => {
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  requests = [];
});

const json = (response: ServerResponse, status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): void => {
  response.writeHead(status, { 'Content-Type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
};
const client = (timeoutMs = 10_000) => new LutraClient({ url: `${url}/`, token: 'secret', timeoutMs });

it('fills the path, leaves out what is not given, and sends the token and If-Match', async () => {
  let seen: IncomingMessage['headers'] = {};
  handler = (request, response) => {
    seen = request.headers;
    json(response, 200, [], { ETag: '"3"' });
  };
  const read = await client().read('GET /api/v1/channels/{channel}/conflicts', {
    path: { channel: 'a/b' },
    query: { limit: 5, final: true },
  });
  expect(read.etag).toBe('"3"');
  expect(requests).toEqual(['GET /api/v1/channels/a%2Fb/conflicts?limit=5&final=true']);
  expect(seen).toMatchObject({ authorization: 'Bearer secret' });
  await client().call('DELETE /api/v1/channels/{name}', { path: { name: 'orders' }, ifMatch: '"3"' });
  expect(seen).toMatchObject({ 'if-match': '"3"' });
});

it('reads again on 503, some times, and never writes again', async () => {
  handler = (_, response) => (requests.length < 3 ? json(response, 503, {}, { 'Retry-After': '0' }) : json(response, 200, []));
  expect(await client().call('GET /api/v1/channels')).toEqual([]);
  requests = [];
  handler = (_, response) =>
    json(response, 503, { code: 'ZOOKEEPER_UNAVAILABLE', message: 'no', help: '', details: {} }, { 'Retry-After': '0' });
  await expect(client().call('GET /api/v1/channels')).rejects.toMatchObject({ status: 503 });
  expect(requests).toHaveLength(3);
  requests = [];
  await expect(client().call('POST /api/v1/channels/{name}/stop', { path: { name: 'orders' } })).rejects.toMatchObject({ status: 503 });
  expect(requests).toHaveLength(1);
});

it('makes an error of what control refuses, of today and as RFC 9457 has it', async () => {
  handler = (_, response) => json(response, 409, { code: 'CONFIG_CONFLICT', message: 'no', help: 'do', details: { problems: [] } });
  await expect(client().call('GET /api/v1/status')).rejects.toMatchObject({
    status: 409,
    code: 'CONFIG_CONFLICT',
    message: 'no',
    help: 'do',
    errors: [],
  });
  const problem = {
    title: 'Bad Request',
    status: 400,
    detail: 'wrong',
    code: 'CONFIG_INVALID',
    help: 'fix',
    errors: [{ pointer: '/name', detail: 'too long' }],
  };
  handler = (_, response) => json(response, 400, problem, { 'Content-Type': 'application/problem+json' });
  const refused: unknown = await client()
    .call('GET /api/v1/status')
    .catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(ApiError);
  expect(refused).toMatchObject({ status: 400, message: 'wrong', details: {}, errors: problem.errors });
});

it('ends when the time is over, when it is told to, and where nobody is', async () => {
  handler = () => undefined;
  await expect(client(50).call('GET /api/v1/status')).rejects.toMatchObject({ name: 'UnansweredError', kind: 'timeout' });
  const reason = new Error('Ctrl-C');
  const abort = new AbortController();
  const call = client().call('GET /api/v1/status', { signal: abort.signal });
  abort.abort(reason);
  await expect(call).rejects.toBe(reason);
  await expect(new LutraClient({ url: 'http://127.0.0.1:9' }).call('GET /api/v1/status')).rejects.toBeInstanceOf(UnansweredError);
});

it('takes no web page for an answer, and gives text as text', async () => {
  handler = (_, response) => void response.setHeader('Content-Type', 'text/html').end('<p>');
  await expect(client().call('GET /api/v1/status')).rejects.toMatchObject({ kind: 'not-lutra' });
  handler = (_, response) => void response.setHeader('Content-Type', 'application/yaml').end('version: 1\n');
  expect((await client().send('GET', '/api/v1/export')).answer).toBe('version: 1\n');
});

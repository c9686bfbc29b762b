/** What a stranger, a slow client or a careless one can do to control over HTTP. It needs no ZooKeeper. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ControlClient, startControl } from './control-client.js';
import type { RunningControl } from './control-client.js';

const token = 'a-token-that-nobody-guesses';
let control: RunningControl;
let client: ControlClient;

beforeAll(async () => {
  control = await startControl({ ZOOKEEPER: '127.0.0.1:1', LUTRA_API_TOKEN: token }, undefined, { requestMs: 1_000 });
  client = new ControlClient(control.url, { Authorization: `Bearer ${token}` });
});

afterAll(() => control.app.close());

describe('bodies', () => {
  const nested = (depth: number): string => '{"a":'.repeat(depth - 1) + '[]' + '}'.repeat(depth - 1);

  it.each(['/api/v1/regions', '/api/v1/restore', '/subjects/s/versions'])(
    'of %s that are nested deeply are refused unread',
    async (path) => {
      for (const body of [nested(33), '['.repeat(path.endsWith('import') ? 6_000_000 : 250_000)]) {
        const answer = await client.post(path, body);
        expect(answer.status).toBe(path.startsWith('/subjects') ? 422 : 400);
        expect(answer.body.message).toContain('deeper than 32');
      }
    },
  );

  it('in another encoding than UTF-8, in which that cannot be seen, are refused', async () => {
    const answer = await client.post('/api/v1/regions', '{}', { 'Content-Type': 'application/json; charset=utf-16le' });
    expect(answer).toMatchObject({ status: 415, body: { code: 'UNSUPPORTED_MEDIA_TYPE' } });
  });

  it('have 256 KB at most', async () => {
    const answer = await client.post('/api/v1/regions', { name: 'a', description: 'x'.repeat(262_144) });
    expect(answer).toMatchObject({ status: 413, body: { code: 'BODY_TOO_LARGE', help: expect.stringContaining('256 KB') } });
  });

  it('of a stranger are refused before they are read, however large', async () => {
    const socket = connect(Number(new URL(control.url).port), '127.0.0.1');
    let answer = '';
    socket.on('data', (bytes) => (answer += bytes.toString()));
    socket.on('error', () => undefined);
    const closed = once(socket, 'close');
    const head = [
      'POST /api/v1/restore HTTP/1.1',
      'Host: 127.0.0.1',
      'Content-Type: application/json',
      `Content-Length: ${8 * 1024 * 1024}`,
    ];
    socket.write([...head, '', ''].join('\r\n')); // and not one byte of the body
    await expect.poll(() => answer).toContain('401 Unauthorized');
    expect(answer).toContain('Connection: close');
    await closed;
  });

  it('that come too slowly are given up', async () => {
    const socket = connect(Number(new URL(control.url).port), '127.0.0.1');
    let answer = '';
    socket.on('data', (bytes) => (answer += bytes.toString()));
    const head = ['POST /api/v1/regions HTTP/1.1', 'Host: 127.0.0.1', `Authorization: Bearer ${token}`, 'Content-Type: application/json'];
    socket.write([...head, 'Content-Length: 100', '', '{"name"'].join('\r\n'));
    await once(socket, 'close');
    expect(answer).toContain('408 Request Timeout');
  });
});

describe('the token', () => {
  it('cannot be tried out at will, and the right one is never locked out', async () => {
    const stranger = new ControlClient(control.url, { Authorization: 'Bearer wrong' });
    const answers = [];
    for (let tries = 0; tries < 8; tries += 1) answers.push(await stranger.get('/api/v1/version'));
    expect(answers.map(({ status }) => status)).toEqual([401, 401, 401, 401, 401, 429, 429, 429]);
    const waits = answers.slice(5).map(({ headers }) => Number(headers.get('retry-after')));
    expect(waits).toEqual(waits.toSorted((a, b) => a - b));
    expect(answers.at(-1)?.body).toMatchObject({
      code: 'TOO_MANY_REQUESTS',
      help: expect.stringContaining('a right token is taken at once'),
    });
    expect((await client.get('/api/v1/version')).status).toBe(200);
    expect((await stranger.get('/subjects')).body).toMatchObject({ error_code: 429 });
  });
});

describe('every answer', () => {
  it('tells browsers to trust nothing else, and nobody what it runs on', async () => {
    const docs = await client.get('/api/docs');
    const others = [
      await client.get('/api/v1/version'),
      await client.get('/nowhere'),
      await new ControlClient(control.url).get('/health/live'),
    ];
    for (const { headers } of [docs, ...others]) {
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('referrer-policy')).toBe('no-referrer');
      expect(headers.get('x-frame-options')).toBe('DENY');
      expect(headers.get('content-security-policy')).toMatch(/^default-src 'none'; .*frame-ancestors 'none'/);
      expect(headers.get('x-powered-by')).toBeNull();
      expect(headers.get('strict-transport-security')).toBeNull(); // it speaks no TLS itself
    }
    expect(docs.headers.get('content-security-policy')).toContain("script-src 'self'");
    for (const { headers } of others) expect(headers.get('content-security-policy')).not.toContain('script-src');
  });

  it('to a wrong method says which are right', async () => {
    const cases: readonly (readonly [string, string, string])[] = [
      ['DELETE', '/api/v1/regions', 'GET, HEAD, POST'],
      ['PATCH', '/api/v1/regions/a', 'DELETE, GET, HEAD, PUT'],
      ['GET', '/api/v1/channels/a/start', 'POST'],
      ['POST', '/health/live', 'GET, HEAD'],
      ['PUT', '/subjects', 'GET, HEAD'],
    ];
    for (const [method, path, allowed] of cases) {
      const answer = await client.send(method, path, {});
      expect({ method, path, status: answer.status, allow: answer.headers.get('allow') }).toEqual({
        method,
        path,
        status: 405,
        allow: allowed,
      });
    }
    const nowhere = await client.get('/nowhere');
    expect(nowhere.headers.get('content-type')).toBe('application/problem+json');
    const same = { title: 'Not Found', status: 404, code: 'NOT_FOUND', errors: [], details: {} };
    expect(nowhere.body).toMatchObject({ ...same, type: '/api/v1/errors#NOT_FOUND', detail: nowhere.body.message });
    const confluent = await client.get('/subjects/s/versions/x');
    expect(confluent.headers.get('content-type')).toContain('application/vnd.schemaregistry.v1+json');
  });
});

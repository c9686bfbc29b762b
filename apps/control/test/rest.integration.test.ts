/** The whole REST API against a real ZooKeeper. */
import { generateKeyPairSync } from 'node:crypto';
import { openPassword, Registry } from '@lutra/registry';
import type { PipelineUid } from '@lutra/model';
import { createLogger } from '@lutra/telemetry';
import { pino } from 'pino';
import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { kept, running } from '../../../test/servers/index.js';
import { ControlClient, startControl } from './control-client.js';
import type { RunningControl } from './control-client.js';
import { workStatus } from '../../../libs/model/src/work-status.fixture.js';

const token = 'a-token-that-nobody-guesses';
const { zooKeeper } = kept;
let control: RunningControl;
let registry: Registry;
let client: ControlClient;
let number = 0;
let LUTRA_ROOT = '';
const rsaKey = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ type: 'spki', format: 'pem' });

beforeAll(async () => {
  await running(zooKeeper);
});

beforeEach(async () => {
  LUTRA_ROOT = `/rest-${++number}`;
  control = await startControl({ ZOOKEEPER: zooKeeper.connect, LUTRA_ROOT, LUTRA_API_TOKEN: token });
  client = new ControlClient(control.url, { Authorization: `Bearer ${token}` });
  registry = new Registry({ connect: zooKeeper.connect, root: LUTRA_ROOT, logger: createLogger('test', 'silent') });
  await registry.start();
  return async () => {
    await registry.stop();
    await control.app.close();
  };
});

const region = (name: string) => ({ name, kafka: { brokers: [`${name}:9092`] } });
const endpoint = (name: string, more: object = {}) => ({
  name,
  region: name,
  host: `${name}.example`,
  user: 'lutra',
  password: 'a secret word',
  serverId: 4711,
  ...more,
});
const pipeline = (name: string, source: string, target: string, schema = 'shop') => ({ name, source, target, routes: [{ schema }] });

/** As somebody does with another program, past control. */
async function overwrite(path: string, document: object): Promise<void> {
  await registry.session.connection?.setData(`${LUTRA_ROOT}/${path}`, Buffer.from(JSON.stringify(document)), -1);
}

async function createEndpoints(...names: readonly string[]): Promise<void> {
  for (const name of names) {
    expect((await client.post('/api/v1/regions', region(name))).status).toBe(201);
    expect((await client.post('/api/v1/endpoints', endpoint(name))).status).toBe(201);
  }
}

describe('authorization', () => {
  it('is asked for everything but the probes', async () => {
    const stranger = new ControlClient(control.url);
    for (const path of [
      '/api/v1/regions',
      '/api/v1/version',
      '/api/docs',
      '/api/docs-json',
      '/subjects',
      '/',
      '/metrics',
      '/nowhere',
      '/HEALTH/LIVE',
    ]) {
      expect({ path, status: (await stranger.get(path)).status }).toEqual({ path, status: 401 });
      expect([401, 429]).toContain((await stranger.get(path, { Authorization: 'Bearer wrong' })).status);
    }
    const refused = await stranger.post('/api/v1/regions', region('a'));
    expect(refused.status).toBe(401);
    expect(refused.body).toMatchObject({ code: 'UNAUTHORIZED', message: 'no API token and no session', details: {} });
    expect(refused.body.help).toContain('Authorization: Bearer');
    expect((await stranger.get('/health/live')).status).toBe(200);
    // It has just started, and reads the cluster's level first.
    await expect.poll(async () => (await stranger.get('/health/ready')).body, { timeout: 10_000 }).toEqual({ ok: true, reasons: [] });
  });

  it('takes the token as a Basic password for the schema registry and the docs, and nowhere else', async () => {
    const basic = (password: string) => ({ Authorization: `Basic ${Buffer.from(`anyone:${password}`).toString('base64')}` });
    const stranger = new ControlClient(control.url);
    expect((await stranger.get('/subjects', basic(token))).body).toEqual([]);
    expect((await stranger.get('/subjects', basic('wrong'))).body).toEqual({ error_code: 40101, message: 'wrong API token' });
    expect((await stranger.get('/api/docs', basic(token))).status).toBe(200);
    expect((await stranger.get('/api/v1/regions', basic(token))).status).toBe(401);
  });

  it('opens the metrics where it is told to', async () => {
    expect((await client.get('/metrics')).text).toContain('lutra_http_requests_total');
    const open = await startControl({ ZOOKEEPER: zooKeeper.connect, LUTRA_API_TOKEN: token, METRICS_OPEN: 'true' });
    expect((await new ControlClient(open.url).get('/metrics')).status).toBe(200);
    await open.app.close();
  });

  it('without a token answers local programs, but no browser on behalf of another site', async () => {
    const open = await startControl({ ZOOKEEPER: zooKeeper.connect });
    const local = new ControlClient(open.url);
    expect((await local.get('/api/v1/version')).status).toBe(200);
    expect((await local.get('/api/v1/version', { Origin: open.url })).status).toBe(200);
    expect((await local.post('/api/v1/channels/x/stop', undefined, { Origin: 'https://evil.example' })).status).toBe(403);
    await open.app.close();
  });
});

describe('documents', () => {
  it('are created, listed, read, replaced and removed, with their versions', async () => {
    const created = await client.post('/api/v1/regions', region('a'));
    expect(created.status).toBe(201);
    expect(created.headers.get('location')).toBe('/api/v1/regions/a');
    expect(created.headers.get('etag')).toBe('"0"');
    expect(created.body).toEqual({ ...region('a'), description: '' });
    const replaced = await client.put('/api/v1/regions/a', { ...created.body, description: 'here' }, '"0"');
    expect(replaced.status).toBe(200);
    expect(replaced.headers.get('etag')).toBe('"1"');
    const found = await client.get('/api/v1/regions/a');
    expect(found.body.description).toBe('here');
    expect((await client.post('/api/v1/regions', region('0'))).status).toBe(201);
    expect((await client.get('/api/v1/regions')).body.map((document: { name: string }) => document.name)).toEqual(['0', 'a']);
    expect((await client.remove('/api/v1/regions/a', '"1"')).status).toBe(204);
    expect((await client.get('/api/v1/regions/a')).body).toMatchObject({ code: 'CONFIG_MISSING', details: { region: 'a' } });
  });

  it('are not overwritten unread', async () => {
    await client.post('/api/v1/regions', region('a'));
    expect((await client.post('/api/v1/regions', region('a'))).body).toMatchObject({ code: 'CONFIG_CONFLICT' });
    expect((await client.put('/api/v1/regions/a', region('a'))).status).toBe(428);
    expect((await client.remove('/api/v1/regions/a')).body).toMatchObject({ code: 'PRECONDITION_REQUIRED' });
    expect((await client.put('/api/v1/regions/a', region('a'), 'x')).status).toBe(400);
    expect((await client.put('/api/v1/regions/a', region('a'), '"0"')).status).toBe(200);
    const late = await client.put('/api/v1/regions/a', region('a'), '"0"');
    expect(late.status).toBe(412);
    expect(late.body).toMatchObject({ code: 'CONFIG_CONFLICT', details: { expectedVersion: 0, version: 1 } });
    expect((await client.remove('/api/v1/regions/a', '"0"')).status).toBe(412);
    expect((await client.put('/api/v1/regions/a', region('a'), '*')).status).toBe(200);
    expect((await client.put('/api/v1/regions/nowhere', region('nowhere'), '*')).status).toBe(404);
    expect((await client.put('/api/v1/regions/a', region('b'), '*')).status).toBe(400);
  });

  it('that were damaged in ZooKeeper are named, and can be removed', async () => {
    await client.post('/api/v1/regions', region('a'));
    await registry.session.connection?.setData(`/rest-${number}/regions/a`, Buffer.from('{"name": "a", "hush": 1'), 0);
    const damaged = await client.get('/api/v1/regions/a');
    expect(damaged.status).toBe(500);
    expect(damaged.body).toMatchObject({ code: 'CONFIG_INVALID', details: { document: 'region a', version: 1 } });
    expect(damaged.text).not.toContain('hush');
    expect((await client.remove('/api/v1/regions/a', '"0"')).status).toBe(412);
    expect((await client.remove('/api/v1/regions/a', '"1"')).status).toBe(204);
    expect((await client.get('/api/v1/regions')).body).toEqual([]);
  });

  it('of many writers at once keep exactly one winner per version', async () => {
    await client.post('/api/v1/regions', region('a'));
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, at) => client.put('/api/v1/regions/a', { ...region('a'), description: `${at}` }, '"0"')),
    );
    expect(answers.map(({ status, body }) => [status, body.message]).filter(([status]) => status !== 200 && status !== 412)).toEqual([]);
    expect(answers.filter((answer) => answer.status === 200)).toHaveLength(1);
    expect(answers.filter((answer) => answer.status === 412)).toHaveLength(7);
  });
});

describe('malformed requests', () => {
  it.each([
    ['not JSON', '{"name":', 'BAD_REQUEST', 400],
    ['not an object', '[]', 'CONFIG_INVALID', 400],
    ['empty', '', 'CONFIG_INVALID', 400],
    ['an unknown field', { ...region('a'), colour: 'red' }, 'CONFIG_INVALID', 400],
    ['a bad name', { ...region('a'), name: 'A/../b' }, 'CONFIG_INVALID', 400],
    ['two megabytes', { ...region('a'), description: 'x'.repeat(2_000_000) }, 'BODY_TOO_LARGE', 413],
  ])('%s is refused with a body that says why', async (_, body, code, status) => {
    const answer = await client.post('/api/v1/regions', body);
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    expect(answer.body).toMatchObject({ code, message: expect.any(String), help: expect.any(String), details: {} });
  });

  it('names every field that is wrong', async () => {
    const { body } = await client.post('/api/v1/endpoints', { name: 'a', region: 'a', host: '', port: 99_999, serverId: 'x' });
    expect(body.message).toMatch(/host: .*port: .*user: .*serverId: /);
  });

  it('never quotes what was sent, which may be a password', async () => {
    const answer = await client.post('/api/v1/endpoints', '{"password": "hush, hush" oops');
    expect(answer.text).not.toContain('hush');
  });

  it('bad paths and other content types have the same body', async () => {
    expect((await client.get('/api/v1/nowhere')).body).toMatchObject({ code: 'NOT_FOUND', details: {} });
    expect((await client.get('/api/v1/regions/%FF')).body).toMatchObject({ code: 'BAD_REQUEST' });
    expect((await client.get('/api/v1/regions/UPPER')).body).toMatchObject({ code: 'CONFIG_INVALID' });
    const text = await client.post('/api/v1/regions', JSON.stringify(region('a')), { 'Content-Type': 'text/plain' });
    expect(text.status).toBe(400);
  });
});

describe('the OpenAPI document', () => {
  interface Operation {
    readonly parameters?: readonly { readonly in: string; readonly name: string }[];
    readonly requestBody?: { readonly content: Readonly<Record<string, { readonly example?: object }>> };
    readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, { readonly example?: object }>> }>>;
  }
  type Document = { readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>> };

  it('has every answer that each operation gives to a stranger and to who asks wrongly, and examples that are right', async () => {
    const { paths } = (await client.get('/api/docs-json')).body as Document;
    const operations = Object.entries(paths).flatMap(([path, item]) =>
      Object.entries(item).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
    );
    expect(operations.length).toBeGreaterThan(45);
    const stranger = new ControlClient(control.url);
    const wrongExamples: string[] = [];
    const nameIn = (example: object | undefined): string => (example && 'name' in example ? String(example.name) : 'no-such');
    await client.post('/api/v1/regions', region('california'));
    await client.post('/api/v1/endpoints', endpoint('orders-ca', { region: 'california' }));
    for (const { method, path, operation } of operations) {
      const what = `${method} ${path}`;
      const at = (value: string): string => path.replaceAll(/\{\w+\}/g, value);
      const example = operation.requestBody?.content['application/json']?.example;
      expect({ what, example: operation.requestBody === undefined || example !== undefined }).toEqual({ what, example: true });
      const given: readonly (readonly [string, ControlClient, string, unknown])[] = [
        ['no token', stranger, at('a'), example],
        [
          'as in the example',
          client,
          path
            .replace('{kind}', 'channels')
            .replace(/\{(?:id|revision)\}/, '1')
            .replaceAll(/\{\w+\}/g, nameIn(example)),
          example,
        ],
        ['no name', client, at('UPPER!'), example],
        ['nonsense in the query', client, `${at('no-such')}?limit=many&force=perhaps`, example],
        ...(operation.requestBody
          ? ([
              ['no JSON', client, at('a'), '{"name":'],
              ['no field right', client, at('a'), { colour: 'red' }],
              ['too much', client, at('a'), `"${'x'.repeat(300_000)}"`],
              ['UTF-16', client, at('a'), null],
            ] as const)
          : []),
      ];
      for (const [wrong, who, url, body] of given) {
        const headers: Record<string, string> = wrong === 'UTF-16' ? { 'Content-Type': 'application/json; charset=utf-16le' } : {};
        const answer = await who.send(method, url, { body, headers });
        const described = operation.responses[String(answer.status)] !== undefined || answer.status === 405;
        expect({ what, wrong, status: answer.status, described }).toEqual({ what, wrong, status: answer.status, described: true });
        if (wrong === 'as in the example' && example)
          wrongExamples.push(...([400, 422].includes(answer.status) ? [`${what}: ${answer.text}`] : []));
      }
      for (const [status, { content }] of Object.entries(operation.responses).filter(([code]) => code >= '400'))
        expect({ what, status, example: Object.values(content ?? {})[0]?.example }).toEqual({ what, status, example: expect.any(Object) });
    }
    expect(wrongExamples).toEqual([]);
  });
});

describe('endpoints', () => {
  it('never give a password out nor store it in clear', async () => {
    await client.post('/api/v1/regions', region('a'));
    const created = await client.post('/api/v1/endpoints', endpoint('a'));
    expect(created.status).toBe(201);
    expect(created.body).toMatchObject({ passwordSet: true, port: 3306, start: { from: 'now' } });
    const shown = [created, await client.get('/api/v1/endpoints/a'), await client.get('/api/v1/endpoints')];
    for (const answer of shown) expect(answer.text).not.toMatch(/a secret word|"tag"|"password"/);
    const stored = await registry.endpoints.get('a');
    expect(JSON.stringify(stored)).not.toContain('a secret word');
    expect(openPassword(control.secretKey, stored!.document)).toBe('a secret word');
  });

  it('keep the password when a PUT leaves it out, and take what GET gave', async () => {
    await createEndpoints('a');
    const found = await client.get('/api/v1/endpoints/a');
    const replaced = await client.put('/api/v1/endpoints/a', { ...found.body, description: 'changed' }, found.headers.get('etag') ?? '');
    expect(replaced.status).toBe(200);
    const kept = await registry.endpoints.get('a');
    expect(openPassword(control.secretKey, kept!.document)).toBe('a secret word');
    await client.put('/api/v1/endpoints/a', { ...found.body, password: 'another' }, '*');
    const changed = await registry.endpoints.get('a');
    expect(openPassword(control.secretKey, changed!.document)).toBe('another');
  });

  it('send no stored password to another server: what decides to whom it goes is changed with the password', async () => {
    await createEndpoints('a');
    const found = await client.get('/api/v1/endpoints/a');
    const changes = { host: 'stranger', port: 3399, user: 'root', tls: { verify: false }, publicKey: rsaKey };
    for (const [field, value] of [...Object.entries(changes), ['tls', { mode: 'off' }] as const]) {
      const refused = await client.put('/api/v1/endpoints/a', { ...found.body, [field]: value }, '*');
      expect({ field, status: refused.status, code: refused.body.code }).toEqual({ field, status: 400, code: 'CONFIG_INVALID' });
      expect(refused.body.message).toContain(`password: required, for ${field} is not`);
      expect((await client.post('/api/v1/endpoints/check', { ...found.body, [field]: value })).body).toMatchObject({
        code: 'CONFIG_INVALID',
      });
      const taken = await client.put('/api/v1/endpoints/a', { ...found.body, [field]: value, password: 'new' }, '*');
      expect({ field, status: taken.status }).toEqual({ field, status: 200 });
      expect((await client.put('/api/v1/endpoints/a', { ...endpoint('a') }, '*')).status).toBe(200);
    }
  });

  it('that were changed past control keep their password to themselves', async () => {
    await createEndpoints('a');
    const { document } = (await registry.endpoints.get('a'))!;
    await overwrite('endpoints/a', { ...document, host: '127.0.0.1', port: 1 });
    const { body } = await client.post('/api/v1/endpoints/a/check');
    expect(body.problems).toContainEqual(expect.objectContaining({ id: 'secret-unreadable', fix: expect.stringContaining('PUT') }));
  });

  it('are in no log line, status, export or document in clear', async () => {
    const lines: string[] = [];
    const logger = pino({ level: 'trace' }, { write: (line) => void lines.push(line) });
    const secrets = {
      password: 'a secret word',
      digest: 'lutra:hush',
      wrong: 'Bearer a-wrong-token',
      token,
      key: control.secretKey.first.bytes.toString('base64'),
    };
    const variables = { ZOOKEEPER: zooKeeper.connect, LUTRA_ROOT, LUTRA_API_TOKEN: token, ZOOKEEPER_DIGEST: secrets.digest };
    const told = await startControl(variables, control.secretKey, { logger });
    const user = new ControlClient(told.url, { Authorization: `Bearer ${token}` });
    await user.post('/api/v1/regions', region('a'));
    const answers = [
      await user.post('/api/v1/endpoints', endpoint('a', { host: '127.0.0.1', port: 1 })),
      await user.post('/api/v1/endpoints', '{"password": "a secret word" oops'),
      await user.post('/api/v1/endpoints', { ...endpoint('b'), colour: 'red' }),
      await user.put('/api/v1/endpoints/a', endpoint('a', { host: 'elsewhere', port: 1 }), '*'),
      await user.post('/api/v1/endpoints/check', endpoint('c', { region: 'a', host: '127.0.0.1', port: 1 })),
      await user.post('/api/v1/secrets/rotate'),
      await new ControlClient(told.url, { Authorization: secrets.wrong }).get('/api/v1/status'),
      ...(await Promise.all(['endpoints', 'status', 'export', 'errors', 'version'].map((path) => user.get(`/api/v1/${path}`)))),
      await user.get('/api/docs-json'),
      await user.get('/metrics'),
    ];
    await told.app.close();
    const text = [...lines, ...answers.map((answer) => answer.text)].join('\n');
    expect(lines.join('\n')).toContain('"path":"/api/v1/endpoints"');
    expect(Object.entries(secrets).filter(([, secret]) => text.includes(secret.replace('Bearer ', '')))).toEqual([]);
  });

  it('need a region, a password, and a server id of their own on their server', async () => {
    const nowhere = await client.post('/api/v1/endpoints', endpoint('a'));
    expect(nowhere.status).toBe(400);
    expect(nowhere.body).toMatchObject({ code: 'CONFIG_INVALID', details: { problems: [{ id: 'region-missing' }] } });
    await createEndpoints('a');
    const { password: _, ...bare } = endpoint('b', { region: 'a' });
    expect((await client.post('/api/v1/endpoints', bare)).body.message).toContain('password');
    const twin = await client.post('/api/v1/endpoints', endpoint('b', { region: 'a', host: 'a.example' }));
    expect(twin.body.details.problems).toMatchObject([{ id: 'server-id-taken' }]);
    expect((await client.post('/api/v1/endpoints', endpoint('b', { region: 'a', host: 'a.example', serverId: 4712 }))).status).toBe(201);
  });

  it('and regions stay while something names them', async () => {
    await createEndpoints('a', 'b');
    await client.post('/api/v1/channels', { name: 'ab', pipelines: [pipeline('there', 'a', 'b')] });
    expect((await client.remove('/api/v1/regions/a', '*')).body).toMatchObject({ code: 'CONFIG_CONFLICT', details: { usedBy: 'a' } });
    const inUse = await client.remove('/api/v1/endpoints/a', '*');
    expect(inUse.status).toBe(409);
    expect(inUse.body.details).toMatchObject({ usedBy: 'ab' });
    expect((await client.remove('/api/v1/channels/ab', '*')).status).toBe(204);
    expect((await client.remove('/api/v1/endpoints/a', '*')).status).toBe(204);
    expect((await client.remove('/api/v1/regions/a', '*')).status).toBe(204);
  });

  it('cannot move into the region of the other side of a two-way pair', async () => {
    await createEndpoints('a', 'b');
    await client.post('/api/v1/channels', { name: 'ab', pipelines: [pipeline('there', 'a', 'b'), pipeline('back', 'b', 'a')] });
    const moved = await client.put('/api/v1/endpoints/b', endpoint('b', { region: 'a' }), '*');
    expect(moved.status).toBe(409);
    expect(moved.body.details.problems).toMatchObject([{ id: 'pipeline-within-region' }, { id: 'pipeline-within-region' }]);
  });
});

describe('channels', () => {
  beforeEach(() => createEndpoints('a', 'b', 'c'));

  it('raise the revision by one with each write and removal, and with no action; actions change no version', async () => {
    const revision = async (): Promise<number> => (await registry.revision.latest())?.revision ?? 0;
    const before = await revision();
    const channel = { name: 'ab', pipelines: [pipeline('there', 'a', 'b')] };
    await client.post('/api/v1/channels', channel);
    expect(await revision()).toBe(before + 1);
    const put = await client.put('/api/v1/channels/ab', channel, '"0"');
    expect(await revision()).toBe(before + 2);
    for (const action of ['start?force=true', 'retry', 'pause', 'stop']) {
      const acted = await client.post(`/api/v1/channels/ab/${action}`);
      expect(acted.headers.get('etag')).toBe(put.headers.get('etag'));
    }
    expect(await revision()).toBe(before + 2);
    expect((await client.get('/api/v1/status')).body.revision).toBe(before + 2);
    expect((await client.put('/api/v1/channels/ab', channel, put.headers.get('etag') ?? '')).status).toBe(200);
    await client.remove('/api/v1/channels/ab', '*');
    expect(await revision()).toBe(before + 4);
    expect(await registry.desired.get('ab')).toBeNull();
  });

  it('take a table that left and comes in again only when told that it is seeded anew', async () => {
    const carry = (...tables: readonly string[]) => ({
      name: 'ab',
      pipelines: [{ ...pipeline('there', 'a', 'b'), routes: tables.map((table) => ({ schema: 'shop', table })) }],
    });
    const put = (body: object, query = '') => client.put(`/api/v1/channels/ab${query}`, body, '*');
    await client.post('/api/v1/channels', carry('t', 'u'));
    for (const tables of [['u'], ['t', 'u']]) expect((await put(carry(...tables))).status).toBe(200); // nothing was captured yet
    const position = { file: 'f', pos: 4, gtidSet: null };
    await registry.logs.write('a', { log: 'L', epoch: 1, seq: 1, offset: 1, position, seen: {}, updatedAt: 1 }, null);
    expect((await put(carry('u'))).status).toBe(200);
    const refused = await put(carry('t', 'u'));
    expect(refused).toMatchObject({ status: 409, body: { code: 'CONFIG_CONFLICT', details: { problems: [{ id: 'table-removed' }] } } });
    expect(refused.body.message).toContain('shop.t was replicated by pipeline ab.there before');
    expect((await put(carry('t', 'u'), '?force=true')).status).toBe(200);
  });

  it('are created stopped; their state is not a field', async () => {
    const channel = { name: 'ab', pipelines: [pipeline('there', 'a', 'b')] };
    expect((await client.post('/api/v1/channels', { ...channel, state: 'running' })).body).toMatchObject({ code: 'CONFIG_INVALID' });
    const created = await client.post('/api/v1/channels', channel);
    expect(created.body).toMatchObject({ state: 'stopped', attempt: 0, pipelines: [{ routes: [{ schema: 'shop', table: '*' }] }] });
    expect((await client.put('/api/v1/channels/ab', { ...created.body, description: 'x' }, '*')).status).toBe(200);
    expect((await client.put('/api/v1/channels/ab', { ...created.body, attempt: 7 }, '*')).status).toBe(400);
  });

  it('are refused with the whole list of problems', async () => {
    const refused = await client.post('/api/v1/channels', {
      name: 'x',
      pipelines: [pipeline('p', 'a', 'b'), pipeline('p', 'b', 'nowhere'), pipeline('q', 'c', 'c')],
    });
    expect(refused.status).toBe(400);
    const ids = refused.body.details.problems.map((problem: { id: string }) => problem.id);
    expect(ids).toEqual(expect.arrayContaining(['pipeline-name-taken', 'endpoint-missing', 'pipeline-into-itself', 'not-forwarded']));
    expect(refused.body.message).toMatch(/^not written: /);
  });

  it('fit with those that are there, and stay while others rest on them', async () => {
    const channel = (source: string, target: string) => ({ name: `${source}${target}`, pipelines: [pipeline('p', source, target)] });
    expect((await client.post('/api/v1/channels', channel('a', 'b'))).status).toBe(201);
    expect((await client.post('/api/v1/channels', channel('b', 'c'))).body.details.problems).toMatchObject([{ id: 'not-forwarded' }]);
    expect((await client.post('/api/v1/channels', channel('a', 'c'))).status).toBe(201);
    expect((await client.post('/api/v1/channels', channel('b', 'c'))).status).toBe(201);
    expect((await client.remove('/api/v1/channels/ac', '*')).body.details.problems).toMatchObject([{ id: 'not-forwarded' }]);
    const narrowed = { name: 'ac', pipelines: [pipeline('p', 'a', 'c', 'other')] };
    expect((await client.put('/api/v1/channels/ac', narrowed, '*')).status).toBe(409);
    expect((await client.remove('/api/v1/channels/bc', '*')).status).toBe(204);
    expect((await client.put('/api/v1/channels/ac', narrowed, '*')).status).toBe(200);
  });

  it('give each pipeline a uid, which stays while it is there; a body may repeat it and not choose it', async () => {
    const channel = { name: 'ab', pipelines: [pipeline('p', 'a', 'b')] };
    const { body } = await client.post('/api/v1/channels', channel);
    const { uid } = body.pipelines[0];
    expect(uid).toMatch(/^[a-z2-7]{12}$/);
    for (const repeated of [channel, body, (await client.get('/api/v1/channels/ab')).body])
      expect((await client.put('/api/v1/channels/ab', repeated, '*')).body.pipelines).toMatchObject([{ uid }]);
    const choosing = (name: string) => ({ ...channel, pipelines: [{ ...pipeline(name, 'a', 'b'), uid: 'abcdefgh2345' }] });
    for (const name of ['p', 'q'])
      expect(await client.put('/api/v1/channels/ab', choosing(name), '*')).toMatchObject({
        status: 409,
        body: { code: 'CONFIG_CONFLICT', details: { problems: [{ id: 'uid-not-its-own' }] } },
      });
    expect(await registry.uids.read(uid)).toMatchObject({ channel: 'ab', pipeline: 'p', source: 'a', target: 'b' });
  });

  it('take a name again as another pipeline, at once: with another uid, whatever the one before it has left', async () => {
    const channel = { name: 'ab', pipelines: [pipeline('p', 'a', 'b')] };
    const first = (await client.post('/api/v1/channels', channel)).body.pipelines[0].uid;
    await registry.uids.begin(first, { channel: 'ab', pipeline: 'p', source: 'a', target: 'b', fingerprint: 'f' });
    await registry.skips.order(first, { log: 'L', seq: 7, reason: 'damaged', at: 1 });
    expect((await client.remove('/api/v1/channels/ab', '*')).status).toBe(204);
    const second = (await client.post('/api/v1/channels', channel)).body.pipelines[0].uid;
    expect(second).not.toBe(first);
    expect((await registry.uids.read(first))?.removedAt).toBeGreaterThan(0);
    expect(await registry.skips.read(second)).toBeNull();
    // Its target does not answer, so its row has its owner still: the loader of the next pipeline to it fences that.
    expect((await registry.uids.read(first))?.fencedAt).toBeUndefined();
    expect((await registry.uids.read(second))?.begunAt).toBeUndefined();
  });

  it('do not adopt behind a pipeline that may have brought the same rows since, as long as its target cannot say', async () => {
    const named = (name: string, more: object = {}) => ({ name: 'ab', pipelines: [{ ...pipeline(name, 'a', 'b'), ...more }] });
    const put = (body: object) => client.put('/api/v1/channels/ab', body, '*');
    const uidOf = (answer: { body: { pipelines: { uid: PipelineUid }[] } }): PipelineUid => answer.body.pipelines[0]!.uid;
    const first = uidOf(await client.post('/api/v1/channels', named('p')));
    const second = uidOf(await put(named('q')));
    await registry.uids.begin(second, { channel: 'ab', pipeline: 'q', source: 'a', target: 'b', fingerprint: 'f' });
    const refused = await put(named('r', { adopt: first }));
    expect(refused).toMatchObject({ status: 409, body: { details: { problems: [{ id: 'adopt-superseded' }] } } });
    expect(refused.body.message).toMatch(new RegExp(`ab.r: uid ${first} .* ab.q \\(uid ${second}\\) may have brought rows to b since`));
    // What it has brought was there before.
    expect((await put(named('r', { adopt: second }))).status).toBe(409);
    expect((await put(named('other'))).status).toBe(200);
    expect(uidOf(await put(named('r', { adopt: second })))).toBe(second);
  });

  it('that cannot be read any more are removed with their uids', async () => {
    const { uid } = (await client.post('/api/v1/channels', { name: 'ab', pipelines: [pipeline('p', 'a', 'b')] })).body.pipelines[0];
    await registry.session.connection?.setData(`/rest-${number}/channels/ab`, Buffer.from('{'), -1);
    expect((await client.remove('/api/v1/channels/ab', '*')).status).toBe(204);
    expect((await registry.uids.read(uid))?.removedAt).toBeGreaterThan(0);
  });

  it('let a new pipeline adopt the uid of a removed one with the same ends and routes, and no other', async () => {
    const named = (name: string, more: object = {}, to = 'b') => ({ name: 'ab', pipelines: [{ ...pipeline(name, 'a', to), ...more }] });
    const put = (body: object) => client.put('/api/v1/channels/ab', body, '*');
    const { uid } = (await client.post('/api/v1/channels', named('p'))).body.pipelines[0];
    const refusal = async (body: object): Promise<unknown> => (await put(body)).body.details?.problems?.[0]?.id;
    expect(await refusal(named('q', { adopt: uid }))).toBe('adopt-in-use');
    expect((await put(named('other'))).status).toBe(200);
    expect(await refusal(named('q', { adopt: uid }, 'c'))).toBe('adopt-other-ends');
    expect(await refusal(named('q', { adopt: uid, exclude: ['t'] }))).toBe('adopt-other-routes');
    expect(await refusal(named('other', { adopt: uid }))).toBe('adopt-exists');
    const adopted = await put(named('q', { adopt: uid }));
    expect(adopted).toMatchObject({ status: 200, body: { pipelines: [{ name: 'q', uid }] } });
    expect(adopted.body.pipelines[0]).not.toHaveProperty('adopt');
    expect((await put(named('q', { adopt: uid }))).status).toBe(200);
    const entry = await registry.uids.read(uid);
    expect(entry).toMatchObject({ pipeline: 'q' });
    expect(entry).not.toHaveProperty('removedAt');
    // ZooKeeper may have lost it: then its row must be there.
    expect((await put(named('r', { adopt: 'abcdefgh2345' }))).body.pipelines).toMatchObject([{ uid: 'abcdefgh2345' }]);
    expect((await registry.uids.read('abcdefgh2345' as PipelineUid))?.begunAt).toBeGreaterThan(0);
  });

  it('are not rewound over what other pipelines write, unless that is wanted', async () => {
    const channel = { name: 'ab', pipelines: [pipeline('there', 'a', 'b'), pipeline('back', 'b', 'a')] };
    expect((await client.post('/api/v1/channels', channel)).status).toBe(201);
    const path = '/api/v1/channels/ab/pipelines/there';
    const refused = await client.post(`${path}/rewind`, { seq: 4, reason: 'test' });
    expect({ status: refused.status, body: refused.body }).toMatchObject({
      status: 409,
      body: { code: 'CONFIG_CONFLICT', details: { pipelines: 'ab.back' }, message: expect.stringContaining('"overwrite": true') },
    });
    expect((await client.post(`${path}/rewind`, { seq: 4 })).status).toBe(400);
    expect((await client.post(`${path}/restart`, { at: 'middle', reason: 'test' })).status).toBe(400);
    expect((await client.post('/api/v1/channels/ab/pipelines/nowhere/rewind', { seq: 4, reason: 'test' })).status).toBe(404);
  });

  it('start, pause, stop and retry, as often as one likes', async () => {
    await client.post('/api/v1/channels', { name: 'ab', pipelines: [pipeline('there', 'a', 'b')] });
    const started = await client.post('/api/v1/channels/ab/start?force=true');
    expect(started.status).toBe(200);
    expect(started.body.channel.state).toBe('running');
    expect(started.body.problems).toEqual(expect.arrayContaining([expect.objectContaining({ id: 'source-unavailable' })]));
    const again = await client.post('/api/v1/channels/ab/start');
    expect(again.body).toMatchObject({ channel: { state: 'running' }, problems: [] });
    expect(again.headers.get('etag')).toBe(started.headers.get('etag'));
    expect((await client.post('/api/v1/channels/ab/pause')).body.channel.state).toBe('paused');
    expect((await client.remove('/api/v1/channels/ab', '*')).status).toBe(409);
    expect((await client.post('/api/v1/channels/ab/retry')).body.channel.attempt).toBe(1);
    const retries = await Promise.all(Array.from({ length: 5 }, () => client.post('/api/v1/channels/ab/retry')));
    expect(retries.every((answer) => answer.status === 200)).toBe(true);
    expect((await registry.desired.get('ab'))?.document.attempt).toBe(6);
    expect((await client.post('/api/v1/channels/ab/stop')).body.channel.state).toBe('stopped');
    expect((await client.post('/api/v1/channels/ab/stop')).status).toBe(200);
    expect((await client.post('/api/v1/channels/ab/pause?force=true&reason=the%20disk%20is%20full')).status).toBe(200);
    expect((await registry.desired.get('ab'))?.document).toMatchObject({ state: 'paused', reason: 'the disk is full' });
    await client.post('/api/v1/channels/ab/stop');
    expect((await registry.desired.get('ab'))?.document).not.toHaveProperty('reason');
    expect((await client.post('/api/v1/channels/nowhere/start')).status).toBe(404);
    expect((await client.post('/api/v1/channels/ab/start?force=perhaps')).status).toBe(400);
  });

  it('do not start while a server is unreachable', async () => {
    await client.post('/api/v1/channels', { name: 'ab', pipelines: [pipeline('there', 'a', 'b')] });
    const refused = await client.post('/api/v1/channels/ab/start');
    expect(refused.status).toBe(409);
    expect(refused.body).toMatchObject({ code: 'CONFIG_CONFLICT' });
    expect(refused.body.details.problems.map((problem: { what: string }) => problem.what).join()).toMatch(/endpoint a: .*endpoint b: /);
    expect((await registry.desired.get('ab'))?.document.state).toBe('stopped');
  });
});

describe('status', () => {
  beforeEach(async () => {
    await createEndpoints('a', 'b');
    await client.post('/api/v1/channels', { name: 'ab', pipelines: [pipeline('there', 'a', 'b')] });
  });

  it('says absent with the reason while nobody works on a running channel, then what the apps say', async () => {
    expect((await client.get('/api/v1/channels/ab/status')).body).toMatchObject({ desired: 'stopped', state: 'stopped' });
    await client.post('/api/v1/channels/ab/start?force=true');
    const absent = await client.get('/api/v1/channels/ab/status');
    expect(absent.body).toMatchObject({
      state: 'absent',
      pipelines: [
        {
          id: 'ab.there',
          source: { state: 'absent', reason: 'no capture process for endpoint a is connected' },
          target: { state: 'absent', reason: 'no loader process for pipeline ab.there is connected' },
        },
      ],
    });
    const worker = { rows: 5, transactions: 2, rowsPerSecond: 3, lagMs: 40, seq: 9, offset: 10 };
    await registry.status.publish(workStatus({ ...worker, app: 'capture', name: 'a' }));
    await registry.status.publish(workStatus({ ...worker, app: 'loader', name: 'ab.there' }));
    const running = await client.get('/api/v1/status');
    expect(running.body).toMatchObject({
      zooKeeper: 'connected',
      channels: [{ name: 'ab', state: 'running', pipelines: [{ state: 'running', lagMs: 40, rows: 5, rowsPerSecond: 3 }] }],
    });
    expect((await client.get('/api/v1/channels/nowhere/status')).status).toBe(404);
  });
});

describe('about', () => {
  it('tells its version and all error codes with help', async () => {
    expect((await client.get('/api/v1/version')).body).toMatchObject({
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
      node: process.version,
    });
    const { body } = await client.get('/api/v1/errors');
    expect(body['LOG_GAP']).toMatchObject({ outcome: 'stop', help: expect.any(String) });
    expect(body['PRECONDITION_REQUIRED']).toMatchObject({ status: 428 });
  });
});

describe('the history', () => {
  it('says who changed a document, when and why, and what it was before and after', async () => {
    await createEndpoints('a');
    const shown = (await client.get('/api/v1/endpoints/a')).body;
    const put = (body: object, query: string) => client.put(`/api/v1/endpoints/a${query}`, body, '*');
    expect((await put({ ...shown, description: 'new', password: 'another word' }, '?reason=moved%20%E5%8C%97')).status).toBe(200);
    expect((await client.remove('/api/v1/endpoints/a?reason=gone', '*')).status).toBe(204);
    const list = await client.get('/api/v1/endpoints/a/history');
    expect(list.body.map(({ what, reason, by, from }: Record<string, string>) => [what, reason, by, from])).toEqual([
      ['removed', 'gone', 'break-glass', '127.0.0.1'],
      ['changed', 'moved 北', 'break-glass', '127.0.0.1'],
      ['created', '', 'break-glass', '127.0.0.1'],
    ]);
    const [, changed] = list.body;
    const { body, text } = await client.get(`/api/v1/endpoints/a/history/${changed.revision}`);
    expect(body).toMatchObject({ ...changed, before: { description: '', password: '(secret)' }, after: { description: 'new' } });
    expect(text).not.toContain(' word');
    expect((await client.get('/api/v1/endpoints/a/history/1')).status).toBe(404);
    expect((await client.get('/api/v1/endpoints/b/history')).status).toBe(404);
    expect((await client.get('/api/v1/planets/a/history')).status).toBe(400);
    expect((await client.post(`/api/v1/regions?reason=${'x'.repeat(1001)}`, region('z'))).status).toBe(400);
  });

  it('of a channel that is there ends with what it is now', async () => {
    await createEndpoints('a', 'b');
    const channel = { name: 'ab', pipelines: [pipeline('there', 'a', 'b')] };
    await client.post('/api/v1/channels', channel);
    const [created] = (await client.get('/api/v1/channels/ab/history')).body;
    const { body } = await client.get(`/api/v1/channels/ab/history/${created.revision}`);
    expect(body).toMatchObject({ what: 'created', before: null, after: { name: 'ab' } });
    expect(body.after).not.toHaveProperty('state');
  });
});

describe('a document that cannot be read', () => {
  it('is named in lists and in the status, and holds up no other', async () => {
    await createEndpoints('a', 'b', 'c');
    const channel = (name: string, from: string, to: string) => ({ name, pipelines: [pipeline('there', from, to, name)] });
    for (const one of [channel('ab', 'a', 'b'), channel('bc', 'b', 'c')])
      expect((await client.post('/api/v1/channels', one)).status).toBe(201);
    await overwrite('channels/ab', { name: 'ab' });
    await vi.waitFor(async () => expect((await client.get('/api/v1/channels')).headers.get('lutra-invalid')).toBe('ab'), {
      timeout: 20_000,
    });
    const list = await client.get('/api/v1/channels');
    expect(list.body.map(({ name }: { name: string }) => name)).toEqual(['bc']);
    expect((await client.get('/api/v1/status')).body.invalid).toEqual(['channel ab']);
    const changed = { ...channel('bc', 'b', 'c'), description: 'new' };
    expect((await client.put('/api/v1/channels/bc', changed, '"0"')).status).toBe(200);
    expect((await client.post('/api/v1/regions', region('d'))).status).toBe(201);
    // What it carries nobody knows: no table may come to it, and what it may name stays.
    const refused = [
      await client.post('/api/v1/channels', channel('ac', 'a', 'c')),
      await client.remove('/api/v1/endpoints/a', '*'),
      await client.post('/api/v1/channels/bc/start?force=true'),
    ];
    for (const { status, body } of refused)
      expect([status, body.message]).toEqual([409, expect.stringContaining('channel ab cannot be read')]);
    expect((await client.remove('/api/v1/channels/ab', '*')).status).toBe(204);
    expect((await client.post('/api/v1/channels', channel('ac', 'a', 'c'))).status).toBe(201);
  });

  it('of what is wanted of a channel is written anew by a stop', async () => {
    await createEndpoints('a', 'b');
    await client.post('/api/v1/channels', { name: 'ab', pipelines: [pipeline('there', 'a', 'b')] });
    await overwrite('desired/ab', { state: 'flying' });
    await vi.waitFor(async () => expect((await client.get('/api/v1/channels/ab')).status).toBe(500), { timeout: 20_000 });
    expect((await client.post('/api/v1/channels/ab/stop')).body.channel.state).toBe('stopped');
    expect((await client.get('/api/v1/channels/ab')).body.state).toBe('stopped');
  });
});

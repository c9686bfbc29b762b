/** The schema registry in Confluent's shape, and the client of @lutra/registry against it. */
import { Registry, createHttpSchemaStore } from '@lutra/registry';
import { createLogger } from '@lutra/telemetry';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { kept, running } from '../../../test/servers/index.js';
import { ControlClient, startControl } from './control-client.js';
import type { RunningControl } from './control-client.js';

const token = 'a-token-that-nobody-guesses';
const { zooKeeper } = kept;
let control: RunningControl;
let client: ControlClient;

beforeAll(async () => {
  await running(zooKeeper);
  control = await startControl({ ZOOKEEPER: zooKeeper.connect, LUTRA_ROOT: '/schema-registry', LUTRA_API_TOKEN: token });
  client = new ControlClient(control.url, { Authorization: `Bearer ${token}`, 'Content-Type': 'application/vnd.schemaregistry.v1+json' });
});

afterAll(async () => {
  await control.app.close();
});

const schema = (...fields: readonly string[]): string =>
  JSON.stringify({ type: 'record', name: 'Row', namespace: 'shop', fields: fields.map((name) => ({ name, type: 'long' })) });

describe('the schema registry', () => {
  it('keeps what is registered, under an id and as versions of a subject', async () => {
    const first = await client.post('/subjects/shop-value/versions', { schema: schema('id') });
    expect(first.status).toBe(200);
    expect(first.headers.get('content-type')).toContain('application/vnd.schemaregistry.v1+json');
    const { id } = first.body;
    expect((await client.post('/subjects/shop-value/versions', { schema: schema('id') })).body).toEqual({ id });
    const second = (await client.post('/subjects/shop-value/versions', { schema: schema('id', 'more'), schemaType: 'AVRO' })).body.id;
    expect(second).not.toBe(id);
    expect(JSON.parse((await client.get(`/schemas/ids/${id}`)).body.schema)).toEqual(JSON.parse(schema('id')));
    expect((await client.get('/subjects')).body).toEqual(['shop-value']);
    expect((await client.get('/subjects/shop-value/versions')).body).toEqual([1, 2]);
    expect((await client.get('/subjects/shop-value/versions/1')).body).toMatchObject({ subject: 'shop-value', id, version: 1 });
    const latest = (await client.get('/subjects/shop-value/versions/latest')).body;
    expect(latest).toMatchObject({ id: second, version: 2 });
    expect((await client.get('/subjects/shop-value/versions/2/schema')).text).toBe(latest.schema);
    const found = await client.post('/subjects/shop-value', { schema: schema('id') });
    expect(found.body).toMatchObject({ subject: 'shop-value', id, version: 1 });
  });

  it('finds a schema whose properties come in another order', async () => {
    const { id } = (await client.post('/subjects/order/versions', { schema: schema('id') })).body;
    const { type, name, namespace, fields } = JSON.parse(schema('id'));
    const other = JSON.stringify({ fields, namespace, name, type }, undefined, 2);
    expect((await client.post('/subjects/order', { schema: other })).body).toMatchObject({ id, version: 1 });
  });

  it('says what is missing in the codes that clients know', async () => {
    await client.post('/subjects/known/versions', { schema: schema('id') });
    const cases: readonly (readonly [string, number, number])[] = [
      ['/schemas/ids/999999', 404, 40403],
      ['/schemas/ids/x', 404, 40403],
      ['/subjects/unknown/versions', 404, 40401],
      ['/subjects/unknown/versions/1', 404, 40401],
      ['/subjects/known/versions/9', 404, 40402],
      ['/subjects/known/versions/0', 422, 42202],
      ['/subjects/known/versions/first', 422, 42202],
      ['/subjects/known/nothing', 404, 404],
      ['/associations/resources/-/lutra.known.rows?resourceType=topic', 404, 404],
    ];
    for (const [path, status, code] of cases) {
      const answer = await client.get(path);
      expect({ path, status: answer.status, code: answer.body.error_code }).toEqual({ path, status, code });
      expect(answer.body.message).toEqual(expect.any(String));
    }
    expect((await client.post('/subjects/unknown', { schema: schema('id') })).body.error_code).toBe(40401);
    expect((await client.post('/subjects/known', { schema: schema('else') })).body.error_code).toBe(40403);
  });

  it.each([
    ['no schema', {}],
    ['an empty one', { schema: '' }],
    ['no Avro', { schema: '{"type":"record"}' }],
    ['another type', { schema: '"string"', schemaType: 'JSON' }],
  ])('refuses %s with 42201', async (_, body) => {
    const answer = await client.post('/subjects/bad/versions', body);
    expect(answer.status).toBe(422);
    expect(answer.body.error_code).toBe(42201);
    expect((await client.get('/subjects/bad/versions')).status).toBe(404);
  });

  it('answers what clients ask first', async () => {
    expect((await client.get('/')).body).toEqual({});
    expect((await client.get('/schemas/types')).body).toEqual(['AVRO']);
    expect((await client.get('/config')).body).toEqual({ compatibilityLevel: 'NONE' });
    expect((await client.get('/config/shop-value')).body).toEqual({ compatibilityLevel: 'NONE' });
  });

  it('serves a client of Confluent’s API with basic credentials, from the same store that capture writes to', async () => {
    const registry = new Registry({ connect: zooKeeper.connect, root: '/schema-registry', logger: createLogger('test', 'silent') });
    await registry.start();
    const remote = createHttpSchemaStore(control.url.replace('//', `//lutra:${token}@`));
    const text = '{"fields":[{"name":"id","type":"long"}],"name":"Same","namespace":"shop","type":"record"}';
    const id = await registry.schemas.register('lutra.a.rows-shop.Same', text);
    expect(await remote.byId(id)).toBe(text);
    expect(await remote.register('lutra.a.rows-shop.Same', text)).toBe(id);
    expect(await remote.idOf('a subject/with ünusual%letters', text)).toBeNull();
    expect(await remote.register('a subject/with ünusual%letters', text)).toBe(id);
    expect(await remote.version('a subject/with ünusual%letters', 'latest')).toEqual({ id, version: 1, schema: text });
    expect(await registry.schemas.versions('a subject/with ünusual%letters')).toEqual([1]);
    await registry.stop();
  });
});

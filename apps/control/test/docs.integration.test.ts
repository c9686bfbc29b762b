/** The OpenAPI document: complete and consistent. It needs no ZooKeeper, and neither does listening. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ControlClient, startControl } from './control-client.js';
import type { RunningControl } from './control-client.js';
import { clientTypes } from '../../../scripts/client-types.js';
import type { OpenApiDocument } from '../../../scripts/client-types.js';

let control: RunningControl;
let client: ControlClient;

beforeAll(async () => {
  control = await startControl({ ZOOKEEPER: '127.0.0.1:1' });
  client = new ControlClient(control.url);
});

afterAll(() => control.app.close());

interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly parameters: readonly { readonly name: string; readonly in: string; readonly required: boolean; readonly schema: object }[];
  readonly requestBody?: object;
  readonly responses: Readonly<Record<string, { readonly description: string }>>;
}

interface OpenApi {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, object>> };
}

describe('the OpenAPI document', () => {
  it('describes every operation with its parameters, bodies and answers', async () => {
    const document: OpenApi = (await client.get('/api/docs-json')).body;
    expect(document.openapi).toMatch(/^3\./);
    expect(Object.keys(document.paths)).toEqual(
      expect.arrayContaining([
        '/api/v1/regions',
        '/api/v1/endpoints/{name}/check',
        '/api/v1/channels/{name}/start',
        '/subjects/{subject}/versions',
      ]),
    );
    const operations = Object.entries(document.paths).flatMap(([path, item]) =>
      Object.entries(item).map(([method, operation]) => ({ path, method, operation })),
    );
    for (const { path, operation } of operations) {
      const wanted = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
      const described = operation.parameters.filter((parameter) => parameter.in === 'path').map((parameter) => parameter.name);
      expect({ path, parameters: described }).toEqual({ path, parameters: wanted });
      expect(operation.summary).not.toBe('');
      expect(Object.keys(operation.responses)).not.toHaveLength(0);
    }
    const filters = document.paths['/api/v1/channels/{channel}/conflicts']?.['get']?.parameters.filter(
      (parameter) => parameter.in === 'query',
    );
    expect(filters?.map((parameter) => parameter.name)).toEqual(
      expect.arrayContaining(['pipeline', 'type', 'since', 'key', 'limit', 'before']),
    );
    const ids = operations.map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    const writes = operations.filter(({ path, method }) => method === 'put' || (method === 'post' && /^\/api\/v1\/\w+$/.test(path)));
    expect(writes).toHaveLength(16);
    expect(writes.every(({ operation }) => operation.requestBody !== undefined)).toBe(true);
  });

  it('defines every schema that it names, and shows no password', async () => {
    const answer = await client.get('/api/docs-json');
    const document: OpenApi = answer.body;
    const named = [...answer.text.matchAll(/"#\/components\/schemas\/(\w+)"/g)].map((match) => match[1] ?? '');
    expect(named.length).toBeGreaterThan(20);
    expect([...new Set(named)].filter((name) => !(name in document.components.schemas))).toEqual([]);
    expect(JSON.stringify(document.components.schemas['Endpoint'])).not.toContain('"password"');
    expect(JSON.stringify(document.components.schemas['EndpointInput'])).toContain('"password"');
  });

  it('is what libs/client was made from: run this file with -u', async () => {
    const document = (await client.get('/api/docs-json')).body as OpenApiDocument;
    await expect(clientTypes(document)).toMatchFileSnapshot('../../../libs/client/src/api.ts');
  });

  it('is shown to people', async () => {
    const page = await client.get('/api/docs');
    expect(page.headers.get('content-type')).toContain('text/html');
    expect((await client.get('/api/docs/swagger-ui-bundle.js')).status).toBe(200);
  });
});

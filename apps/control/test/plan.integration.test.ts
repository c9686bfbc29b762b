/** Plans of whole documents over REST, against a real ZooKeeper. No server of a database or of Kafka is there: what asks one is refused. */
import { randomBytes } from 'node:crypto';
import type { Person } from '@lutra/model';
import { Keyring, Registry } from '@lutra/registry';
import { createLogger } from '@lutra/telemetry';
import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import fc from 'fast-check';
import { stringify } from 'yaml';
import { kept, running } from '../../../test/servers/index.js';
import { asPerson } from '../src/access/person.js';
import { UidService } from '../src/channels/uid.service.js';
import { ConfigurationService } from '../src/configuration/configuration.service.js';
import { EndpointService } from '../src/endpoints/endpoint.service.js';
import { PipelineAccessService } from '../src/pipelines/pipeline-access.service.js';
import { requireRights } from '../src/plan/apply-guards.js';
import { DroppedTablesService } from '../src/plan/dropped-tables.service.js';
import { PlanService } from '../src/plan/plan.service.js';
import type { PlanRequest } from '../src/plan/plan.service.js';
import { readDocument } from '../src/plan/read-document.js';
import { ControlClient, startControl } from './control-client.js';
import type { Answer } from './control-client.js';

const { zooKeeper } = kept;
let client: ControlClient;
let registry: Registry;
let number = 0;

beforeAll(() => running(zooKeeper));
beforeEach(async () => {
  const LUTRA_ROOT = `/plan-${++number}`;
  const control = await startControl({ ZOOKEEPER: zooKeeper.connect, LUTRA_ROOT });
  client = new ControlClient(control.url);
  registry = new Registry({ connect: zooKeeper.connect, root: LUTRA_ROOT, logger: createLogger('test', 'silent') });
  await registry.start();
  return async () => {
    await registry.stop();
    await control.app.close();
  };
});

const secret = 'a secret word';
const region = (name: string, more: object = {}) => ({ name, kafka: { brokers: ['127.0.0.1:1'] }, ...more });
const endpoint = (name: string, more: object = {}) => {
  const serverId = 1000 + Number(/\d+$/.exec(name)?.[0] ?? name.codePointAt(0));
  return { name, region: name, host: '127.0.0.1', port: 1, user: 'lutra', password: secret, serverId, ...more };
};
const channel = (name: string, tables: readonly string[] = ['t'], more: object = {}) => ({
  name,
  pipelines: [{ name: 'there', source: 'a', target: 'b', routes: tables.map((table) => ({ schema: name.replaceAll('-', '_'), table })) }],
  ...more,
});
const moved = (name: string, schema: string, more: object = {}) => ({
  name,
  pipelines: [{ name: 'there', source: 'a', target: 'b', routes: [{ schema, table: 't' }] }],
  ...more,
});
interface Parts {
  readonly regions?: readonly object[];
  readonly endpoints?: readonly object[];
  readonly channels?: readonly object[];
}
const base: Parts = { regions: [region('a'), region('b')], endpoints: [endpoint('a'), endpoint('b', { port: 2 })] };
const text = (...parts: readonly Parts[]): string => stringify({ version: 1, ...Object.assign({}, base, ...parts) });
const plan = (document: string, more: object = {}): Promise<Answer> => client.post('/api/v1/plan', { document, ...more });
const apply = (
  document: string,
  { hash, confirm, ...more }: { hash: string; confirm?: unknown; [field: string]: unknown },
): Promise<Answer> => client.post('/api/v1/apply', { document, hash, ...(confirm ? { confirm } : {}), ...more });

/** Plans and applies it, with the counts that it asks for. */
async function become(document: string, more: object = {}): Promise<Answer> {
  const planned = await plan(document, more);
  expect(planned.body.problems ?? planned.body, document.slice(0, 2000)).toEqual([]);
  const { hash, confirm } = planned.body;
  const applied = await apply(document, { hash, confirm, ...more });
  expect(applied.status, applied.text).toBe(200);
  return applied;
}
const ops = ({ body }: Answer): readonly string[] =>
  body.changes.map(({ op, kind, name }: Record<string, string>) => `${op} ${kind}/${name}`);
/** Past the servers that are not there. */
const start = async (name: string): Promise<void> => {
  expect((await client.post(`/api/v1/channels/${name}/start?force=true`)).status).toBe(200);
};

describe('a plan', () => {
  it('shows what a document changes, and applied makes it so in one revision with its reason', async () => {
    const document = text({ channels: [channel('shop'), channel('crm')] });
    const planned = await plan(document);
    expect(ops(planned)).toEqual(
      ['a', 'b']
        .flatMap((name) => [`create regions/${name}`])
        .concat(['create endpoints/a', 'create endpoints/b', 'create channels/shop', 'create channels/crm']),
    );
    expect((await client.get('/api/v1/channels')).body).toEqual([]);
    expect((await apply(document, { hash: planned.body.hash, reason: 'the beginning' })).body).toMatchObject({ revision: 1, writes: 1 });
    for (const path of ['regions/a', 'endpoints/b', 'channels/crm'])
      expect((await client.get(`/api/v1/${path}/history`)).body).toMatchObject([{ revision: 1, reason: 'the beginning', what: 'created' }]);
    expect((await plan(document)).body).toMatchObject({ changes: [], consequences: [], problems: [], confirm: null, unmanaged: [] });
    const changed = await plan(text({ channels: [channel('shop', ['t', 'u'])] }));
    expect(changed.body).toMatchObject({
      unmanaged: ['channels/crm'],
      changes: [{ op: 'change', name: 'shop', fields: [{ path: 'pipelines.there.routes' }] }],
    });
  });

  it('of two people at once: an outdated plan is refused, and the new one applied', async () => {
    const documents = [text({ channels: [channel('shop')] }), text({ channels: [channel('shop', ['u'])] })];
    const planned = await Promise.all(documents.map((document) => plan(document)));
    const applied = await Promise.all(documents.map((document, i) => apply(document, { hash: planned[i]!.body.hash })));
    const statuses = applied.map(({ status }) => status);
    expect(statuses.toSorted((one, other) => one - other)).toEqual([200, 409]);
    const late = statuses.indexOf(409);
    expect(applied[late]!.body).toMatchObject({
      code: 'PLAN_OUTDATED',
      details: { plan: { changes: [{ op: 'change', kind: 'channels', name: 'shop' }] } },
    });
    expect((await apply(documents[late]!, { hash: applied[late]!.body.details.plan.hash })).status).toBe(200);
  });

  it('that somebody edits something else meanwhile still applies; a document of its own does not', async () => {
    await become(text({ channels: [channel('shop'), channel('crm')] }));
    const document = text({ channels: [channel('shop', ['u'])] });
    const { hash } = (await plan(document)).body;
    expect((await client.put('/api/v1/channels/crm', channel('crm', ['x']), '*')).status).toBe(200);
    expect((await client.put('/api/v1/regions/a', region('a', { description: 'other' }), '*')).status).toBe(200);
    const again = text({ regions: [region('b')], channels: [channel('shop', ['u'])] });
    expect((await plan(again)).body.hash).toBe(hash);
    expect((await client.put('/api/v1/channels/shop', channel('shop', ['t', 'w']), '*')).status).toBe(200);
    expect((await apply(again, { hash })).body).toMatchObject({ code: 'PLAN_OUTDATED' });
    expect((await apply(again, { hash: (await plan(again)).body.hash })).status).toBe(200);
  });

  it('is refused by the rules of single documents, each problem with its line, and writes nothing', async () => {
    const document = text({
      endpoints: [endpoint('a'), endpoint('b', { region: 'c' })],
      channels: [channel('shop'), moved('crm', 'shop')],
    });
    const planned = await plan(document);
    const ids = planned.body.problems.map(({ id, line }: { id: string; line: number }) => [id, document.split('\n')[line - 1]?.trim()]);
    expect(ids).toEqual(expect.arrayContaining([['region-missing', '- name: b']]));
    expect(ids.length).toBeGreaterThan(1);
    expect(await apply(document, { hash: planned.body.hash })).toMatchObject({
      status: 409,
      body: { code: 'CONFIG_CONFLICT', details: { problems: expect.any(Array) } },
    });
    expect((await client.get('/api/v1/regions')).body).toEqual([]);
    expect(await plan('version: 1\nregions:\n  - nam: a\n')).toMatchObject({
      status: 400,
      body: {
        code: 'CONFIG_INVALID',
        details: { problems: expect.arrayContaining([expect.objectContaining({ line: 3, column: 5, pointer: '/regions/0/nam' })]) },
      },
    });
  });

  it('starts nothing whose servers do not answer, and writes nothing then', async () => {
    const document = text({ channels: [channel('shop', ['t'], { state: 'running' })] });
    const planned = await plan(document);
    expect(ops(planned).slice(-2)).toEqual(['create channels/shop', 'start channels/shop']);
    expect(planned.body.problems.map(({ id }: { id: string }) => id)).toContain('source-unavailable');
    expect((await apply(document, { hash: planned.body.hash })).body).toMatchObject({ code: 'CONFIG_CONFLICT' });
    expect((await client.get('/api/v1/regions')).body).toEqual([]);
  });

  it('a plan that stops much repeats its counts, and so does one that drops most of the tables', async () => {
    await become(text({ channels: [channel('shop', ['t', 'u', 'v'])] }));
    await start('shop');
    for (const [document, more, confirm] of [
      [text(), { prune: true }, { pipelinesStopped: 1, tablesDropped: 3 }],
      [text({ channels: [channel('shop', ['t', 'u', 'v'], { state: 'stopped' })] }), {}, { pipelinesStopped: 1 }],
      [text({ channels: [channel('shop', ['t'])] }), {}, { tablesDropped: 2 }],
    ] as const) {
      const planned = await plan(document, more);
      expect(planned.body.confirm).toEqual(confirm);
      const { hash } = planned.body;
      for (const wrong of [undefined, Object.fromEntries(Object.keys(confirm).map((key) => [key, 99]))])
        expect((await apply(document, { hash, confirm: wrong, ...more })).body).toMatchObject({
          code: 'PLAN_UNCONFIRMED',
          details: { plan: { confirm } },
        });
    }
    expect((await client.get('/api/v1/channels/shop')).body.state).toBe('running');
    await become(text(), { prune: true });
    expect((await client.get('/api/v1/channels')).body).toEqual([]);
  });

  it('counts tables behind a pattern as unknown where the source does not say, and asks', async () => {
    await become(text({ channels: [channel('shop', ['*', 'u'])] }));
    await start('shop');
    const planned = await plan(text({ channels: [channel('shop', ['u'])] }));
    expect(planned.body).toMatchObject({
      confirm: { tablesUnknown: 1 },
      consequences: [{ id: 'tables-unknown', subject: 'channels/shop' }],
    });
  });

  it('is about what is selected, and prunes no more', async () => {
    await become(text({ channels: [channel('shop'), channel('crm'), channel('hr')] }));
    const document = text({ channels: [channel('shop', ['u']), channel('crm', ['u'])] });
    expect(ops(await plan(document, { select: ['channels/s*'] }))).toEqual(['change channels/shop']);
    expect(ops(await plan(document, { select: ['channels/h?'], prune: true }))).toEqual(['remove channels/hr']);
    expect(ops(await plan(stringify({ version: 1 }), { prune: true }))).toHaveLength(7);
    await become(stringify({ version: 1 }), { prune: true });
    expect((await client.get('/api/v1/endpoints')).body).toEqual([]);
  });

  it('moves a table from one channel to another in one write', async () => {
    await become(text({ channels: [channel('shop', ['t', 'u'])] }));
    const applied = await become(text({ channels: [channel('shop', ['u']), moved('crm', 'shop')] }));
    expect(applied.body.writes).toBe(1);
    expect((await client.get('/api/v1/channels/crm/history')).body[0].revision).toBe(
      (await client.get('/api/v1/channels/shop/history')).body[0].revision,
    );
  });
});

describe('a secret', () => {
  it('that is the stored one is no change; another one is, and no answer has it', async () => {
    const answers = [await become(text())];
    expect((await plan(text())).body.changes).toEqual([]);
    const other = text({ endpoints: [endpoint('a', { password: 'quite another' }), endpoint('b', { port: 2 })] });
    const planned = await plan(other);
    expect(planned.body.changes).toEqual([
      { op: 'change', kind: 'endpoints', name: 'a', fields: [{ path: 'password', from: '(secret)', to: '(secret, changed)' }] },
    ]);
    answers.push(
      planned,
      await apply(text({ endpoints: [endpoint('a', { password: 'a third' }), endpoint('b', { port: 2 })] }), { hash: planned.body.hash }),
    );
    expect(answers.at(-1)?.body.code).toBe('PLAN_OUTDATED');
    answers.push(
      await become(other),
      await plan(`${other}  - *quite`),
      await client.get('/api/v1/export'),
      await client.get('/api/v1/endpoints/a/history'),
    );
    const { revision } = answers.at(-1)!.body[0];
    answers.push(
      await client.get(`/api/v1/endpoints/a/history/${revision}`),
      await client.post(`/api/v1/endpoints/a/history/${revision}/plan`, {}),
    );
    for (const { text: answer } of answers) expect(answer).not.toMatch(/a secret word|quite another|a third/);
    const kept = text({ endpoints: [endpoint('a', { password: undefined }), endpoint('b', { port: 2, password: undefined })] });
    expect((await plan(kept)).body.changes).toEqual([]);
    const moving = await plan(text({ endpoints: [endpoint('a', { password: undefined, host: 'elsewhere' })] }));
    expect(moving.body.problems).toMatchObject(
      [{ what: expect.stringContaining('password: required') }, expect.anything()].slice(0, moving.body.problems.length),
    );
  });

  it('of a region is compared too, and a reference is shown', async () => {
    const sasl = (more: object) => [
      region('a', { kafka: { brokers: ['127.0.0.1:1'], sasl: { mechanism: 'scram-sha-512', user: 'u', ...more } } }),
      region('b'),
    ];
    await become(text({ regions: sasl({ password: secret }) }));
    expect((await plan(text({ regions: sasl({ password: secret }) }))).body.changes).toEqual([]);
    expect((await plan(text({ regions: sasl({ password: 'other' }) }))).body.changes[0].fields).toEqual([
      { path: 'kafka.sasl.password', from: '(secret)', to: '(secret, changed)' },
    ]);
    const referring = text({ regions: sasl({ passwordFrom: 'file:kafka' }) });
    expect(JSON.stringify((await plan(referring)).body.changes[0].fields)).toContain('file:kafka');
    await become(referring);
    expect((await plan(referring)).body.changes).toEqual([]);
    expect((await client.get('/api/v1/export')).text).toContain('passwordFrom: file:kafka');
  });
});

it('an export changes nothing when it is applied, as YAML and as JSON', async () => {
  const one = channel('shop', ['t', 'u*'], { description: 'no', conflicts: { retentionDays: 7 }, otterTables: { 12: 'shop.t' } });
  await become(text({ channels: [one, channel('crm', ['2026-01-31', '012'])] }));
  await start('shop');
  const yaml = (await client.get('/api/v1/export')).text;
  expect(yaml).toContain('# password: left out');
  const json = (await client.get('/api/v1/export', { Accept: 'application/json' })).text;
  for (const document of [yaml, json]) {
    expect((await plan(document, { prune: true })).body).toMatchObject({ changes: [], problems: [], unmanaged: [] });
    expect(document).not.toContain(secret);
  }
  expect((await client.get('/api/v1/export')).text).toBe(yaml);
});

it('whatever it says, a document that is applied is what an export gives', async () => {
  const names = fc.uniqueArray(fc.stringMatching(/^[a-z][a-z0-9-]{0,9}$/), { minLength: 1, maxLength: 5 });
  const words = fc.oneof(
    fc.constantFrom('no', '2026-01-31', '~', '0123', '1e3', ': #', '- x', '"', '*a', '<<', ''),
    fc.string({ maxLength: 30 }),
  );
  const documents = fc.record({
    channels: names,
    state: fc.constantFrom('stopped', undefined),
    description: words,
    table: fc.constantFrom('t', 'u*', '2', 'null', 'ü'),
  });
  let last = '';
  await fc.assert(
    fc.asyncProperty(documents, async ({ channels, description, table, state }) => {
      const document = text({
        channels: channels.map((name) => channel(name, [table], { description, state })),
        regions: [region('a', { description }), region('b')],
      });
      last = document;
      await become(document, { prune: true });
      const exported = (await client.get('/api/v1/export')).text;
      expect((await plan(exported, { prune: true })).body).toMatchObject({ changes: [], problems: [] });
      const json = JSON.parse((await client.get('/api/v1/export', { Accept: 'application/json' })).text);
      expect(json.channels.map(({ name }: { name: string }) => name)).toEqual(channels.toSorted());
      for (const one of json.channels)
        expect([one.description ?? '', one.pipelines[0].routes]).toEqual([description, [{ schema: one.name.replaceAll('-', '_'), table }]]);
    }),
    { numRuns: 12 },
  );
  expect((await plan(last)).body.changes).toEqual([]);
}, 60_000);

describe('a right', () => {
  const person = (...grants: Person['grants']): Person => ({ kind: 'user', name: 'ada', token: null, grants });
  const none = { wanted: { regions: [], endpoints: [], channels: [] }, places: {}, prune: false };
  /** The services themselves: who asks is known by the guard, which is not here. */
  const services = () => {
    const [key, logger] = [Keyring.of(randomBytes(32)), createLogger('control', 'silent')];
    const configuration = new ConfigurationService(registry, logger);
    const endpoints = new EndpointService(registry, key, configuration);
    const uids = new UidService(registry, key, logger);
    const tables = new DroppedTablesService(new PipelineAccessService(registry, key, logger));
    return { plans: new PlanService(registry, key, { current: 4 }, endpoints, uids, tables) };
  };

  it('to see a channel is needed for a plan of it, and others are not told of', async () => {
    await become(text({ channels: [channel('shop'), channel('crm')] }));
    const { plans } = services();
    const snapshot = await registry.snapshot.latest();
    const shop = {
      ...none,
      wanted: { ...none.wanted, channels: [(await readDocument(text({ channels: [channel('shop', ['u'])] }))).wanted!.channels[0]!] },
    };
    const make = (grants: Person['grants'], request: PlanRequest) => asPerson(person(...grants), () => plans.make(snapshot, request));
    const { answer, steps } = await make([{ role: 'viewer', channels: 's*' }], shop);
    expect(answer).toMatchObject({ changes: [{ name: 'shop' }], unmanaged: expect.not.arrayContaining(['channels/crm']) });
    await expect(make([{ role: 'admin', channels: 'c*' }], shop)).rejects.toMatchObject({ code: 'NOT_ALLOWED' });
    expect(
      (await make([{ role: 'viewer', channels: 'c*' }], { ...none, prune: true })).answer.changes.map(({ name }) => name),
    ).not.toContain('shop');
    for (const [grant, allowed] of [
      [{ role: 'operator', channels: '*' }, false],
      [{ role: 'admin', channels: 'sho?' }, true],
      [{ role: 'admin', channels: 'c*' }, false],
    ] as const) {
      const asked = () => asPerson(person(grant), () => requireRights(steps));
      if (allowed) asked();
      else expect(asked).toThrow(expect.objectContaining({ code: 'NOT_ALLOWED' }));
    }
  });
});

describe('a rollback', () => {
  const back = (path: string, body: object = {}) => client.post(`/api/v1/${path}/plan`, body);
  const newest = async (path: string): Promise<number> => (await client.get(`/api/v1/${path}/history`)).body[0].revision;

  it('brings back each kind of document as it was, with the secrets of now', async () => {
    await become(text({ channels: [channel('shop')] }));
    const changed = text({
      regions: [region('a', { description: 'new' }), region('b')],
      endpoints: [endpoint('a', { description: 'new' }), endpoint('b', { port: 2 })],
      channels: [channel('shop', ['t', 'u'])],
    });
    await become(changed);
    for (const [kind, name] of [
      ['regions', 'a'],
      ['endpoints', 'a'],
      ['channels', 'shop'],
    ] as const) {
      const revision = await newest(`${kind}/${name}`);
      const planned = await back(`${kind}/${name}/history/${revision}`);
      expect(planned.body).toMatchObject({ changes: [{ op: 'change', kind, name }], problems: [], unmanaged: [] });
      const applied = await client.post('/api/v1/apply', {
        rollback: { kind, name, revision },
        hash: planned.body.hash,
        confirm: planned.body.confirm ?? {},
      });
      expect(applied.status, applied.text).toBe(200);
    }
    expect((await plan(text({ channels: [channel('shop')] }))).body.changes).toEqual([]);
    const both = await client.post('/api/v1/apply', { document: text(), rollback: { kind: 'regions', name: 'a', revision: 1 }, hash: 'x' });
    expect(both.status).toBe(400);
  });

  it('of a creation removes; of a removal creates, with the password given anew', async () => {
    await become(text({ channels: [channel('shop')] }));
    const created = await back(`channels/shop/history/${await newest('channels/shop')}`);
    expect(ops(created)).toEqual(['remove channels/shop']);
    await become(stringify({ version: 1 }), { prune: true });
    const path = `endpoints/a/history/${await newest('endpoints/a')}`;
    await become(text({ endpoints: [] }));
    expect((await back(path)).body.problems).toMatchObject([{ what: expect.stringContaining('password: required') }]);
    const planned = await back(path, { secrets: { password: 'anew' } });
    expect(planned.body).toMatchObject({ changes: [{ op: 'create', name: 'a' }], problems: [] });
    expect(planned.text).not.toContain('anew');
  });
});

describe('a large plan', () => {
  const many = (count: number) => Array.from({ length: count }, (_, i) => channel(`c-${i}`));

  it('over 1,000 channels is made', async () => {
    const planned = await plan(text({ channels: many(1000) }));
    expect(planned.body.problems).toEqual([]);
    expect(planned.body.changes).toHaveLength(1004);
  }, 60_000);

  it('that ended between two of its writes goes on when it is applied again; what does not fit is applied in parts', async () => {
    const document = text({ channels: many(300) });
    const { hash } = (await plan(document)).body;
    const applying = apply(document, { hash });
    await vi.waitFor(async () => expect((await registry.revision.latest())?.revision).toBeGreaterThan(0), { timeout: 60_000 });
    // It waits for the write that is under way, and the next one for it.
    expect((await client.post('/api/v1/channels', channel('c-299', ['other']))).status).toBe(201);
    expect((await applying).body.code).toBe('PLAN_OUTDATED');
    const there = (await client.get('/api/v1/channels')).body.length;
    expect(there).toBeGreaterThan(1);
    expect(there).toBeLessThan(300);
    expect((await client.remove('/api/v1/channels/c-299', '*')).status).toBe(204);
    const uids = await registry.uids.all();
    expect((await apply(document, { hash })).status).toBe(200);
    expect((await plan(document, { prune: true })).body.changes).toEqual([]);
    // Removing all of them cannot be split.
    const gone = (await plan(text(), { prune: true })).body;
    expect((await apply(text(), { hash: gone.hash, confirm: gone.confirm, prune: true })).body.code).toBe('PLAN_TOO_LARGE');
    const after = await registry.uids.all();
    for (const uid of uids.keys()) expect(after.has(uid)).toBe(true);
    await become(text(), { prune: true, select: ['channels/c-2?'] });
    // What the plan has made and somebody has touched since is not its own any more.
    expect((await client.put('/api/v1/channels/c-1', channel('c-1', ['other']), '*')).status).toBe(200);
    expect((await apply(document, { hash })).body.code).toBe('PLAN_OUTDATED');
  }, 120_000);
});

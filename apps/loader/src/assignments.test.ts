import { createRouter, endpointSchema, regionSchema } from '@lutra/model';
import type { ChannelDocument, EndpointDocument } from '@lutra/model';
import type { Configuration } from '@lutra/registry';
import { describe, expect, it } from 'vitest';
import { assignedPipelines } from './assignments.js';
import { ddlRecord } from './ddl/ddl-record.fixture.js';
import { ruleOf } from './ddl/rule.js';
import type { DetectionWork, LoaderWork } from './assignments.js';
import { storedChannel, uidOf } from '../../../libs/model/src/pipeline-uid.fixture.js';
import type { ChannelText } from '../../../libs/model/src/pipeline-uid.fixture.js';

type ChannelPart = Partial<ChannelText>;

const names = { a: 'hangzhou', b: 'california', c: 'dublin' } as const;
const routes = { shop: [{ schema: 'shop', table: '*' }], crm: [{ schema: 'crm', table: '*' }] };
const there = { name: 'there', source: 'a', target: 'b', routes: routes.shop };
const back = { name: 'back', source: 'b', target: 'a', routes: routes.crm };
const third = { name: 'third', source: 'c', target: 'b', routes: routes.shop };
const home = { home: 'hangzhou', rules: [{ policy: 'home' as const }] };

const password = { alg: 'aes-256-gcm', iv: '', tag: '', data: '' };

function documents(part: ChannelPart, kafka: Readonly<Record<string, string>> = {}): Configuration {
  const channel = storedChannel({ name: 'shop', pipelines: [there, back], state: 'running', ...part });
  const regions = Object.values(names).map((name) => regionSchema.parse({ name, kafka: { brokers: [kafka[name] ?? `${name}:9092`] } }));
  const endpoints = Object.entries(names).map(([name, region], i) =>
    endpointSchema.parse({ name, region, host: `db-${name}`, user: 'lutra', password, serverId: i + 1 }),
  );
  const byName = <T extends { readonly name: string }>(all: readonly T[]): Map<string, T> => new Map(all.map((one) => [one.name, one]));
  return {
    channels: byName<ChannelDocument>([channel]),
    regions: byName(regions),
    endpoints: byName(endpoints),
  };
}

function assignments(part: ChannelPart, kafka?: Readonly<Record<string, string>>) {
  const found = assignedPipelines(documents(part, kafka), { region: 'california', only: null }).get('shop.there');
  if (!found) throw new Error('the pipeline is not wanted');
  return found;
}
/** Of a statement of hangzhou. */
function policyOf(now: Pick<LoaderWork, 'ddl'>, newest: LoaderWork, statement: string): string {
  const router = createRouter(newest.routes);
  const record = ddlRecord(`${statement} shop.t`, [], { statement, origin: 'hangzhou', path: ['hangzhou'] });
  const tables = [{ database: 'shop', name: 't', role: 'subject', offset: 0, length: 1 }] as const;
  return ruleOf({ ...record, tables }, { now, newest, router, routes: newest.routes }).does;
}
const detector = (part: ChannelPart): DetectionWork | null => assignments(part).value.detector;

it('other file rules are taken while the pipeline runs', () => {
  const of = (path: string) =>
    assignments({ pipelines: [{ ...there, routes: [{ ...routes.shop[0]!, files: [{ root: 'pics', path }] }] }] });
  const [before, after] = [of('{a}'), of('{b}')];
  expect(after.live).not.toBe(before.live);
  expect(after.fingerprint).toBe(before.fingerprint);
});

it('a pipeline begins anew with another secret, and not when those that it has are sealed with another key', () => {
  const sealed = (kid: string, id: string) => ({ v: 2, kid, id, iv: kid, tag: kid, data: kid }) as const;
  const of = (kid: string, id: string): string | undefined => {
    const found = documents({});
    const sasl = { mechanism: 'scram-sha-512', user: 'u', password: sealed(kid, `kafka ${id}`) } as const;
    const regions = new Map([...found.regions].map(([name, one]) => [name, { ...one, kafka: { ...one.kafka, sasl } }]));
    const endpoints = new Map([...found.endpoints].map(([name, one]) => [name, { ...one, password: sealed(kid, id) }]));
    return assignedPipelines({ ...found, regions, endpoints }, { region: 'california', only: null }).get('shop.there')?.fingerprint;
  };
  expect(of('young', 'one')).toBe(of('old', 'one'));
  expect(of('old', 'two')).not.toBe(of('old', 'one'));
});

describe('what a pipeline must know where its target takes writes', () => {
  it('is nothing where tables flow one way without rules', () => {
    expect(detector({ pipelines: [there] })).toBeNull();
    expect(detector({ pipelines: [there, third] })).toBeNull();
  });

  it('is the rules alone where tables flow one way with some', () => {
    const conflicts = { rules: [{ policy: 'overwrite' as const }] };
    expect(detector({ pipelines: [there, third], conflicts })).toMatchObject({ back: [], otherWriters: [], conflicts });
  });

  it('is what the other pipeline replicates back, whether there are rules or not, and the region of the target', () => {
    expect(detector({})).toMatchObject({
      back: [{ uid: uidOf('shop.back'), routes: routes.crm }],
      otherWriters: [],
      targetRegion: { name: 'california' },
      conflicts: { rules: [] },
    });
    expect(detector({ conflicts: home })).toMatchObject({ back: [{ routes: routes.crm }], conflicts: home });
    const more = { ...back, name: 'more', routes: routes.shop };
    expect(detector({ pipelines: [there, back, more] })?.back).toEqual([
      { uid: uidOf('shop.back'), routes: routes.crm },
      { uid: uidOf('shop.more'), routes: routes.shop },
    ]);
  });

  it('is every other pipeline to the target, of a region that has one to the source too', () => {
    expect(detector({ pipelines: [there, back, third], conflicts: home })?.otherWriters).toEqual([]);
    const others = [third, { ...third, name: 'away', source: 'b', target: 'c' }, { ...third, name: 'else', target: 'a' }];
    expect(detector({ pipelines: [there, back, ...others], conflicts: home })?.otherWriters).toMatchObject([
      {
        uid: uidOf('shop.third'),
        source: { name: 'c' },
        region: { name: 'dublin' },
        routes: routes.shop,
        toSource: [{ uid: uidOf('shop.else') }],
      },
    ]);
  });
});

describe('a loader is told', () => {
  const direct = { ...third, name: 'direct', target: 'a' };
  const three = { pipelines: [there, back, third, direct], conflicts: home };
  const print = (part: ChannelPart, kafka?: Readonly<Record<string, string>>): string => assignments({ ...three, ...part }, kafka).live;

  it.each<readonly [string, ChannelPart]>([
    ['another region is home', { conflicts: { ...home, home: 'california' } }],
    ['a rule changes', { conflicts: { ...home, rules: [{ policy: 'stop' }] } }],
    ['the way back carries other tables', { pipelines: [there, { ...back, routes: routes.shop }, third, direct] }],
    ['the way back is gone', { pipelines: [there, third, direct] }],
    ['a third pipeline is gone', { pipelines: [there, back, direct] }],
    ['a third region no longer reaches the source', { pipelines: [there, back, third] }],
    ['a third pipeline carries other tables', { pipelines: [there, back, { ...third, routes: routes.crm }, direct] }],
    ['another region is at home of the definition of some table', { schemaHomes: [{ schema: 'shop', region: 'dublin' }] }],
    ['it does something else with schema changes', { pipelines: [{ ...there, ddl: { drop: 'stop' } }, back, third, direct] }],
    [
      'what it writes is forwarded',
      { pipelines: [there, back, third, direct, { ...there, name: 'on', source: 'b', target: 'c', forwards: true }] },
    ],
  ])('when %s', (_, part) => {
    expect(print(part)).not.toBe(print({}));
  });

  it('when a Kafka moves in which it looks for conflicts', () => {
    for (const region of ['california', 'dublin']) expect(print({}, { [region]: 'new:9092' })).not.toBe(print({}));
  });

  it('not when only the time changes that conflicts are kept, or a description', () => {
    expect(print({ conflicts: { ...home, retentionDays: 7 } })).toBe(print({}));
    expect(print({ description: 'new' })).toBe(print({}));
  });
});

describe('a loader begins anew', () => {
  const place = (part: ChannelPart, kafka?: Readonly<Record<string, string>>): string => assignments(part, kafka).fingerprint;

  it('when the Kafka moves that it reads, it is paused, another pipeline has its name, or an operator wants it', () => {
    expect(place({}, { hangzhou: 'new:9092' })).not.toBe(place({}));
    expect(place({ state: 'paused' })).not.toBe(place({}));
    expect(place({ pipelines: [{ ...there, uid: uidOf('another') }, back] })).not.toBe(place({ pipelines: [there, back] }));
    expect(assignments({ attempt: 1 }).attempts).toEqual({ shop: 1, [uidOf('shop.there')]: 0 });
  });

  it('when it alone is paused or retried, and ends when it alone is stopped', () => {
    const uid = uidOf('shop.there');
    expect(place({ wishes: { pipelines: { [uid]: 'paused' } } })).toBe(place({ state: 'paused' }));
    expect(() => place({ wishes: { pipelines: { [uid]: 'stopped' } } })).toThrow('not wanted');
    expect(place({ wishes: { pipelines: { [uidOf('shop.back')]: 'stopped' } } })).toBe(place({}));
    expect(assignments({ wishes: { attempts: { [uid]: 3 } } }).attempts).toEqual({ shop: 0, [uid]: 3 });
  });

  it.each<readonly [string, Partial<EndpointDocument>, boolean]>([
    ['host', { host: 'other' }, true],
    ['port', { port: 1 }, true],
    ['user', { user: 'other' }, true],
    ['TLS', { tls: {} } as Partial<EndpointDocument>, true],
    ['server id', { serverId: 9 }, false],
    ['description', { description: 'new' }, false],
  ])('by the target’s %s', (_, part, isAnew) => {
    const all = documents({});
    const before = assignedPipelines(all, { region: 'california', only: null }).get('shop.there');
    const endpoints = new Map([...all.endpoints].map(([name, one]) => [name, name === 'b' ? { ...one, ...part } : one]));
    const after = assignedPipelines({ ...all, endpoints }, { region: 'california', only: null }).get('shop.there');
    expect(after?.fingerprint !== before?.fingerprint).toBe(isAnew);
    expect(after?.live).toBe(before?.live);
  });

  it('by no other edit of its channel', () => {
    expect(place({ pipelines: [{ ...there, routes: routes.crm }, back], conflicts: home, onUnsupported: 'stop' })).toBe(place({}));
  });
});

describe('a pipeline', () => {
  it('carries what it does not exclude, and does with a table that it cannot write what its channel says', () => {
    const one = (part: ChannelPart) => assignments({ pipelines: [{ ...there, exclude: ['tmp'] }], ...part });
    expect(one({}).value).toMatchObject({ routes: [{ exclude: ['tmp'] }], onUnsupported: 'suspend', targetRegion: { name: 'california' } });
    expect(one({ onUnsupported: 'stop' }).value.onUnsupported).toBe('stop');
    expect(one({ onUnsupported: 'stop' }).live).not.toBe(one({}).live);
    // In both directions a table stops its pipeline, unless the channel says otherwise.
    expect(assignments({}).value.onUnsupported).toBe('stop');
    expect(assignments({ onUnsupported: 'suspend' }).value.onUnsupported).toBe('suspend');
  });

  it('knows whose schema changes are carried out, and where nobody can tell what a row had seen of its own', () => {
    const ddl = (part: ChannelPart) => assignments(part).value.ddl;
    expect(ddl({ pipelines: [there] })).toMatchObject({ bothWays: false, homes: [], home: null, isMesh: false });
    const schemaHomes = [{ schema: 'shop', table: 't_*', region: 'dublin' }];
    expect(ddl({ conflicts: home, schemaHomes })).toMatchObject({ bothWays: true, homes: schemaHomes, home: 'hangzhou', isMesh: false });
    expect(ddl({ pipelines: [there, back, third, { ...third, name: 'else', target: 'a' }] })).toMatchObject({ isMesh: true });
  });

  it('carries schema changes out where nothing flows back, as it is told; else it holds at them, and at all where nobody says', () => {
    const policies = (part: ChannelPart): readonly string[] => {
      const { value } = assignments(part);
      return ['ALTER TABLE', 'DROP TABLE', 'DROP DATABASE', 'TRUNCATE TABLE'].map((statement) => policyOf(value, value, statement));
    };
    expect(assignments({ pipelines: [there, back, third] }).value.ddl?.others).toEqual([routes.shop]);
    expect(policies({ pipelines: [there] })).toEqual(['apply', 'apply', 'apply', 'apply']);
    const ddl = { drop: 'stop', truncate: 'ignore' } as const;
    expect(policies({ pipelines: [{ ...there, ddl }] })).toEqual(['apply', 'stop', 'stop', 'ignore']);
    expect(policies({ pipelines: [there, back] })).toEqual(['stop', 'stop', 'stop', 'stop']);
    const ring = [there, { ...back, target: third.source }, { ...third, target: there.source }];
    expect(policies({ pipelines: ring })).toEqual(['stop', 'stop', 'stop', 'stop']);
    expect(policies({ pipelines: ring.slice(0, 2) })).toEqual(['apply', 'apply', 'apply', 'apply']);
    expect(policies({ pipelines: [{ ...there, ddl: { default: 'apply', drop: 'ignore' } }, back] })).toEqual([
      'stop',
      'ignore',
      'ignore',
      'stop',
    ]);
    const applies = { ...there, ddl: { default: 'apply', truncate: 'ignore' } } as const;
    // Both ways only what is of home, where that is known, and nobody else writes there.
    expect(policies({ pipelines: [applies, back] })).toEqual(['stop', 'stop', 'stop', 'ignore']);
    expect(policies({ pipelines: [applies, back], conflicts: home })).toEqual(['apply', 'apply', 'apply', 'ignore']);
    const schemaHomes = [{ schema: 'shop', table: '*', region: 'hangzhou' }];
    expect(policies({ pipelines: [applies, back], schemaHomes })).toEqual(['apply', 'apply', 'apply', 'ignore']);
    const mesh = [applies, back, third, { ...back, name: 'on', target: 'c', routes: routes.crm }, { ...third, name: 'else', target: 'a' }];
    expect(assignments({ pipelines: mesh, conflicts: home }).value.ddl?.isMesh).toBe(true);
    expect(policies({ pipelines: mesh, conflicts: home })).toEqual(['stop', 'stop', 'stop', 'ignore']);
    const [alone, both] = [assignments({ pipelines: [there] }).value, assignments({}).value];
    expect([
      policyOf(both, alone, 'DROP TABLE'),
      policyOf(alone, both, 'DROP TABLE'),
      policyOf({}, { ...alone, ddl: undefined }, 'x'),
    ]).toEqual(['stop', 'stop', 'stop']);
  });
});

import { channelSchema, maxSeedTables } from '@lutra/model';
import type { ChannelDocument, SeedOrder } from '@lutra/model';
import { describe, expect, it } from 'vitest';
import { copiedWhole, keylessTables } from './keyless-tables.js';
import type { KeylessFacts } from './keyless-tables.js';
import { orderProblems, tableProblems } from './seed.rules.js';
import type { SeedSubject } from './seed.rules.js';
import type { FoundTable } from './seed-tables.js';

const regions = new Map([
  ['hz', 'hangzhou'],
  ['ca', 'california'],
]);

function subjectOf({ ways = 1, rules = [] as object[] } = {}): SeedSubject {
  const pipeline = (name: string, source: string, target: string) => ({
    name,
    uid: `${name}aaaaaaaaaa`,
    source,
    target,
    routes: [{ schema: 'shop' }],
  });
  const pipelines = [pipeline('ab', 'hz', 'ca'), pipeline('ba', 'ca', 'hz')].slice(0, ways);
  const channel: ChannelDocument = channelSchema.parse({ name: 'shop', pipelines, conflicts: { home: 'hangzhou', rules } });
  return { channel, pipeline: channel.pipelines[0]!, id: 'shop.ab', regions };
}

const order = (more: Partial<SeedOrder> = {}) => ({ tables: ['shop.*'], onExisting: 'source', createTables: false, ...more });

const table = (name: string, more: Partial<FoundTable> = {}): FoundTable => ({
  source: { database: 'shop', name },
  target: { database: 'shop', name },
  rows: 10,
  bytes: 1000,
  key: [{ name: 'id', type: 'bigint' }],
  ...more,
});

const facts = (tables: readonly FoundTable[], more: object = {}) => ({
  tables,
  atTarget: () => 0,
  suspended: [],
  unequal: [],
  keyless: new Map(),
  mayLock: () => true,
  ...more,
});
const ids = (problems: readonly { readonly id: string; readonly severity: string }[]) =>
  problems.map(({ id, severity }) => `${severity} ${id}`);

describe('an order by itself', () => {
  it.each([
    [1, 'source', true],
    [1, 'target', true],
    [1, 'stop', true],
    [1, 'hangzhou', false],
    [2, 'hangzhou', true],
    [2, 'california', true],
    [2, 'stop', true],
    [2, 'source', false],
    [2, 'target', false],
    [2, 'atlantis', false],
  ])('%i way(s), onExisting %s: %s', (ways, onExisting, isRight) => {
    expect(ids(orderProblems(subjectOf({ ways }), order({ onExisting })))).toEqual(isRight ? [] : ['error seed-on-existing']);
  });

  it.each([
    ['stop', []],
    ['california', ['error seed-on-existing']],
    ['sao', ['error seed-on-existing']],
  ])('between two regions that are equally far from home, onExisting %s: a region that wins there would swap rows', (onExisting, found) => {
    const ends = ['hz', 'ca', 'sp'];
    const pipelines = ends.flatMap((source) =>
      ends.filter((target) => target !== source).map((target) => ({ name: `${source}-${target}`, source, target })),
    );
    const { channel } = subjectOf();
    const mesh = { ...channel, pipelines: pipelines.map((ways) => ({ ...channel.pipelines[0]!, ...ways })) };
    const pipeline = mesh.pipelines.find(({ name }) => name === 'ca-sp')!;
    const subject = { channel: mesh, pipeline, id: 'shop.ca-sp', regions: new Map([...regions, ['sp', 'sao']]) };
    expect(ids(orderProblems(subject, order({ onExisting })))).toEqual(found);
  });

  it('a condition is for one way: both ways the other rows would come by their updates', () => {
    expect(orderProblems(subjectOf(), order({ where: 'id > 7' }))).toEqual([]);
    expect(ids(orderProblems(subjectOf({ ways: 2 }), order({ where: 'id > 7', onExisting: 'stop' })))).toEqual(['error seed-where']);
  });
});

describe('an order at its servers', () => {
  it('is refused without tables, and with more than one node of progress holds', () => {
    expect(ids(tableProblems(subjectOf(), order(), facts([])))).toEqual(['error seed-no-tables']);
    const many = Array.from({ length: maxSeedTables + 1 }, (_, number) => table(`t${number}`));
    expect(ids(tableProblems(subjectOf(), order(), facts(many)))).toEqual(['error seed-too-many-tables']);
    expect(tableProblems(subjectOf(), order(), facts(many.slice(1)))).toEqual([]);
  });

  it('names each suspended table, in the names of the source', () => {
    const suspended = [{ database: 'shop', name: 'b' }];
    const problems = tableProblems(subjectOf(), order(), facts([table('a'), table('b')], { suspended }));
    expect(problems).toMatchObject([{ id: 'seed-suspended', table: 'shop.b' }]);
  });

  it('does not keep rows that differ where the policy would stop at their next update', () => {
    const rules = [{ table: 'kept', policy: 'ignore' }];
    const keeping = order({ onExisting: 'target' });
    expect(tableProblems(subjectOf({ rules }), keeping, facts([table('kept'), table('stops')]))).toMatchObject([
      { id: 'seed-keeps-and-stops', table: 'shop.stops' },
    ]);
    expect(tableProblems(subjectOf({ rules }), order(), facts([table('stops')]))).toEqual([]);
  });

  it('a table without a usable key is an error where it is named, and left out with a warning where a pattern takes it', () => {
    const keyless = [table('none', { key: [] }), table('real', { key: [{ name: 'x', type: 'FLOAT' }] })];
    const double = table('exact', { key: [{ name: 'x', type: 'double' }] });
    expect(ids(tableProblems(subjectOf(), order({ tables: ['shop.exact'] }), facts([double])))).toEqual([]);
    expect(ids(tableProblems(subjectOf(), order(), facts(keyless)))).toEqual(['warning seed-key', 'warning seed-key']);
    const named = order({ tables: ['shop.none', 'shop.re*'] });
    expect(ids(tableProblems(subjectOf(), named, facts(keyless)))).toEqual(['error seed-key', 'warning seed-key']);
  });

  it('a table without any key is copied whole one way, by one pipeline, into an empty table', () => {
    const none = table('none', { key: [] });
    const whyNot = (subject: SeedSubject, more: Partial<KeylessFacts> = {}): string | null | undefined => {
      return keylessTables(subject, { level: 3, order: {}, tables: [none], filled: new Set(), channels: [], ...more }).get('shop.none');
    };
    const subject = subjectOf();
    expect(whyNot(subject)).toBeNull();
    expect(copiedWhole([none, table('t')], new Map([['shop.none', null]]))).toEqual({ keyless: [{ database: 'shop', name: 'none' }] });
    expect(copiedWhole([none], new Map([['shop.none', 'why']]))).toEqual({});
    expect(tableProblems(subject, order(), facts([none], { keyless: new Map([['shop.none', null]]) }))).toEqual([]);
    const unlocked = facts([none], { keyless: new Map([['shop.none', null]]), mayLock: () => false });
    expect(tableProblems(subject, order(), unlocked)).toMatchObject([
      { id: 'seed-lock', severity: 'warning', fix: expect.stringContaining('GRANT LOCK TABLES ON `shop`.*') },
    ]);
    expect(tableProblems(subject, order(), facts([table('t')], { mayLock: () => false }))).toEqual([]);
    const other = { name: 'other', pipelines: [{ ...subject.channel.pipelines[0]!, source: 'sp' }] };
    const merged = table('merged', { target: { ...none.target } });
    expect([
      whyNot(subjectOf({ ways: 2 })),
      whyNot(subject, { level: 2 }),
      whyNot(subject, { order: { where: 'a > 1' } }),
      whyNot(subject, { filled: new Set(['shop.none']) }),
      whyNot(subject, { channels: [other as never] }),
      whyNot(subject, { tables: [none, merged] }),
    ]).toEqual([
      'pipeline shop.ab flows both ways',
      'the cluster is at level 2',
      expect.stringContaining('where'),
      'shop.none at ca is not empty',
      'pipeline ab writes shop.none too',
      'another table becomes shop.none too',
    ]);
  });

  it('a table that the target lacks is created only by order', () => {
    const atTarget = () => null;
    expect(ids(tableProblems(subjectOf(), order(), facts([table('a')], { atTarget })))).toEqual(['error seed-table-missing']);
    expect(tableProblems(subjectOf(), order({ createTables: true }), facts([table('a')], { atTarget }))).toEqual([]);
  });
});

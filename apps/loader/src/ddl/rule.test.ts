import { createRouter } from '@lutra/model';
import { expect, it } from 'vitest';
import type { DdlWork } from '../assignments.js';
import { ddlRecord } from './ddl-record.fixture.js';
import type { Made, Place } from './ddl-record.fixture.js';
import { ruleOf } from './rule.js';
import type { DdlRule } from './rule.js';

const both: DdlWork = { settings: { default: 'apply' }, bothWays: true, homes: [], home: 'north', isMesh: false };
const routes = [
  { schema: 'shop', table: '*', to: { schema: 'there' } },
  { schema: 'crm', table: '*' },
];
const alter: readonly Place[] = [['subject', 't']];

/** At a target in california. */
function rule(sql: string, places: readonly Place[], { ddl = both, ...more }: Made & { ddl?: DdlWork } = {}): DdlRule {
  const newest = { ddl, target: { region: 'california' } } as Parameters<typeof ruleOf>[1]['newest'];
  return ruleOf(ddlRecord(sql, places, more), { now: { ddl }, newest, router: createRouter(routes), routes });
}

const from = (region: string, ...path: readonly string[]): Made => ({ origin: region, path: [...path, region] });

it('a statement of home does what it is told, and one of another region is not of home', () => {
  expect(rule('ALTER TABLE t ADD c INT', alter)).toEqual({ does: 'apply', bothWays: true, elsewhere: null });
  const elsewhere = { homes: ['north'], from: 'west', isHere: false };
  expect(rule('ALTER TABLE t ADD c INT', alter, from('west'))).toMatchObject({ elsewhere });
  const here = { ...both, home: 'california' };
  expect(rule('ALTER TABLE t ADD c INT', alter, { ddl: here }).elsewhere).toEqual({ homes: ['california'], from: 'north', isHere: true });
  // One way nobody asks.
  expect(rule('ALTER TABLE t ADD c INT', alter, { ddl: { ...here, bothWays: false } })).toEqual({
    does: 'apply',
    bothWays: false,
    elsewhere: null,
  });
});

it('what a hub forwards is of the hub, and what a person has run at home is of home', () => {
  expect(rule('ALTER TABLE t ADD c INT', alter, { origin: 'west', path: ['west', 'north'] }).elsewhere).toBeNull();
  expect(rule('ALTER TABLE t ADD c INT', alter, from('north', 'west')).elsewhere).toBeNull();
});

it('a home is named by names at the target; of several tables all count', () => {
  const homes = [
    { schema: 'there', table: 't', region: 'west' },
    { schema: 'crm', table: '*', region: 'south' },
  ];
  const ddl = { ...both, homes };
  expect(rule('ALTER TABLE t ADD c INT', alter, { ddl, ...from('west') }).elsewhere).toBeNull();
  expect(
    rule(
      'DROP TABLE t, u',
      [
        ['subject', 't'],
        ['subject', 'u'],
      ],
      { ddl, ...from('west') },
    ).elsewhere,
  ).toMatchObject({ homes: ['west', 'north'] });
  const parent = rule(
    'ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES u (a)',
    [
      ['subject', 't'],
      ['references', 'u'],
    ],
    { ddl, ...from('west') },
  );
  expect(parent.elsewhere).toBeNull();
  // A database may have tables of several homes.
  const drop = (database: string, region: string) =>
    rule(`DROP DATABASE ${database}`, [['database', database]], { ddl, ...from(region) }).elsewhere;
  expect([drop('shop', 'west')?.homes, drop('shop', 'north')?.homes, drop('crm', 'south')]).toEqual([
    ['west', 'north'],
    ['west', 'north'],
    null,
  ]);
});

it('nothing is applied both ways whose home is not known, that empties a table, or where a third region writes', () => {
  const does = (of: Partial<DdlWork>, sql = 'ALTER TABLE t ADD c INT') => rule(sql, alter, { ddl: { ...both, ...of } }).does;
  expect(does({ home: null })).toBe('stop');
  expect(does({ home: null, homes: [{ schema: 'there', table: 't', region: 'north' }] })).toBe('apply');
  expect(does({ isMesh: true })).toBe('stop');
  expect(does({ settings: { truncate: 'apply' } }, 'TRUNCATE TABLE t')).toBe('stop');
  expect(does({ settings: { default: 'ignore' }, isMesh: true })).toBe('ignore');
  expect(does({ settings: undefined })).toBe('stop');
  expect(does({ others: [[{ schema: 'there', table: '*' }]] }, 'DROP TABLE t')).toBe('stop');
});

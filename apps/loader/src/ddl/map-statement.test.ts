import { createRouter } from '@lutra/model';
import type { Route } from '@lutra/model';
import { describe, expect, it } from 'vitest';
import type { Made, Place } from './ddl-record.fixture.js';
import { ddlRecord } from './ddl-record.fixture.js';
import { carriedRouter } from './concern.js';
import { mapStatement } from './map-statement.js';

const shop: readonly Route[] = [{ schema: 'shop', table: '*', to: { schema: 'copy' } }];
const some: readonly Route[] = [
  { schema: 'shop', table: 'a' },
  { schema: 'shop', table: 'b', to: { table: 'bb' } },
];

function mapped(sql: string, places: readonly Place[], routes = shop, more: Made = {}) {
  return mapStatement(ddlRecord(sql, places, more), { router: createRouter(routes), routes });
}

describe('a statement in the names of the target', () => {
  it.each<[string, readonly Place[], string]>([
    ['ALTER TABLE t ADD c int', [['subject', 't']], 'ALTER TABLE `copy`.`t` ADD c int'],
    ['alter table `shop` . /* t */ `t` add t int', [['subject', '`shop` . /* t */ `t`']], 'alter table `copy`.`t` add t int'],
    [
      'RENAME TABLE a TO old, shop.b TO a',
      [
        ['from', 'a'],
        ['to', 'old'],
        ['from', 'shop.b'],
        ['to', 'a'],
      ],
      'RENAME TABLE `copy`.`a` TO `copy`.`old`, `copy`.`b` TO `copy`.`a`',
    ],
    [
      'CREATE TABLE n LIKE t',
      [
        ['subject', 'n'],
        ['like', 't'],
      ],
      'CREATE TABLE `copy`.`n` LIKE `copy`.`t`',
    ],
    [
      'CREATE TABLE c (k int, FOREIGN KEY (k) REFERENCES p (id))',
      [
        ['subject', 'c'],
        ['references', 'p'],
      ],
      'CREATE TABLE `copy`.`c` (k int, FOREIGN KEY (k) REFERENCES `copy`.`p` (id))',
    ],
    [
      'ALTER TABLE t EXCHANGE PARTITION p0 WITH TABLE x',
      [
        ['subject', 't'],
        ['with', 'x'],
      ],
      'ALTER TABLE `copy`.`t` EXCHANGE PARTITION p0 WITH TABLE `copy`.`x`',
    ],
    ['CREATE INDEX t ON shop.t (a)', [['subject', 'shop.t']], 'CREATE INDEX t ON `copy`.`t` (a)'],
    ['ALTER SCHEMA shop COLLATE utf8mb4_bin', [['database', 'shop']], 'ALTER SCHEMA `copy` COLLATE utf8mb4_bin'],
    ['DROP DATABASE IF EXISTS `shop`', [['database', '`shop`']], 'DROP DATABASE IF EXISTS `copy`'],
  ])('%s', (sql, places, here) => {
    expect(mapped(sql, places)).toMatchObject({ sql: here });
  });

  it('whatever the order of its names is', () => {
    const record = ddlRecord('CREATE TABLE n LIKE t', [
      ['subject', 'n'],
      ['like', 't'],
    ]);
    const turned = { ...record, tables: record.tables.toReversed() };
    expect(mapStatement(turned, { router: createRouter(shop), routes: shop })).toMatchObject({
      sql: 'CREATE TABLE `copy`.`n` LIKE `copy`.`t`',
    });
  });

  it('names what it changes, each once, and not what it only reads', () => {
    const swap = mapped('RENAME TABLE a TO x, b TO a', [
      ['from', 'a'],
      ['to', 'x'],
      ['from', 'b'],
      ['to', 'a'],
    ]);
    expect(swap).toMatchObject({ tables: ['a', 'x', 'b'].map((name) => ({ database: 'copy', name })) });
    expect(
      mapped('CREATE TABLE n LIKE t', [
        ['subject', 'n'],
        ['like', 't'],
      ]),
    ).toMatchObject({ tables: [{ name: 'n' }] });
  });

  it('of a list to be dropped those are dropped that are carried', () => {
    const places: readonly Place[] = [
      ['subject', 'a'],
      ['subject', 'c'],
      ['subject', 'b'],
    ];
    expect(mapped('DROP TABLE IF EXISTS a, c, b CASCADE', places, some)).toMatchObject({
      sql: 'DROP TABLE IF EXISTS `shop`.`a`, `shop`.`bb` CASCADE',
    });
    expect(mapped('DROP TABLE c', [['subject', 'c']], some)).toBe('nothing');
  });
});

describe('what cannot be said is refused', () => {
  it('a table that is not carried', () => {
    const unmapped = { reason: 'unmapped', message: expect.stringContaining('shop.c') };
    expect(
      mapped(
        'RENAME TABLE a TO c',
        [
          ['from', 'a'],
          ['to', 'c'],
        ],
        some,
      ),
    ).toEqual(unmapped);
    expect(
      mapped(
        'CREATE TABLE a LIKE c',
        [
          ['subject', 'a'],
          ['like', 'c'],
        ],
        some,
      ),
    ).toEqual(unmapped);
    expect(
      mapped(
        'CREATE TABLE c LIKE a',
        [
          ['subject', 'c'],
          ['like', 'a'],
        ],
        some,
      ),
    ).toBe('nothing');
  });

  it('a doubt, if it may concern us', () => {
    const unknown = { reason: 'unknown' };
    expect(mapped('ODD t', [['subject', 't']], shop, { doubt: 'its shape is not known' })).toMatchObject(unknown);
    expect(mapped('IMPORT TABLE', [], shop, { doubt: 'it names no table' })).toMatchObject(unknown);
    expect(mapped('ODD x.t', [['subject', 'x.t']], shop, { doubt: 'its shape is not known' })).toBe('nothing');
  });

  it('places that do not fit the text', () => {
    const record = ddlRecord("ALTER TABLE t COMMENT 't'", [['subject', 't']]);
    const moved = (offset: number) => ({ ...record, tables: record.tables.map((table) => ({ ...table, offset })) });
    for (const offset of [-1, 0, 5, 11, 999])
      expect(mapStatement(moved(offset), { router: createRouter(shop), routes: shop }), String(offset)).toMatchObject({
        reason: 'unknown',
      });
  });

  it.each<[string, readonly Route[]]>([
    ['several databases arrive in one', [{ schema: 'sh*', table: '*', to: { schema: 'all' } }]],
    [
      'several tables arrive in one',
      [
        { schema: 'shop', table: 't?', to: { table: 'all' } },
        { schema: 'shop', table: '*', to: { table: 'all' } },
      ],
    ],
    [
      'two routes arrive in one',
      [
        { schema: 'shop', table: 't', to: { table: 'x' } },
        { schema: 'shop', table: 'x' },
      ],
    ],
  ])('%s', (_, routes) => {
    expect(mapped('TRUNCATE TABLE t', [['subject', 't']], routes)).toMatchObject({ reason: 'unmapped' });
  });

  it.each<[string, readonly Route[]]>([
    ['in part', [{ schema: 'shop', table: 'a' }]],
    ['but for a table', [{ schema: 'shop', table: '*', exclude: ['log'] }]],
    ['with others', [{ schema: 's*', table: '*', to: { schema: 'all' } }]],
    [
      'beside another',
      [
        { schema: 'shop', table: '*', to: { schema: 'x' } },
        { schema: 'x', table: 't' },
      ],
    ],
  ])('a database that is carried %s', (_, routes) => {
    expect(mapped('DROP DATABASE shop', [['database', 'shop']], routes)).toMatchObject({ reason: 'unmapped' });
  });

  it('a database of which an exclude says nothing is carried whole', () => {
    expect(mapped('DROP DATABASE shop', [['database', 'shop']], [{ schema: 'shop', table: '*', exclude: ['crm.log'] }])).toMatchObject({
      sql: 'DROP DATABASE `shop`',
    });
  });
});

it('a table that is suspended is not carried: its rows are old ones', () => {
  const isSuspended = ({ name }: { readonly name: string }): boolean => name === 'old';
  const router = carriedRouter({ router: createRouter(shop), isSuspended });
  const renamed = ddlRecord('RENAME TABLE old TO t', [
    ['from', 'old'],
    ['to', 't'],
  ]);
  expect(mapStatement(renamed, { router, routes: shop })).toMatchObject({ reason: 'unmapped' });
  const dropped = ddlRecord('DROP TABLE old, t', [
    ['subject', 'old'],
    ['subject', 't'],
  ]);
  expect(mapStatement(dropped, { router, routes: shop })).toMatchObject({ sql: 'DROP TABLE `copy`.`t`' });
});

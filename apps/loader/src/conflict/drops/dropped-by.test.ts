import { describe, expect, it, test } from 'vitest';
import { ddlRecord } from '../../ddl/ddl-record.fixture.js';
import type { Made, Place } from '../../ddl/ddl-record.fixture.js';
import { droppedBy } from './dropped-by.js';
import { Drops } from './drops.js';
import type { Dropping } from './drops.js';

const said = (sql: string, places: readonly Place[] = [['subject', 't']], more: Made = {}): readonly string[] =>
  droppedBy(ddlRecord(sql, places, more), ({ name }) => name === 't' || name === 'u').map(({ table: { database, name }, does }) => {
    if (does.kind === 'defaults')
      return `${database}.${name} ${does.columns.map((each) => `${each.isNew ? '+' : ''}${each.name} ${each.text}`).join()}`;
    const columns =
      does.kind === 'columns' ? ` ${does.dropped.join()}${does.renamed.length > 0 ? ` renamed ${does.renamed.join()}` : ''}` : '';
    const added = does.kind === 'columns' && does.added ? ` added ${does.added.join()}` : '';
    return `${database}.${name} ${does.kind}${columns}${added}`;
  });

describe('the columns of an ALTER TABLE', () => {
  it.each([
    ['ALTER TABLE t DROP c', 'shop.t columns c'],
    ['ALTER TABLE t DROP COLUMN `C x`, DROP column if exists d RESTRICT', 'shop.t columns c x,d'],
    ['ALTER ONLINE TABLE IF EXISTS t NOWAIT DROP c', 'shop.t columns c'],
    ['ALTER TABLE t WAIT 5 DROP c', 'shop.t columns c'],
    ['ALTER TABLE shop.t /* DROP x */ MODIFY e BIGINT, DROP c, ADD c INT', 'shop.t columns c'],
    ["ALTER TABLE t ADD d ENUM('DROP', 'x, DROP y') DEFAULT 'x', DROP PRIMARY KEY, DROP c", 'shop.t columns c'],
    ['ALTER TABLE t DROP period, DROP `index`, DROP system', 'shop.t columns period,index,system'],
    ['ALTER TABLE t RENAME COLUMN c TO d', 'shop.t columns  renamed c'],
    ['ALTER TABLE t CHANGE COLUMN c d INT, CHANGE e E INT, RENAME COLUMN g TO G, DROP f', 'shop.t columns f renamed c'],
    ['ALTER TABLE t RENAME COLUMN a TO b, RENAME COLUMN b TO a', 'shop.t columns  renamed a,b'],
  ])('%s', (sql, wanted) => {
    const at = sql.includes('shop.t') ? 'shop.t' : 't';
    // the first t in these texts that is a name stands behind TABLE
    const offset = sql.indexOf(at, sql.indexOf('TABLE') + 5);
    const [record] = [
      { ...ddlRecord(sql, []), tables: [{ database: 'shop', name: 't', role: 'subject', offset, length: at.length } as const] },
    ];
    const of = { ...record, statement: 'ALTER TABLE' };
    const [found] = droppedBy(of, () => true);
    const { dropped, renamed } = found!.does as Extract<Dropping, { kind: 'columns' }>;
    expect(`shop.t columns ${dropped.join()}${renamed.length > 0 ? ` renamed ${renamed.join()}` : ''}`).toBe(wanted);
  });

  it.each([
    [
      "ALTER TABLE t ADD a INT, ADD COLUMN b INT NOT NULL DEFAULT -5 AFTER a, ADD (c INT DEFAULT 'x, y' COMMENT 'c', d INT NULL DEFAULT NULL)",
      "shop.t columns  added a,b,c,d|shop.t +a null,+b -5,+c 'x, y',+d null",
    ],
    [
      'ALTER TABLE t ALTER a SET DEFAULT 5, ALTER COLUMN b DROP DEFAULT, MODIFY C BIGINT, CHANGE d e INT DEFAULT (1 + 2)',
      'shop.t columns  renamed d added e|shop.t a 5,b null,c null,e (1 + 2)',
    ],
    ['ALTER TABLE t ADD INDEX i (c), ADD UNIQUE KEY u (c), ALTER INDEX i VISIBLE', ''],
  ])('defaults: %s', (sql, wanted) => expect(said(sql).join('|')).toBe(wanted));

  it.each([
    'ALTER TABLE t ADD INDEX (c), DROP INDEX i, DROP KEY k, DROP CHECK x, DROP CONSTRAINT y, DROP FOREIGN KEY z, DROP PARTITION p',
    'ALTER TABLE t DROP PERIOD FOR SYSTEM_TIME, DROP SYSTEM VERSIONING',
    'ALTER TABLE t RENAME INDEX c TO d, ADD CHECK (c > 0), ALTER CHECK k NOT ENFORCED',
    'CREATE INDEX i ON t (c)',
    'TRUNCATE TABLE t',
  ])('none: %s', (sql) => expect(said(sql, [['subject', ' t'.trim()]])).toEqual([]));

  it.each([
    ['ADD c INT, ADD COLUMN `D x` INT AFTER c, ADD UNIQUE (c), ADD CONSTRAINT k CHECK (c > 0)', 'c,d x'],
    ["ADD (c INT, d DECIMAL(5, 2), E ENUM('x', ',')), DROP f", 'c,d,e'],
    ['ADD COLUMN (c INT)', 'c'],
    ['CHANGE a b INT, RENAME COLUMN c TO D', 'b,d'],
    ['ADD COLUMN IF NOT EXISTS c INT, ADD IF NOT EXISTS (d INT), ADD (e INT, INDEX (e))', 'c,d,e'],
  ])('new: %s', (sql, wanted) => {
    const record = ddlRecord(`ALTER TABLE t ${sql}`, []);
    const tables = [{ database: 'shop', name: 't', role: 'subject', offset: 12, length: 1 } as const];
    const [found] = droppedBy({ ...record, tables, statement: 'ALTER TABLE' }, () => true);
    expect((found!.does as Extract<Dropping, { kind: 'columns' }>).added?.join()).toBe(wanted);
  });
});

describe('a table', () => {
  it.each<[string, readonly Place[], readonly string[]]>([
    [
      'DROP TABLE t, shop.u',
      [
        ['subject', ' t,'.slice(1, 2)],
        ['subject', 'shop.u'],
      ],
      ['shop.t table', 'shop.u table'],
    ],
    ['DROP DATABASE shop', [['database', 'shop']], ['shop.* table']],
    ['CREATE OR REPLACE TABLE t (id INT)', [['subject', 't']], ['shop.t table']],
    ['CREATE TABLE t (id INT)', [['subject', 't']], ['shop.t made']],
    [
      'RENAME TABLE t TO aside',
      [
        ['from', 't'],
        ['to', 'aside'],
      ],
      ['shop.t table', 'shop.aside made'],
    ],
    [
      'ALTER TABLE t RENAME TO aside',
      [
        ['subject', 't'],
        ['to', 'aside'],
      ],
      ['shop.t table', 'shop.aside made'],
    ],
    [
      'RENAME TABLE t TO u',
      [
        ['from', 't'],
        ['to', 'u'],
      ],
      ['shop.t doubt', 'shop.u made'],
    ],
    [
      'RENAME TABLE t TO x, u TO t, x TO u',
      [
        ['from', 't'],
        ['to', 'x'],
        ['from', 'u'],
        ['to', 't'],
        ['from', 'x'],
        ['to', 'u'],
      ],
      ['shop.u doubt', 'shop.t doubt', 'shop.x made', 'shop.t made', 'shop.u made'],
    ],
    [
      'rename table t to _t_del, _t_gho to t',
      [
        ['from', 't'],
        ['to', '_t_del'],
        ['from', '_t_gho'],
        ['to', 't'],
      ],
      ['shop.t away', 'shop._t_del made', 'shop.t redefine'],
    ],
    [
      'RENAME TABLE _t TO __t_del, __t_gho TO _t',
      [
        ['from', '_t'],
        ['to', '__t_del'],
        ['from', '__t_gho'],
        ['to', '_t'],
      ],
      ['shop._t away', 'shop.__t_del made', 'shop._t redefine'],
    ],
    [
      'ALTER TABLE t RENAME TO _t_old',
      [
        ['subject', 't'],
        ['to', '_t_old'],
      ],
      ['shop.t away', 'shop._t_old made'],
    ],
    [
      'ALTER TABLE _t_new RENAME TO t',
      [
        ['subject', '_t_new'],
        ['to', 't'],
      ],
      ['shop.t redefine'],
    ],
  ])('%s', (sql, places, wanted) => {
    const statement = /^rename/i.test(sql) ? 'RENAME TABLE' : sql.startsWith('CREATE OR') ? 'CREATE OR REPLACE TABLE' : undefined;
    const tables = places.map(([role, name]) => ({
      database: 'shop',
      name: role === 'database' ? '*' : name.replace('shop.', ''),
      role,
      offset: 0,
      length: 0,
    }));
    const record = { ...ddlRecord(sql, [], statement ? { statement } : {}), tables };
    const found = droppedBy(record, ({ name }) => name === 't' || name === 'u');
    expect(found.map(({ table: { database, name }, does }) => `${database}.${name} ${does.kind}`)).toEqual(wanted);
  });

  it('in doubt: what may drop something leaves all in doubt that it may touch, the rest nothing', () => {
    const doubt = 'it is not known';
    expect(said('FROB t, DROP c', [['mentioned', 't']], { doubt })).toEqual(['shop.t doubt']);
    expect(said('FROB x CHANGE c', [], { doubt })).toEqual(['*.* doubt']);
    expect(said('FROB t ADD c', [['mentioned', 't']], { doubt })).toEqual([]);
    expect(said("ALTER TABLE t DROP c, COMMENT 'x")).toEqual(['shop.t doubt']);
  });
});

test('drops are those behind what was seen, of the table, its database or anything, in their order', () => {
  const drops = new Drops();
  const drop = (seq: number, kind: 'table' | 'made' | 'redefine' | 'doubt' = 'table') => ({
    seq,
    record: `r${seq}`,
    title: '',
    does: { kind },
  });
  const of = (name: string, seen: number, isThere = true): readonly number[] =>
    drops.of({ database: 'shop', name }, seen, isThere).map(({ seq }) => seq);
  expect(drops.none).toBe(true);
  drops.add({ database: 'shop', name: 't' }, drop(1, 'made'));
  const adds = { kind: 'columns', dropped: [], renamed: [], added: ['c'] } as const;
  drops.add({ database: 'shop', name: 't' }, { ...drop(2), does: adds });
  expect(drops.none).toBe(true);
  drops.add({ database: 'shop', name: 't' }, drop(5));
  drops.add({ database: '*', name: '*' }, drop(7, 'doubt'));
  drops.add({ database: 'shop', name: '*' }, drop(6));
  drops.add({ database: 'shop', name: 'T' }, drop(8));
  expect([of('t', 4), of('t', 5), of('u', -1), of('t', 4, false)]).toEqual([
    [5, 6, 7],
    [6, 7],
    [6, 7],
    [5, 6, 7, 8],
  ]);
  drops.discard(6);
  expect([of('t', -1), of('T', -1)]).toEqual([[7], [7, 8]]);
  drops.discard(8);
  expect(drops.none).toBe(true);
});

test('a tool that drops the table before it puts its own there has copied its rows', () => {
  const drops = new Drops();
  const t = { database: 'shop', name: 't' };
  const add = (seq: number, kind: 'table' | 'made' | 'redefine'): void => drops.add(t, { seq, record: '', title: '', does: { kind } });
  add(1, 'table');
  add(2, 'redefine');
  expect(drops.of(t, 0, true).map(({ does }) => does.kind)).toEqual(['redefine']);
  for (const [i, kind] of (['table', 'made', 'redefine'] as const).entries()) add(3 + i, kind);
  expect(drops.of(t, 2, true).map(({ does }) => does.kind)).toEqual(['table', 'made', 'redefine']);
});

import { createRouter, followedRoutes } from '@lutra/model';
import type { DdlSession, Origin, Route, SourceItem } from '@lutra/model';
import { describe, expect, it } from 'vitest';
import { schemaChange } from './schema-change.js';
import type { SchemaOptions } from './schema-change.js';

type Ddl = Extract<SourceItem, { kind: 'ddl' }>;

const session: DdlSession = {
  sqlMode: '2097152',
  foreignKeyChecks: true,
  uniqueChecks: true,
  timestampUs: 1_700_000_000_000_005,
  timeZone: 'SYSTEM',
  explicitDefaultsForTimestamp: true,
  collationConnection: 255,
  collationServer: 255,
  collationDatabase: 255,
  defaultCollationForUtf8mb4: 255,
  sqlRequirePrimaryKey: false,
  defaultTableEncryption: false,
};

function statement(sql: string, part: Partial<Ddl> = {}): Ddl {
  const reading = { text: sql, ansiQuotes: false, noBackslashEscapes: false, singleByte: false, flavor: 'mysql' } as const;
  return {
    kind: 'ddl',
    gtid: 'u:3',
    database: 'shop',
    sql,
    readings: [reading],
    doubt: null,
    session,
    sessionDoubt: null,
    rowsFollow: false,
    at: { file: 'binlog.1', pos: 9 },
    end: { file: 'binlog.1', pos: 10, gtidSet: 'u:1-3' },
    ...part,
  };
}

interface Given {
  readonly forwarded?: readonly Route[];
  readonly copies?: Readonly<Record<string, Origin>>;
  readonly level?: number;
  readonly isPast?: boolean;
}

function options({ forwarded = [], copies = {}, level = 3, isPast = false }: Given = {}): SchemaOptions {
  return {
    endpoint: 'a',
    region: 'hangzhou',
    connector: 'mysql',
    version: '9.7',
    router: createRouter([{ schema: 'shop', table: '*' }]),
    forwarded: createRouter(forwarded),
    foldsNames: false,
    copies: { originOf: (gtid) => copies[gtid] ?? null },
    level: () => level,
    now: () => 7,
    seen: { 'c.p': { log: 'L', seq: 41 } },
    isPast,
  };
}

const orders = { database: 'shop', name: 'orders' };
const alter = 'ALTER TABLE orders ADD secret INT';

describe('a schema change of a routed table', () => {
  it('is published with all that decides what it does', () => {
    expect(schemaChange(statement(alter), options())).toEqual({
      kind: 'ddl',
      tables: [orders],
      open: null,
      record: {
        kind: 'ddl',
        endpoint: 'a',
        id: 'u:3',
        database: 'shop',
        sql: alter,
        statement: 'ALTER TABLE',
        tables: [{ ...orders, role: 'subject', offset: 12, length: 6 }],
        doubt: null,
        clauses: [{ action: 'add', what: 'column', name: 'secret' }],
        compatible: true,
        modifies: [],
        session,
        flavor: 'mysql',
        version: '9.7',
        origin: 'hangzhou',
        path: ['hangzhou'],
        seen: { 'c.p': { log: 'L', seq: 41 } },
        position: { file: 'binlog.1', pos: 10, gtidSet: 'u:1-3' },
        tsMs: 7,
      },
    });
    expect(schemaChange(statement('ALTER TABLE crm.t ADD a INT'), options())).toBeNull();
  });

  it('has the place of its begin for an id where there are no GTIDs, and the doubt about its session', () => {
    const { record } = schemaChange(statement(alter, { gtid: null, sessionDoubt: 'code 99' }), options())!;
    expect(record).toMatchObject({ id: 'binlog.1:9', doubt: 'code 99', tables: [{ role: 'subject' }], compatible: false });
  });

  it('that leaves the character set of a new table to its database is to be asked about', () => {
    const openOf = (sql: string) => schemaChange(statement(sql), options())?.open;
    expect([openOf('CREATE TABLE orders (a INT)'), openOf('CREATE TABLE orders (a INT) CHARSET latin1'), openOf(alter)]).toEqual([
      orders,
      null,
      null,
    ]);
  });

  it('that makes a table whose rows follow is the CREATE alone, under an id of its own', () => {
    const sql = "CREATE TABLE `orders` (\n  `a` int DEFAULT NULL COMMENT ' START TRANSACTION'\n) START TRANSACTION";
    const { record } = schemaChange(statement(sql, { rowsFollow: true }), options())!;
    expect(record).toMatchObject({
      id: 'u:3/create',
      sql: sql.slice(0, -' START TRANSACTION'.length),
      statement: 'CREATE TABLE',
      doubt: null,
      compatible: true,
    });
  });

  it('says what it makes of columns, unless something about it is in doubt', () => {
    const modify = 'ALTER TABLE orders MODIFY v VARCHAR(200)';
    const of = (part: Partial<Ddl>) => schemaChange(statement(modify, part), options())!.record;
    expect(of({})).toMatchObject({ compatible: true, modifies: [{ column: 'v', type: 'varchar(200)', nullable: true }] });
    for (const part of [{ doubt: '?' }, { sessionDoubt: '?' }]) expect(of(part)).toMatchObject({ compatible: false, modifies: [] });
  });

  it('is not published again where its transactions are in the log already, and a seed of the table hears of it', () => {
    expect(schemaChange(statement(alter), options({ isPast: true }))).toEqual({ kind: 'ddl', record: null, tables: [orders], open: null });
  });

  it('cannot be published below level 3; the error has nothing of its text', () => {
    const refused = (): unknown => schemaChange(statement(alter), options({ level: 2 }));
    expect(refused).toThrow(expect.objectContaining({ code: 'DDL_UNSUPPORTED', message: expect.stringContaining('level 2') }));
    expect(refused).toThrow(expect.not.objectContaining({ message: expect.stringContaining('secret') }));
  });
});

describe('a schema change that a loader ran', () => {
  const gtid = '4c757472-0000-0000-0000-000000000001:5';
  const copy = statement(alter, { gtid });
  const known = { [gtid]: { origin: 'california', path: ['california'] } };

  it('does not go back, and a seed of the table hears of it', () => {
    expect(schemaChange(copy, options({ copies: known }))).toEqual({ kind: 'ddl', record: null, tables: [orders], open: null });
  });

  it('goes on where a pipeline forwards its table, with its origin and one region more', () => {
    const forwarded = [{ schema: 'shop', table: 'orders' }];
    const { record } = schemaChange(copy, options({ copies: known, forwarded }))!;
    expect(record).toMatchObject({ id: gtid, origin: 'california', path: ['california', 'hangzhou'] });
    const other = schemaChange(copy, options({ copies: known, forwarded: [{ schema: 'shop', table: 'items' }] }));
    expect(other?.record).toBeNull();
  });

  it('because a person has it run at home is home’s own from then on: it goes to all, and its path says who has it', () => {
    const own = { [gtid]: { origin: 'hangzhou', path: ['california'] } };
    const { record } = schemaChange(copy, options({ copies: own }))!;
    expect(record).toMatchObject({ id: gtid, origin: 'hangzhou', path: ['california', 'hangzhou'] });
    expect(schemaChange(copy, options({ copies: own, isPast: true }))?.record).toBeNull();
    expect(schemaChange(statement('ALTER TABLE crm.t ADD a INT', { gtid }), options({ copies: own }))).toBeNull();
  });

  it('and of which nobody says so stops capture: published as new, it would go round', () => {
    expect(() => schemaChange(copy, options())).toThrow(
      expect.objectContaining({ code: 'LOOP_DETECTED', details: expect.objectContaining({ gtid }) }),
    );
    expect(schemaChange(statement('ALTER TABLE crm.t ADD a INT', { gtid }), options())).toBeNull();
  });
});

describe('tables of an online tool, both ways', () => {
  const router = createRouter(followedRoutes([{ schema: 'shop', table: 'orders' }], { uid: 'p', bothWays: true }));
  const publishes = (sql: string, given: Given = {}) => schemaChange(statement(sql), { ...options(given), router })?.record ?? null;

  it.each([
    'create /* gh-ost */ table `shop`.`_orders_gho` like `shop`.`orders`',
    'alter /* gh-ost */ table `shop`.`_orders_gho` ADD COLUMN c INT',
    'rename /* gh-ost */ table `shop`.`orders` to `shop`.`_orders_del`, `shop`.`_orders_gho` to `shop`.`orders`',
    'ALTER TABLE _orders_gho RENAME orders',
    'drop /* gh-ost */ table if exists `shop`.`_orders_del`',
    'CREATE INDEX i ON _orders_new (c)',
  ])('are published: %s', (sql) => {
    expect(publishes(sql)).toMatchObject({ sql, doubt: null });
  });

  it.each([
    'create /* gh-ost */ table `shop`.`_orders_ghc` (id int)',
    'ANALYZE TABLE `shop`.`_orders_new` /* pt-online-schema-change */',
    'CREATE TRIGGER `pt_osc_shop_orders_del` AFTER DELETE ON `shop`.`orders` FOR EACH ROW DELETE IGNORE FROM `shop`.`_orders_new`',
    'DROP TRIGGER IF EXISTS `shop`.`pt_osc_shop_orders_del`',
    'CREATE TABLE _items_new (id int)',
  ])('… or are nobody’s: %s', (sql) => {
    expect(publishes(sql)).toBeNull();
  });

  it('what is done to them alone stops no endpoint below level 3', () => {
    expect(publishes('ALTER TABLE _orders_gho ADD c INT', { level: 2 })).toBeNull();
    expect(() => publishes('ALTER TABLE _orders_gho RENAME orders', { level: 2 })).toThrow('level 2');
    expect(() => schemaChange(statement('DROP DATABASE shop'), options({ level: 2 }))).toThrow('level 2');
  });
});

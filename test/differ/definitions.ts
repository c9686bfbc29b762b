/** Random DDL: what a statement does to the tables, and whether it concerns one that is routed. Pure. */
import type { Random } from '../scenarios/random.js';
import { kindOf } from './column-kinds.js';
import { type Dress, dressOf } from './dress.js';
import { type Feature, generatedColumn, indexOf, isParent, plainColumn } from './schema.js';
import { type Column, columnText, createTable, indexText, quoted, type Table, writable } from './table.js';

/** `routed`: capture must stop. `new`: a table that has no rows: the target gets it by hand. `none`: it must pass. */
export type Concerns = 'routed' | 'new' | 'none';

export interface Definition {
  readonly kind: string;
  readonly sql: string;
  /** What it needs beside routed tables; carried out at the target by hand, too. */
  readonly before: readonly string[];
  /** The session's default database; undefined: none. */
  readonly database: string | undefined;
  readonly concerns: Concerns;
  /** Tables that it names. */
  readonly tables: readonly string[];
  /** What the tables are when it was carried out. */
  readonly after: readonly Table[];
}

export interface Place {
  readonly database: string;
  readonly elsewhere: string;
  readonly tables: readonly Table[];
  /** By name. */
  readonly routed: (table: string) => boolean;
  readonly features: ReadonlySet<Feature>;
  /** So that new names are new. */
  readonly n: number;
}

type Made = Pick<Definition, 'sql'> & {
  readonly before?: readonly string[];
  readonly after?: readonly Table[];
  readonly concerns?: Concerns;
  readonly tables?: readonly string[];
};
type Make = (random: Random, place: Place, dress: Dress) => Made | undefined;

function anyOf(random: Random, tables: readonly Table[]): Table | undefined {
  return tables.length === 0 ? undefined : random.pick(tables);
}

function replaced(tables: readonly Table[], old: Table, now: Table): Table[] {
  return tables.map((table) => (table === old ? now : table));
}

function alter(
  random: Random,
  { table, place, dress }: { table: Table; place: Place; dress: Dress },
  clause: string,
  now: Partial<Table>,
): Made {
  const how = random.pick(['', '', '', ', ALGORITHM=INPLACE', ', ALGORITHM=COPY', ', LOCK=NONE']);
  const sql = dress.join(dress.words('ALTER TABLE'), dress.table(table.name), `${clause}${how}`);
  return { sql, after: replaced(place.tables, table, { ...table, ...now }), tables: [table.name] };
}

/** Not read by anything else in the table. */
function loose(table: Table): Column[] {
  const text = JSON.stringify([
    table.indexes,
    table.checks,
    table.partitions,
    table.columns.map(({ generated }) => generated?.expression ?? ''),
  ]);
  return table.columns.filter(
    ({ name, more }) =>
      !text.includes(name) && name !== 'id' && !more?.includes('AUTO') && table.references.every(({ column }) => column !== name),
  );
}

const addColumn: Make = (random, place, dress) => {
  const table = random.pick(place.tables);
  const name = `add${place.n}`;
  const plain = plainColumn(random, name, place.features);
  const constant = plain.more?.includes('CURRENT') ? { more: 'DEFAULT NULL', nullable: true } : {};
  const bases = writable(table).filter(({ kind, more }) => !['blob', 'longText'].includes(kind) && !more?.includes('AUTO'));
  const made = random.chance(0.35) && bases.length > 0 ? generatedColumn(random, name, random.pick(bases)) : { ...plain, ...constant };
  const at = random.pick(['', '', ' FIRST', ` AFTER ${quoted(random.pick(table.columns).name)}`]);
  const columns = at === ' FIRST' ? [made, ...table.columns] : [...table.columns, made];
  return alter(random, { table, place, dress }, `${dress.words('ADD COLUMN')} ${columnText(made)}${at}`, { columns });
};

const dropColumn: Make = (random, place, dress) => {
  const table = random.pick(place.tables);
  const free = loose(table);
  if (free.length === 0 || table.columns.length < 3) return undefined;
  const column = random.pick(free);
  const columns = table.columns.filter((other) => other !== column);
  return alter(random, { table, place, dress }, `${dress.words('DROP COLUMN')} ${dress.name(column.name)}`, { columns });
};

/** The same name, now of its own or computed. */
const dropAndAdd: Make = (random, place, dress) => {
  const table = random.pick(place.tables);
  const free = loose(table);
  const bases = writable(table).filter(
    ({ kind, more, name }) => kind !== 'blob' && kind !== 'longText' && !more && !free.some((one) => one.name === name),
  );
  if (free.length === 0 || bases.length === 0) return undefined;
  const column = random.pick(free);
  const now: Column = column.generated
    ? { name: column.name, kind: 'int', type: 'INT', nullable: true }
    : generatedColumn(random, column.name, random.pick(bases));
  const columns = [...table.columns.filter((other) => other !== column), now];
  return alter(random, { table, place, dress }, `DROP ${quoted(column.name)}, ADD ${columnText(now)}`, { columns });
};

const modify: Make = (random, place, dress) => {
  const table = random.pick(place.tables);
  const free = loose(table).filter(({ generated }) => !generated);
  if (free.length === 0) return undefined;
  const column = random.pick(free);
  const { more: _, ...rest } = column;
  const now: Column = { ...rest, nullable: true, ...(random.chance(0.5) ? { type: kindOf(column.kind).type(random) } : {}) };
  const word = random.chance(0.5) ? `MODIFY ${columnText(now)}` : `CHANGE ${quoted(column.name)} ${columnText(now)}`;
  return alter(random, { table, place, dress }, word, { columns: table.columns.map((other) => (other === column ? now : other)) });
};

const renameColumn: Make = (random, place, dress) => {
  const table = random.pick(place.tables);
  const free = loose(table);
  if (free.length === 0) return undefined;
  const column = random.pick(free);
  const now = { ...column, name: `ren${place.n}` };
  const clause = `${dress.words('RENAME COLUMN')} ${quoted(column.name)} TO ${quoted(now.name)}`;
  return alter(random, { table, place, dress }, clause, { columns: table.columns.map((other) => (other === column ? now : other)) });
};

const addIndex: Make = (random, place, dress) => {
  const table = random.pick(place.tables);
  const index = indexOf(random, table, { name: `ix${place.n}` });
  const indexes = [...table.indexes, index];
  if (random.chance(0.5)) return alter(random, { table, place, dress }, `ADD ${indexText(index)}`, { indexes });
  const kind = index.kind === 'unique' ? 'CREATE UNIQUE INDEX' : 'CREATE INDEX';
  const sql = dress.join(
    dress.words(kind),
    dress.name(index.name),
    dress.words('ON'),
    dress.table(table.name),
    `(${index.parts.join(', ')})`,
  );
  return { sql, after: replaced(place.tables, table, { ...table, indexes }), tables: [table.name] };
};

const dropIndex: Make = (random, place, dress) => {
  const table = random.pick(place.tables);
  const index = table.indexes.find(({ kind }) => kind !== 'primary');
  if (!index) return undefined;
  const indexes = table.indexes.filter((other) => other !== index);
  if (random.chance(0.5))
    return alter(random, { table, place, dress }, `${dress.words('DROP INDEX')} ${dress.name(index.name)}`, { indexes });
  const sql = dress.join(dress.words('DROP INDEX'), dress.name(index.name), dress.words('ON'), dress.table(table.name));
  return { sql, after: replaced(place.tables, table, { ...table, indexes }), tables: [table.name] };
};

const rebuild: Make = (random, place, dress) => {
  const table = random.pick(place.tables);
  const clause = random.pick([
    'ENGINE=InnoDB',
    'FORCE',
    "COMMENT='a, b; TRUNCATE c'",
    'AUTO_INCREMENT=500',
    'ROW_FORMAT=DYNAMIC',
    'ORDER BY 1',
  ]);
  if (clause === 'ORDER BY 1')
    return { sql: dress.join(dress.words('OPTIMIZE TABLE'), dress.table(table.name)), concerns: 'none', tables: [table.name] };
  return alter(random, { table, place, dress }, clause, {});
};

const truncate: Make = (random, place, dress) => {
  const table = random.pick(place.tables);
  return { sql: dress.join(dress.words(random.pick(['TRUNCATE TABLE', 'TRUNCATE'])), dress.table(table.name)), tables: [table.name] };
};

const rename: Make = (random, place, dress) => {
  const table = anyOf(
    random,
    place.tables.filter((table) => !isParent(table)),
  );
  if (!table || table.references.length > 0) return undefined;
  const now = { ...table, name: `${/^[a-z]+$/i.test(table.name) ? table.name : 'ren'}_${place.n}` };
  const after = replaced(place.tables, table, now);
  const tables = [table.name, now.name];
  if (random.chance(0.5)) {
    const to = random.pick(['RENAME TO', 'RENAME AS', 'RENAME']);
    return { sql: dress.join(dress.words('ALTER TABLE'), dress.table(table.name), dress.words(to), dress.table(now.name)), after, tables };
  }
  return { sql: dress.join(dress.words('RENAME TABLE'), dress.table(table.name), dress.words('TO'), dress.table(now.name)), after, tables };
};

/** As online tools end: a copy takes the table's place. */
const swapIn: Make = (random, place, dress) => {
  const table = anyOf(
    random,
    place.tables.filter((one) => !isParent(one) && one.references.length === 0),
  );
  const old = place.tables.find(({ name }) => name.startsWith('like'));
  if (!table || !old || table.name.startsWith('like')) return undefined;
  const gone = `gone${place.n}`;
  const after = place.tables.flatMap((one) =>
    one === table ? [{ ...table, name: gone }] : one === old ? [{ ...old, name: table.name }] : [one],
  );
  const sql = dress.join(
    dress.words('RENAME TABLE'),
    dress.table(table.name),
    dress.words('TO'),
    `${dress.table(gone)},`,
    dress.table(old.name),
    dress.words('TO'),
    dress.table(table.name),
  );
  return { sql, after, tables: [table.name, gone, old.name] };
};

const createLike: Make = (random, place, dress) => {
  const table = random.pick(place.tables);
  const name = `like${place.n}`;
  const copy = { ...table, name, references: [] };
  const sql = dress.join(dress.words('CREATE TABLE'), dress.table(name), dress.words('LIKE'), dress.table(table.name));
  return { sql, after: [...place.tables, copy], concerns: 'new', tables: [name] };
};

const dropAndCreate: Make = (random, place, dress) => {
  const table = anyOf(
    random,
    place.tables.filter((one) => !isParent(one)),
  );
  if (!table) return undefined;
  return {
    sql: dress.join(dress.words(random.pick(['DROP TABLE', 'DROP TABLE IF EXISTS'])), dress.table(table.name)),
    after: place.tables.filter((one) => one !== table),
    tables: [table.name],
  };
};

const create: Make = (random, place) => {
  const table: Table = {
    name: `new${place.n}`,
    columns: [
      { name: 'id', kind: 'int', type: 'INT', nullable: false },
      { ...plainColumn(random, 'v', place.features), nullable: true },
    ],
    indexes: [{ name: 'PRIMARY', kind: 'primary', parts: ['`id`'], columns: ['id'] }],
    checks: [],
    references: [],
    partitions: random.chance(0.5)
      ? 'PARTITION BY RANGE (`id`) (PARTITION p0 VALUES LESS THAN (10), PARTITION pm VALUES LESS THAN MAXVALUE)'
      : '',
  };
  return {
    sql: createTable(table).replace('CREATE TABLE ', `CREATE TABLE ${quoted(place.database)}.`),
    after: [...place.tables, table],
    concerns: 'new',
    tables: [table.name],
  };
};

const createSelect: Make = (random, place, dress) => {
  const table = random.pick(place.tables);
  const name = `sel${place.n}`;
  const columns = writable(table).map(({ more: _, ...column }) => ({ ...column, invisible: false }));
  const chosen = columns.map((column) => quoted(column.name)).join(', ');
  const sql = dress.join(
    dress.words('CREATE TABLE'),
    dress.table(name),
    dress.words('AS SELECT'),
    chosen,
    dress.words('FROM'),
    dress.table(table.name),
  );
  return { sql, after: [...place.tables, { name, columns, indexes: [], checks: [], references: [], partitions: '' }], tables: [name] };
};

const partition: Make = (random, place, dress) => {
  const table = anyOf(
    random,
    place.tables.filter(({ partitions }) => partitions.includes('RANGE')),
  );
  if (!table) return undefined;
  const clause = random.pick([
    'TRUNCATE PARTITION p0',
    'ANALYZE PARTITION p0',
    'REBUILD PARTITION pm',
    'REORGANIZE PARTITION p0 INTO (PARTITION p0 VALUES LESS THAN (10))',
  ]);
  return { sql: dress.join(dress.words('ALTER TABLE'), dress.table(table.name), dress.words(clause)), tables: [table.name] };
};

/** Its rows come from a table beside it. */
const exchange: Make = (random, place, dress) => {
  const table = anyOf(
    random,
    place.tables.filter(({ name, partitions }) => name.startsWith('new') && partitions.includes('RANGE')),
  );
  if (!table) return undefined;
  const beside = `${quoted(place.elsewhere)}.${quoted(`beside${place.n}`)}`;
  const before = [
    `CREATE TABLE ${beside} LIKE ${quoted(place.database)}.${quoted(table.name)}`,
    `ALTER TABLE ${beside} REMOVE PARTITIONING`,
    `INSERT IGNORE INTO ${beside} (\`id\`) VALUES (1), (2), (3)`,
  ];
  const exchanged = dress.words('EXCHANGE PARTITION p0 WITH TABLE');
  return { sql: dress.join(dress.words('ALTER TABLE'), dress.table(table.name), exchanged, beside), tables: [table.name], before };
};

/** Concern nothing that is routed. */
const aside: Make = (random, place, dress) => {
  const there = `${quoted(place.elsewhere)}.`;
  const table = random.pick(place.tables);
  const sql = random.pick([
    `ALTER /* gh-ost */ TABLE ${there}\`aside\` COMMENT 'n${place.n}'`,
    `TRUNCATE ${there}\`aside\``,
    `CREATE TABLE ${there}\`aside${place.n}\` AS SELECT * FROM ${there}\`aside\``,
    `CREATE OR REPLACE VIEW ${quoted(place.database)}.\`v${place.n}\` AS SELECT 1 AS one FROM ${quoted(place.database)}.${quoted(table.name)}`,
    `CREATE PROCEDURE ${quoted(place.database)}.\`pr${place.n}\`() BEGIN TRUNCATE TABLE ${quoted(table.name)}; END`,
    `ANALYZE TABLE ${quoted(place.database)}.${quoted(table.name)}`,
    `CREATE EVENT ${there}\`ev${place.n}\` ON SCHEDULE EVERY 1 YEAR DISABLE DO TRUNCATE TABLE ${quoted(place.database)}.${quoted(table.name)}`,
    dress.join(dress.words('DROP TABLE IF EXISTS'), `${there}\`aside${place.n - 1}\``),
  ]);
  return { sql, concerns: 'none', tables: [] };
};

const makers: Readonly<Record<string, readonly [number, Make]>> = {
  'add column': [5, addColumn],
  'drop column': [2, dropColumn],
  'drop and add column': [2, dropAndAdd],
  'modify column': [3, modify],
  'rename column': [2, renameColumn],
  'add index': [4, addIndex],
  'drop index': [2, dropIndex],
  rebuild: [3, rebuild],
  truncate: [3, truncate],
  'rename table': [3, rename],
  'swap tables': [2, swapIn],
  'create like': [2, createLike],
  'drop table': [1, dropAndCreate],
  'create table': [2, create],
  'create select': [2, createSelect],
  partition: [2, partition],
  'exchange partition': [2, exchange],
  'not routed': [3, aside],
};
const weighted = Object.entries(makers).flatMap(([kind, [weight]]) => Array.from({ length: weight }, () => kind));

export const definitionKinds = Object.keys(makers);

export function definitionOf(random: Random, place: Place, kinds: readonly string[] = weighted): Definition {
  for (;;) {
    const kind = random.pick(kinds);
    const dress = dressOf(random, { ...place, odd: random.chance(0.5) });
    const made = makers[kind]?.[1](random, place, dress);
    if (!made) continue;
    const tables = made.tables ?? [];
    const concerns = made.concerns ?? (tables.some(place.routed) ? 'routed' : 'none');
    return {
      kind,
      sql: made.sql,
      before: made.before ?? [],
      database: dress.database,
      concerns,
      tables,
      after: made.after ?? place.tables,
    };
  }
}

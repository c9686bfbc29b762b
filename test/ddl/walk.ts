/**
 * Schema changes drawn at random for a database that is there: each kind that a pipeline carries one way. What is drawn fits the tables as
 * they were a moment ago; who changes them too may make a server refuse it. The same for the same seed and tables.
 */
import type { Connection, RowDataPacket } from 'mysql2/promise';
import type { Random } from '../harness/index.js';

export interface TableShape {
  readonly name: string;
  /** Beside its key, `id`. */
  readonly columns: readonly string[];
  readonly indexes: readonly string[];
  /** By range of `id`, ten each, in order; none: it has no partitions. */
  readonly partitions: readonly string[];
}

export interface Change {
  readonly kind: string;
  /** Each a statement. */
  readonly sql: readonly string[];
}

export interface WalkOptions {
  readonly database: string;
  /** Where databases are made and dropped. */
  readonly other: string;
  /** MySQL 8.0.15 has no CREATE TABLE … SELECT with GTIDs, and does not log the hidden column of an index over an expression. */
  readonly newer: boolean;
}

const mostTables = 8;
const names = Array.from({ length: 12 }, (_, i) => `t${i + 1}`);

/** Types and defaults of columns that are added. */
const columnTypes = [
  'INT NULL',
  'INT NOT NULL DEFAULT 5',
  "VARCHAR(20) CHARACTER SET latin1 NOT NULL DEFAULT 'é'",
  'DECIMAL(12,3) NULL',
  'DATETIME(6) NULL DEFAULT NOW(6)',
  'TIMESTAMP(3) NULL DEFAULT CURRENT_TIMESTAMP(3) ON UPDATE CURRENT_TIMESTAMP(3)',
  "ENUM('5','7') NULL DEFAULT '7'",
  'BIGINT UNSIGNED AS (id * 2) VIRTUAL',
  'VARCHAR(30) AS (CONCAT(id, id)) STORED',
];
const changedTypes = ['BIGINT NULL', 'VARCHAR(60) NULL', "VARCHAR(80) NOT NULL DEFAULT 'x'"];

type Draw = (random: Random, at: Drawing) => readonly string[] | null;

interface Drawing extends WalkOptions {
  readonly tables: readonly TableShape[];
  readonly table: TableShape;
  readonly free: string;
  /** A name for a column or index that the table has not. */
  readonly fresh: (prefix: 'c' | 'i') => string;
}

const draws: Readonly<Record<string, Draw>> = {
  create: (r, { tables, free }) =>
    tables.length >= mostTables
      ? null
      : [`CREATE TABLE ${free} (id INT NOT NULL PRIMARY KEY, c1 INT NULL, c2 ${r.pick(columnTypes)}, KEY i1 (c1))`],
  createParts: (_, { tables, free }) =>
    tables.length >= mostTables
      ? null
      : [
          `CREATE TABLE ${free} (id INT NOT NULL PRIMARY KEY, c1 INT NULL) PARTITION BY RANGE (id) (${[1, 2, 3].map(partition).join(', ')})`,
        ],
  createLike: (_, { tables, table, free }) => (tables.length >= mostTables ? null : [`CREATE TABLE ${free} LIKE ${table.name}`]),
  createSelect: (_, { newer, tables, table, free }) =>
    !newer || tables.length >= mostTables ? null : [`CREATE TABLE ${free} (PRIMARY KEY (id)) SELECT id, id + 1 AS c1 FROM ${table.name}`],
  addColumn: (r, { table, fresh }) =>
    table.columns.length > 8
      ? null
      : [`ALTER TABLE ${table.name} ADD COLUMN ${fresh('c')} ${r.pick(columnTypes)}${r.pick(['', ' FIRST', ' AFTER id'])}`],
  dropColumn: (r, { table }) => (table.columns.length < 2 ? null : [`ALTER TABLE ${table.name} DROP COLUMN ${r.pick(table.columns)}`]),
  swapColumns: (r, { table, fresh }) =>
    table.columns.length < 2
      ? null
      : [`ALTER TABLE ${table.name} DROP COLUMN ${r.pick(table.columns)}, ADD COLUMN ${fresh('c')} ${r.pick(columnTypes)}`],
  modify: (r, { table }) => withColumn(r, table, (column) => `MODIFY ${column} ${r.pick(changedTypes)}`),
  change: (r, { table, fresh }) => withColumn(r, table, (column) => `CHANGE ${column} ${fresh('c')} ${r.pick(changedTypes)} FIRST`),
  renameColumn: (r, { table, fresh }) => withColumn(r, table, (column) => `RENAME COLUMN ${column} TO ${fresh('c')}`),
  addIndex: (r, { table, fresh }) => withColumn(r, table, (column) => `ADD INDEX ${fresh('i')} (${column})`),
  createIndex: (r, { table, fresh }) =>
    table.columns.length === 0 ? null : [`CREATE INDEX ${fresh('i')} ON ${table.name} (${r.pick(table.columns)}, id)`],
  expressionIndex: (r, { newer, table, fresh }) =>
    newer ? withColumn(r, table, (column) => `ADD INDEX ${fresh('i')} ((CONCAT(id, ${column})))`) : null,
  dropIndex: (r, { table }) => (table.indexes.length === 0 ? null : [`DROP INDEX ${r.pick(table.indexes)} ON ${table.name}`]),
  options: (r, { table }) => [
    `ALTER TABLE ${table.name} ${r.pick(["COMMENT = 'drawn'", 'ROW_FORMAT = DYNAMIC', 'FORCE', 'CONVERT TO CHARACTER SET utf8mb4'])}`,
  ],
  rename: (_, { table, free }) => [`RENAME TABLE ${table.name} TO ${free}`],
  alterRename: (r, { table, free, fresh }) => [
    `ALTER TABLE ${table.name} ADD COLUMN ${fresh('c')} ${r.pick(columnTypes)}, RENAME TO ${free}`,
  ],
  swap: (r, { tables, free }) => swapped(shuffled(r, tables).slice(0, r.int(2, 3)), free),
  truncate: (_, { table }) => [`TRUNCATE TABLE ${table.name}`],
  drop: (_, { tables, table }) => (tables.length < 4 ? null : [`DROP TABLE ${table.name}`]),
  dropSeveral: (r, { tables }) =>
    tables.length < 6
      ? null
      : [
          `DROP TABLE ${shuffled(r, tables)
            .slice(0, 3)
            .map(({ name }) => name)
            .join(', ')}`,
        ],
  addPartition: (_, { table }) => withParts(table, (parts) => `ADD PARTITION (${partition(numberOf(parts.at(-1)) + 1)})`),
  dropPartition: (_, { table }) => withParts(table, ([first], parts) => (parts < 2 ? null : `DROP PARTITION ${first}`)),
  truncatePartition: (r, { table }) => withParts(table, (parts) => `TRUNCATE PARTITION ${r.pick(parts)}`),
  reorganize: (_, { table }) =>
    withParts(table, (parts) => {
      const last = numberOf(parts.at(-1));
      return `REORGANIZE PARTITION p${last} INTO (${partition(last)}, ${partition(last + 1)})`;
    }),
  exchange: (r, { table, free }) => {
    const exchanged = withParts(table, (parts) => `EXCHANGE PARTITION ${r.pick(parts)} WITH TABLE ${free} WITHOUT VALIDATION`);
    return (
      exchanged && [
        `CREATE TABLE ${free} LIKE ${table.name}`,
        `ALTER TABLE ${free} REMOVE PARTITIONING`,
        ...exchanged,
        `DROP TABLE ${free}`,
      ]
    );
  },
  databases: (_, { other }) => [
    `CREATE DATABASE ${other}`,
    `CREATE TABLE ${other}.t (id INT PRIMARY KEY)`,
    `INSERT INTO ${other}.t VALUES (1)`,
    `DROP DATABASE ${other}`,
  ],
  outAndBack: (_, { other, table }) => [
    `CREATE DATABASE ${other}`,
    `RENAME TABLE ${table.name} TO ${other}.away`,
    `RENAME TABLE ${other}.away TO ${table.name}`,
    `DROP DATABASE ${other}`,
  ],
};

export const changeKinds: readonly string[] = Object.keys(draws);

/** Kinds that are still to come before any comes again; it is filled anew when none of them fits. */
export type Deck = string[];

export function drawChange(
  random: Random,
  tables: readonly TableShape[],
  { deck, ...options }: WalkOptions & { readonly deck: Deck },
): Change {
  const free = random.pick(names.filter((name) => tables.every((table) => table.name !== name)));
  if (tables.length < 3) {
    const create = `CREATE TABLE ${free} (id INT NOT NULL PRIMARY KEY, c1 INT NULL, c2 VARCHAR(20) NULL, KEY i1 (c1))`;
    return { kind: 'create', sql: [create] };
  }
  for (;;) {
    for (const kind of shuffled(random, deck)) {
      const sql = fitting(random, kind, { ...options, tables, free });
      if (!sql) continue;
      deck.splice(deck.indexOf(kind), 1);
      return { kind, sql };
    }
    deck.splice(0, deck.length, ...changeKinds);
  }
}

function fitting(random: Random, kind: string, at: Pick<Drawing, 'tables' | 'free' | keyof WalkOptions>): readonly string[] | null {
  const isOfParts = /[pP]artition|exchange|reorganize/.test(kind);
  const tables = isOfParts ? at.tables.filter(({ partitions }) => partitions.length > 0) : at.tables;
  for (const table of shuffled(random, tables)) {
    const taken = [...table.columns, ...table.indexes];
    const fresh = (prefix: 'c' | 'i'): string =>
      random.pick(Array.from({ length: 24 }, (_, i) => `${prefix}${i + 1}`).filter((name) => !taken.includes(name)));
    const sql = draws[kind]?.(random, { ...at, table, fresh });
    if (sql) return sql;
  }
  return null;
}

export async function readShape(connection: Connection, database: string): Promise<readonly TableShape[]> {
  const ask = async (sql: string): Promise<readonly (readonly [table: string, name: string])[]> => {
    const [rows] = await connection.query<RowDataPacket[]>({ sql, rowsAsArray: true }, [database]);
    return rows as unknown as readonly (readonly [string, string])[];
  };
  const where = 'WHERE table_schema = ?';
  const tables = await ask(`SELECT table_name, '' FROM information_schema.tables ${where} AND table_type = 'BASE TABLE' ORDER BY 1`);
  const columns = await ask(
    `SELECT table_name, column_name FROM information_schema.columns ${where} AND column_name <> 'id' ORDER BY 1, 2`,
  );
  const indexes = await ask(
    `SELECT DISTINCT table_name, index_name FROM information_schema.statistics ${where} AND index_name <> 'PRIMARY' ORDER BY 1, 2`,
  );
  const partitions = await ask(
    `SELECT table_name, partition_name FROM information_schema.partitions ${where} AND partition_name IS NOT NULL
      ORDER BY 1, partition_ordinal_position`,
  );
  const of = (all: readonly (readonly [string, string])[], table: string): readonly string[] =>
    all.filter(([owner]) => owner === table).map(([, name]) => name);
  return tables.map(([name]) => ({ name, columns: of(columns, name), indexes: of(indexes, name), partitions: of(partitions, name) }));
}

function withColumn(random: Random, table: TableShape, clause: (column: string) => string): readonly string[] | null {
  return table.columns.length === 0 ? null : [`ALTER TABLE ${table.name} ${clause(random.pick(table.columns))}`];
}

function withParts(
  { name, partitions }: TableShape,
  clause: (partitions: readonly string[], count: number) => string | null,
): readonly string[] | null {
  const text = clause(partitions, partitions.length);
  return text === null ? null : [`ALTER TABLE ${name} ${text}`];
}

function partition(number: number): string {
  return `PARTITION p${number} VALUES LESS THAN (${number * 100})`;
}

function numberOf(partition = 'p0'): number {
  return Number(partition.slice(1));
}

/** In a circle, by way of a free name. */
function swapped(tables: readonly TableShape[], free: string): readonly string[] {
  const circle = tables.map(({ name }) => name);
  const steps = [free, ...circle].map((to, index) => `${circle[index] ?? free} TO ${to}`);
  return [`RENAME TABLE ${steps.join(', ')}`];
}

function shuffled<T>(random: Random, items: readonly T[]): readonly T[] {
  return items
    .map((item) => ({ item, order: random.next() }))
    .toSorted((one, other) => one.order - other.order)
    .map(({ item }) => item);
}

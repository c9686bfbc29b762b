/** Tables and statements for both ways: few keys that both sides write, for each policy. Pure. */
import type { ConflictRule, TwoWayPolicy } from '@lutra/model';
import type { Random } from '../harness/random.js';
import { kindOf, type KindName } from './column-kinds.js';
import type { Step } from './script.js';
import { type Column, createTable, quoted, type Table } from './table.js';

type Rule = Partial<ConflictRule>;

/** By policy, and by what the names of its tables begin with. */
const ruled: Readonly<Record<TwoWayPolicy, Readonly<Record<string, Rule>>>> = {
  home: { home: {} },
  latest: { latest_lose: { version: 'version', deletes: 'lose' }, latest_win: { version: 'version', deletes: 'win' } },
  merge: {
    merge_home: { sameColumn: 'home', deletes: 'lose' },
    merge_latest: { sameColumn: 'latest', version: 'version', deletes: 'win' },
    delta: { columns: { count: 'delta', high: 'max', low: 'min' }, sameColumn: 'home', deletes: 'lose' },
  },
};

export const rules = (Object.keys(ruled) as TwoWayPolicy[]).flatMap((policy) =>
  Object.entries(ruled[policy]).map(([prefix, rule]) => ({ ...rule, schema: 'both_*', table: `${prefix}*`, policy })),
);

/** Has no rule, so that a conflict stops both pipelines. */
export const stopTable = 'stop';

const prefixes = Object.values(ruled).flatMap((byPrefix) => Object.keys(byPrefix));
const free: readonly KindName[] = [
  'int',
  'varchar',
  'decimal',
  'datetime',
  'enum',
  'json',
  'binary',
  'bit',
  'tiny',
  'double',
  'longText',
  'date',
  'time',
];
const keys = 6;

export interface TwoWayTable extends Table {
  /** A value is in one row only. */
  readonly unique: boolean;
}

export function twoWayTables(random: Random, { stop, mysql }: { readonly stop: boolean; readonly mysql: '8.0' | '9.7' }): TwoWayTable[] {
  const tables = prefixes.flatMap((prefix) => Array.from({ length: random.int(1, 2) }, (_, n) => twoWayTable(random, `${prefix}_${n}`)));
  const parent = tables.find(({ name, indexes }) => name.startsWith('home') && indexes[0]?.columns.join() === 'id');
  const children = parent ? [child(random, parent, mysql)] : [];
  return [...tables, ...children, ...(stop ? [twoWayTable(random, stopTable)] : [])];
}

function twoWayTable(random: Random, name: string): TwoWayTable {
  const text = random.chance(0.3);
  const id: Column = text
    ? {
        name: 'id',
        kind: 'varchar',
        type: `VARCHAR(20) COLLATE ${random.pick(['utf8mb4_0900_ai_ci', 'utf8mb4_bin', 'utf8mb4_general_ci'])}`,
        nullable: false,
      }
    : { name: 'id', kind: 'int', type: 'INT', nullable: false };
  const second: Column | undefined = random.chance(0.2) ? { name: 'sub', kind: 'tiny', type: 'TINYINT', nullable: false } : undefined;
  const unique = random.chance(0.35);
  const columns: Column[] = [
    id,
    ...(second ? [second] : []),
    { name: 'version', kind: 'big', type: 'BIGINT', nullable: false, more: 'DEFAULT 0' },
  ];
  for (const column of ['count', 'high', 'low'])
    columns.push({ name: column, kind: 'int', type: 'INT', nullable: false, more: 'DEFAULT 0' });
  if (unique) columns.push({ name: 'u', kind: 'small', type: 'SMALLINT', nullable: true });
  for (let n = random.int(1, 4); n > 0; n--) columns.push(freeColumn(random, `c${n}`));
  const primary = {
    name: 'PRIMARY',
    kind: 'primary',
    parts: second ? ['`id`', '`sub`'] : ['`id`'],
    columns: second ? ['id', 'sub'] : ['id'],
  } as const;
  const u = { name: 'u', kind: 'unique', parts: ['`u`'], columns: ['u'] } as const;
  return { name, columns, indexes: unique ? [primary, u] : [primary], checks: [], references: [], partitions: '', unique };
}

function freeColumn(random: Random, name: string): Column {
  const kind = random.pick(free);
  const type = kindOf(kind)
    .type(random)
    .replace(/CHARACTER SET (?:gbk|ascii|utf16|ucs2) COLLATE \w+/, 'CHARACTER SET utf8mb4');
  return { name, kind, type, nullable: true };
}

/** Under the same policy as its parent; MySQL 8.0 does not log what actions do, so it has none there. */
function child(random: Random, parent: TwoWayTable, mysql: '8.0' | '9.7'): TwoWayTable {
  const table = twoWayTable(random, 'home_child');
  const key = parent.columns[0];
  const column: Column = { name: 'parent', kind: key?.kind ?? 'int', type: key?.type ?? 'INT', nullable: true };
  const actions = mysql === '9.7' ? random.pick(['', ' ON DELETE CASCADE', ' ON DELETE SET NULL']) : '';
  const reference = { name: 'fk_parent', column: 'parent', parent: parent.name, parentColumn: 'id', actions };
  return { ...table, columns: [...table.columns, column], references: [reference] };
}

export function createTwoWay(tables: readonly TwoWayTable[]): string[] {
  return tables.map(createTable);
}

export interface Writer {
  readonly side: 'a' | 'b';
  readonly random: Random;
  readonly tables: readonly TwoWayTable[];
  /** Raised by every write, so that versions rise. */
  readonly next: () => number;
}

/** One transaction of one side. */
export function twoWaySteps(writer: Writer): Step[] {
  const { random } = writer;
  if (random.chance(0.5)) return write(writer);
  const steps = Array.from({ length: random.int(1, 4) }, () => write(writer)).flat();
  const session = 'utf8mb4' as const;
  const end: Step = random.chance(0.9) ? { kind: 'commit', session, sql: 'COMMIT' } : { kind: 'rollback', session, sql: 'ROLLBACK' };
  return [{ kind: 'begin', session, sql: 'BEGIN' }, ...steps, end];
}

const mix = [
  ['insert', 5],
  ['insert ignore', 2],
  ['replace', 3],
  ['on duplicate key update', 4],
  ['update', 8],
  ['update many', 2],
  ['move of a key', 5],
  ['move of a unique value', 3],
  ['swap', 1],
  ['delete', 5],
  ['delete and insert', 2],
] as const;
const weighted = mix.flatMap(([kind, weight]) => Array.from({ length: weight }, () => kind));

function write(writer: Writer): Step[] {
  const { random, tables, next } = writer;
  const table = random.pick(tables);
  const kind = random.pick(weighted);
  const name = quoted(table.name);
  const version = next();
  const row = (): string => `(${table.columns.map((column) => valueOf(writer, table, column, version)).join(', ')})`;
  const set = (): string => assignments(writer, table, version);
  const where = (): string => keyCondition(writer, table);
  const one: Readonly<Record<(typeof weighted)[number], () => readonly string[]>> = {
    insert: () => [`INSERT INTO ${name} VALUES ${row()}`],
    'insert ignore': () => [`INSERT IGNORE INTO ${name} VALUES ${row()}, ${row()}`],
    replace: () => [`REPLACE INTO ${name} VALUES ${row()}`],
    'on duplicate key update': () => [`INSERT INTO ${name} VALUES ${row()} ON DUPLICATE KEY UPDATE ${set()}`],
    update: () => [`UPDATE ${name} SET ${set()} WHERE ${where()}`],
    'update many': () => [`UPDATE ${name} SET ${set()} WHERE \`version\` % 3 = ${random.int(0, 2)}`],
    'move of a key': () => [`UPDATE ${name} SET \`id\` = ${keyOf(writer, table)}, \`version\` = ${version} WHERE ${where()}`],
    'move of a unique value': () =>
      table.unique
        ? [`UPDATE ${name} SET \`u\` = ${random.int(1, keys)}, \`version\` = ${version} WHERE ${where()}`]
        : [`DELETE FROM ${name} WHERE ${where()}`],
    swap: () => swap(writer, table, version),
    delete: () => [`DELETE FROM ${name} WHERE ${where()}`],
    'delete and insert': () => [`DELETE FROM ${name} WHERE ${where()}`, `INSERT INTO ${name} VALUES ${row()}`],
  };
  return one[kind]().map((sql) => ({ kind: `both: ${kind}`, session: 'utf8mb4', sql, table: table.name }));
}

function swap(writer: Writer, table: TwoWayTable, version: number): string[] {
  const [one, other] = [keyOf(writer, table), keyOf(writer, table)];
  const between = table.columns[0]?.kind === 'int' ? '999' : "'between'";
  const move = (from: string, to: string): string =>
    `UPDATE ${quoted(table.name)} SET \`id\` = ${to}, \`version\` = ${version} WHERE \`id\` = ${from}`;
  return [move(one, between), move(other, one), move(between, other)];
}

function keyOf({ random }: Writer, { columns: [id] }: Table): string {
  const n = random.int(1, keys);
  return id?.kind === 'int' ? String(n) : `'${random.pick(['otter', 'OTTER', 'sea', 'Sea', 'rio', 'RIO', 'delta'])}'`;
}

function keyCondition(writer: Writer, table: Table): string {
  const id = `\`id\` = ${keyOf(writer, table)}`;
  return table.columns[1]?.name === 'sub' && writer.random.chance(0.6) ? `${id} AND \`sub\` = ${writer.random.int(0, 1)}` : id;
}

function valueOf(writer: Writer, table: Table, { name, kind, nullable }: Column, version: number): string {
  const { random } = writer;
  if (name === 'id' || name === 'parent') return keyOf(writer, table);
  if (name === 'version') return String(version);
  if (name === 'sub') return String(random.int(0, 1));
  if (nullable && random.chance(0.15)) return 'NULL';
  if (name === 'u') return String(random.int(1, keys));
  return ['count', 'high', 'low'].includes(name) ? String(random.int(0, 99)) : kindOf(kind).value(random);
}

function assignments(writer: Writer, table: TwoWayTable, version: number): string {
  const { random } = writer;
  const some = table.columns.filter(({ name }) => !['id', 'sub', 'version'].includes(name) && random.chance(0.35));
  const set = some.map((column) => {
    const c = quoted(column.name);
    return `${c} = ${column.name === 'count' ? `${c} + ${random.int(-5, 9)}` : valueOf(writer, table, column, version)}`;
  });
  return [...set, `\`version\` = ${version}`].join(', ');
}

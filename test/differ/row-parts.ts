/** Parts of statements that change rows: values, the columns of an INSERT, assignments, conditions. Pure. */
import type { Random } from '../harness/random.js';
import { kindOf } from './column-kinds.js';
import { type Column, keyOf, quoted, type Table, writable } from './table.js';

export const mostKey = 40;

/** Of a key column or a reference: from few. */
export function keyValue(random: Random, { kind }: Column): string {
  if (['int', 'small', 'medium'].includes(kind)) return String(random.int(1, mostKey));
  if (kind === 'date' || kind === 'datetime') return `'2020-01-${String(random.int(1, 28)).padStart(2, '0')}'`;
  if (kind === 'decimal') return String(random.int(0, mostKey) / 4);
  return kindOf(kind).value(random);
}

export function isKey(table: Table, { name }: Column): boolean {
  return name === 'id' || table.references.some(({ column }) => column === name) || keyOf(table).some((column) => column.name === name);
}

export function valueFor(random: Random, table: Table, column: Column): string {
  const refers = table.references.some((reference) => reference.column === column.name);
  if (column.nullable && random.chance(refers ? 0.6 : 0.15)) return 'NULL';
  return isKey(table, column) ? keyValue(random, column) : kindOf(column.kind).value(random);
}

export interface Row {
  readonly names: string;
  readonly columns: readonly Column[];
}

/** The columns of an INSERT: mostly all, sometimes what needs a value only. */
export function chosenColumns(random: Random, table: Table): Row {
  const all = writable(table);
  const brief = random.chance(0.3);
  const columns = all.filter((column) => {
    if (column.more?.includes('AUTO_INCREMENT')) return random.chance(0.6);
    return !brief || isKey(table, column) || (!column.nullable && !column.more) || random.chance(0.3);
  });
  const some = columns.length > 0 ? columns : all;
  return { columns: some, names: some.map(({ name }) => quoted(name)).join(', ') };
}

function tuple(random: Random, table: Table, columns: readonly Column[]): string {
  return `(${columns.map((column) => (column.more?.startsWith('DEFAULT') && random.chance(0.1) ? 'DEFAULT' : valueFor(random, table, column))).join(', ')})`;
}

export function tuples(random: Random, table: Table, columns: readonly Column[], most = 5): string {
  return Array.from({ length: random.int(1, most) }, () => tuple(random, table, columns)).join(', ');
}

export function insert(random: Random, table: Table, { words = 'INSERT INTO', most = 1, tail = '' }): { statements: string[] } {
  const { columns, names } = chosenColumns(random, table);
  return { statements: [`${words} ${quoted(table.name)} (${names}) VALUES ${tuples(random, table, columns, most)}${tail}`] };
}

export function assignments(random: Random, table: Table, prefix = ''): string | undefined {
  const free = writable(table).filter(
    (column) => !isKey(table, column) || table.references.some(({ column: name }) => name === column.name),
  );
  if (free.length === 0) return undefined;
  const some = free.filter(() => random.chance(0.5));
  return (some.length > 0 ? some : [random.pick(free)])
    .map((column) => `${prefix}${quoted(column.name)} = ${changed(random, table, column, prefix)}`)
    .join(', ');
}

function changed(random: Random, table: Table, column: Column, prefix: string): string {
  const c = `${prefix}${quoted(column.name)}`;
  const { family } = kindOf(column.kind);
  if (random.chance(0.25) && !isKey(table, column)) {
    if (family === 'number') return random.pick([`${c} + 1`, `${c} - 1`, `-${c}`, `${c} * 2`]);
    if (family === 'text') return random.pick([`CONCAT(${c}, 'x')`, `UPPER(${c})`, `LEFT(${c}, 3)`]);
    if (family === 'day') return `${c} + INTERVAL 1 ${random.pick(['DAY', 'HOUR', 'SECOND'])}`;
    if (family === 'json') return random.pick([`JSON_SET(${c}, '$.a', ${random.int(0, 9)})`, `JSON_REMOVE(${c}, '$.b')`]);
  }
  return valueFor(random, table, column);
}

/** Finds a few rows. */
export function condition(random: Random, table: Table, prefix = ''): string {
  const keys = keyOf(table);
  const id = table.columns.find(({ name }) => name === 'id');
  if (id && random.chance(0.4)) return `${prefix}\`id\` BETWEEN ${random.int(1, mostKey)} AND ${random.int(1, mostKey)}`;
  const column = random.pick(keys.length > 0 && random.chance(0.7) ? keys : table.columns);
  if (column.generated || column.kind === 'json') return `${prefix}${quoted(column.name)} IS NOT NULL`;
  const compare = random.pick(['=', '=', '<=>', '>']);
  return `${prefix}${quoted(column.name)} ${compare} ${valueFor(random, table, column)}`;
}

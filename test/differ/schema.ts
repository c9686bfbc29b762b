/** Random tables: every kind of key, column, index, check, foreign key and partition. Pure: a function of the random source. */
import type { Random } from '../harness/random.js';
import { computed, condition, type KindName, kindOf, kinds } from './column-kinds.js';
import { type Column, type Index, quoted, type Reference, type Table, writable } from './table.js';

export interface SchemaOptions {
  readonly mysql: '8.0' | '9.7';
  readonly tables: number;
  /** Which hard things it may have. */
  readonly features: ReadonlySet<Feature>;
}

export const features = ['session', 'cascade', 'ddl', 'float', 'charset', 'hazard', 'routine', 'names', 'keys'] as const;
/** Parts of what is generated that can be left out, to look behind what one of them finds. */
export type Feature = (typeof features)[number];

const names = ['parcel', 'Order', 'select', 'flüsse', 'a b', 'x-1', 'n$1', '1t', 'way', 'Way', 'log', 'stock', 'tags', 'müll'];
const plainNames = names.filter((name) => /^[a-z]+$/i.test(name) && name !== 'select');
const columnNames = ['a', 'b', 'c d', 'Key', 'grün', 'e', 'f', 'at', 'note', 'value', 'h', 'order'];
const keyKinds: readonly KindName[] = [
  'int',
  'int',
  'int',
  'medium',
  'small',
  'varchar',
  'varchar',
  'binary',
  'datetime',
  'decimal',
  'enum',
  'date',
];
const kindNames = Object.keys(kinds) as KindName[];

export function schemaOf(random: Random, options: SchemaOptions): Table[] {
  const tables: Table[] = [];
  const free = options.features.has('names') ? [...names] : [...plainNames];
  for (let n = 0; n < options.tables; n++) {
    const [name = `t${n}`] = free.splice(random.int(0, free.length - 1), 1);
    tables.push(tableOf(random, { ...options, name, parents: tables.filter(isParent) }));
  }
  return tables;
}

interface Assignment extends SchemaOptions {
  readonly name: string;
  readonly parents: readonly Table[];
}

export function tableOf(random: Random, wanted: Assignment): Table {
  const { columns: keyColumns, indexes: keyIndexes } = keyFor(random, wanted.features);
  const free = columnNames.filter((name) => !keyColumns.some((column) => column.name === name));
  const columns: Column[] = [...keyColumns];
  for (let n = random.int(2, 6); n > 0; n--) columns.push(plainColumn(random, takeName(random, free), wanted.features));
  const bases = columns.filter(({ kind }) => kind !== 'blob' && kind !== 'longText');
  for (let n = random.int(0, 3); n > 0; n--) columns.push(generatedColumn(random, takeName(random, free), random.pick(bases)));
  const reference = wanted.parents.length > 0 && random.chance(0.45) ? referenceOf(random, wanted) : undefined;
  if (reference) columns.push({ name: reference.column, kind: 'int', type: 'INT', nullable: true });
  const table: Table = {
    name: wanted.name,
    columns,
    indexes: keyIndexes,
    checks: [],
    references: reference ? [reference] : [],
    partitions: '',
  };
  return completed(random, table, wanted);
}

function completed(random: Random, table: Table, { mysql, features }: Assignment): Table {
  const indexes = [...table.indexes];
  for (let n = random.int(0, 3); n > 0; n--) indexes.push(indexOf(random, table, { name: `i${n}` }));
  const asked = random.pick(table.columns);
  const checked = mysql !== '8.0' && random.chance(0.35) && !asked.more?.includes('AUTO_INCREMENT'); // 8.0.15 reads CHECK and discards it
  const single = table.indexes.find(({ kind, parts }) => kind === 'primary' && parts.join() === '`id`');
  const alone = single && indexes.every(({ kind }) => kind !== 'unique') && table.references.length === 0;
  const hidden = mysql !== '8.0' && random.chance(0.2);
  return {
    ...table,
    columns: table.columns.map((column, index) =>
      hidden && index === table.columns.length - 1 && index > 1 ? { ...column, invisible: true } : column,
    ),
    indexes,
    checks: checked && features.has('session') ? [condition(asked.name, kindOf(asked.kind).family, random)] : [],
    partitions: alone && !isParent(table) && random.chance(0.5) ? partitionsOf(random) : '',
  };
}

/** Only these are referred to: one whole number. */
export function isParent({ name, indexes, partitions }: Table): boolean {
  return partitions === '' && !/^[x1]/.test(name) && indexes.some(({ kind, parts }) => kind === 'primary' && parts.join() === '`id`');
}

interface Key {
  readonly columns: Column[];
  readonly indexes: Index[];
}

function keyFor(random: Random, features: ReadonlySet<Feature>): Key {
  const styles = ['single', 'single', 'auto', 'auto', 'composite', 'text', 'prefix', 'nullable', 'none'] as const;
  const style = random.pick(features.has('keys') ? ([...styles, 'unique'] as const) : styles);
  const id: Column = { name: 'id', kind: 'int', type: 'INT', nullable: false };
  const primary = (...parts: string[]): Index => ({ name: 'PRIMARY', kind: 'primary', parts: parts.map(quoted), columns: parts });
  if (style === 'auto') return { columns: [{ ...id, more: 'AUTO_INCREMENT' }], indexes: [primary('id')] };
  if (style === 'single') return { columns: [id], indexes: [primary('id')] };
  if (style === 'none') return { columns: [{ ...id, nullable: true }], indexes: [] };
  const kind = style === 'text' || style === 'prefix' ? 'varchar' : random.pick(keyKinds);
  const other: Column = { name: 'k', kind, type: kindOf(kind).type(random), nullable: style === 'nullable' };
  if (style === 'composite') return { columns: [id, other], indexes: [random.chance(0.5) ? primary('k', 'id') : primary('id', 'k')] };
  if (style === 'prefix') return { columns: [other], indexes: [{ ...primary('k'), parts: ['`k`(5)'] }] };
  if (style === 'text') return { columns: [other], indexes: [primary('k')] };
  return { columns: [id, other], indexes: [{ ...primary('k'), name: 'u', kind: 'unique' }] };
}

export function plainColumn(random: Random, name: string, wanted: ReadonlySet<Feature>): Column {
  const kind = random.pick(kindNames.filter((kind) => wanted.has('float') || kind !== 'float'));
  const type = kindOf(kind).type(random);
  const nullable = random.chance(0.6);
  return { name, kind, type, nullable, ...defaultOf(random, kind, type, nullable) };
}

function defaultOf(random: Random, kind: KindName, type: string, nullable: boolean): { readonly more?: string } {
  const digits = /\((\d)\)/.exec(type)?.[0] ?? '';
  if ((kind === 'timestamp' || kind === 'datetime') && random.chance(0.5))
    return { more: `DEFAULT CURRENT_TIMESTAMP${digits}${random.chance(0.5) ? ` ON UPDATE CURRENT_TIMESTAMP${digits}` : ''}` };
  if (['int', 'tiny', 'unsignedTiny', 'small', 'medium', 'decimal'].includes(kind) && random.chance(0.6)) return { more: 'DEFAULT 7' };
  if (['varchar', 'char'].includes(kind) && random.chance(0.5)) return { more: "DEFAULT 'new'" };
  if (kind === 'timestamp') return { more: nullable ? 'DEFAULT NULL' : `DEFAULT '2020-02-02 02:02:02'` };
  return {};
}

export function generatedColumn(random: Random, name: string, base: Column): Column {
  const { family } = kindOf(base.kind);
  const { type, expression } = computed(base.name, family, random);
  const stored = random.chance(0.5) || base.more?.includes('AUTO_INCREMENT') === true;
  const readable = base.more?.includes('AUTO_INCREMENT') ? '1 + 1' : expression;
  return { name, kind: kindOfType(type), type, nullable: random.chance(0.95), generated: { expression: readable, stored } };
}

function kindOfType(type: string): KindName {
  if (/INT/.test(type)) return 'int';
  if (/CHAR/.test(type)) return 'varchar';
  if (/^DATE$/.test(type)) return 'date';
  if (/DATETIME/.test(type)) return 'datetime';
  if (/TIME/.test(type)) return 'time';
  return 'double';
}

export function indexOf(random: Random, table: Table, { name }: { readonly name: string }): Index {
  const indexable = table.columns.filter(({ kind }) => kind !== 'json');
  const column = random.pick(indexable);
  const long = ['longText', 'blob'].includes(column.kind);
  const kind = random.chance(0.3) ? 'unique' : 'plain';
  const text = ['varchar', 'char'].includes(column.kind) && !column.generated;
  if (long || (text && random.chance(0.3))) return { name, kind, parts: [`${quoted(column.name)}(4)`], columns: [column.name] };
  const base = random.pick(
    writable(table).filter(({ more, kind }) => !more?.includes('AUTO') && !['blob', 'longText', 'bit'].includes(kind)),
  );
  if (base && random.chance(0.3)) {
    const { expression, type } = computed(base.name, kindOf(base.kind).family, random);
    const cast = /^VARCHAR\((\d+)\)/.exec(type);
    const known = cast ? `CAST(${expression} AS CHAR(${cast[1]}))` : expression;
    if (known !== quoted(base.name)) return { name, kind, parts: [`(${known})`], columns: [base.name] };
  }
  const second = random.pick(indexable);
  const both = random.chance(0.25) && second !== column && !['longText', 'blob'].includes(second.kind);
  const parts = both ? [column, second] : [column];
  return { name, kind, parts: parts.map((part) => quoted(part.name)), columns: parts.map((part) => part.name) };
}

function referenceOf(random: Random, { name, parents, features, mysql }: Assignment): Reference {
  const parent = random.pick(parents);
  const deleted = random.pick(['', ' ON DELETE CASCADE', ' ON DELETE SET NULL', ' ON DELETE RESTRICT']);
  // What a 9.7 source logs of ON UPDATE CASCADE stops the loader: docs/02-setup.md, Foreign keys.
  const updates = mysql === '8.0' || (features.has('hazard') && random.chance(0.1));
  const updated = updates ? random.pick(['', ' ON UPDATE CASCADE', ' ON UPDATE SET NULL']) : '';
  const actions = features.has('cascade') ? `${deleted}${updated}` : '';
  return { name: `fk_${name.replaceAll(/\W/g, '')}`, column: 'parent', parent: parent.name, parentColumn: 'id', actions };
}

function partitionsOf(random: Random): string {
  return random.pick([
    'PARTITION BY HASH (`id`) PARTITIONS 3',
    'PARTITION BY KEY () PARTITIONS 2',
    'PARTITION BY RANGE (`id`) (PARTITION p0 VALUES LESS THAN (10), PARTITION p1 VALUES LESS THAN (25), PARTITION pm VALUES LESS THAN MAXVALUE)',
  ]);
}

function takeName(random: Random, free: string[]): string {
  const [name] = free.splice(random.int(0, free.length - 1), 1);
  return name ?? `c${random.int(100, 999)}`;
}

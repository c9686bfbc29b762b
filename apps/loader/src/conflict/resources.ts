/**
 * What two changes can fight for: a primary key value, or a value of another unique key; as texts, to look up in a window. Pure.
 *
 * Two values that a key takes for one must give one text; two that it tells apart may give one too: both sides make the same mistake, and
 * home sends every row that had to do with the text (window.ts). So text is folded as far as the collation of the target's column goes, and
 * further (folded-text.ts); the checks see to it that both sides have the same collation there, or the mistakes would not be the same.
 * Digits lose what does not change a number. NULL fights with nothing.
 */
import type { ColumnSchema, Row, TableSchema, Value } from '@lutra/model';
import { setMembers, setText, tableName } from '@lutra/model';
import { tailoringOf } from '@lutra/mysql';
import type { Tailoring, TargetTable } from '@lutra/mysql';
import { foldText } from './folded-text.js';

interface KeyColumn {
  readonly name: string;
  readonly fold: (value: NonNullable<Value>) => string;
}

interface Key {
  readonly prefix: string;
  readonly columns: readonly KeyColumn[];
}

/** The keys of one table, for rows of one table version. */
export interface Keys {
  /** Null: the table has none. */
  readonly primary: Key | null;
  readonly unique: readonly Key[];
}

/** `rows`: how the rows are called and typed where they come from; `target`: whose keys count. */
export function keysOf(rows: TableSchema, target: TargetTable): Keys {
  const columns = new Map(rows.columns.map((column) => [column.name.toLowerCase(), column]));
  const collations = new Map(target.columns.map(({ name, collation }) => [name.toLowerCase(), collation]));
  const keyColumn = (column: ColumnSchema): KeyColumn => ({
    name: column.name,
    fold: foldOf(column, tailoringOf(collations.get(column.name.toLowerCase()) ?? '') ?? undefined),
  });
  const key = (name: string, names: readonly string[]): Key | null => {
    const found = names.map((column) => columns.get(column.toLowerCase()));
    if (found.length === 0 || !found.every((column) => column !== undefined)) return null;
    return { prefix: `${tableName(target)}\0${name}`, columns: found.map(keyColumn) };
  };
  return {
    primary: key('', target.primaryKey),
    unique: target.uniqueKeys.flatMap(({ name, columns: names }) => key(name, names) ?? []),
  };
}

/** Of both images of a change. */
export function resourcesOf(
  keys: Keys,
  { before, after }: { readonly before: Row | null; readonly after: Row | null },
): readonly Resource[] {
  const found: Resource[] = [];
  for (const row of [before, after]) {
    if (row === null) continue;
    const primary = primaryResource(keys, row);
    if (primary !== null) found.push({ resource: primary, primary: true });
    for (const resource of uniqueResources(keys, row)) found.push({ resource, primary: false });
  }
  return found;
}

/**
 * What a row event fights for, each with the rows that are told of it when somebody else fights for it too. A row that moved is told under
 * both its keys: where the other side refused it the new one, it kept the old one.
 */
export function foughtFor(keys: Keys, images: readonly (Row | null)[]): readonly { resource: string; row: readonly Value[] }[] {
  const rows = images.filter((image) => image !== null);
  const names = rows.map((image) => primaryKeyOf(keys, image));
  const [first, second] = names;
  const told = first && second && isSameKey(first, second) ? [first] : names;
  return rows.flatMap((image) =>
    resourcesOf(keys, { before: null, after: image }).flatMap(({ resource }) => told.map((row) => ({ resource, row }))),
  );
}

function isSameKey(a: readonly Value[], b: readonly Value[]): boolean {
  return a.every((value, i) => {
    const other = b[i];
    return value === other || (Buffer.isBuffer(value) && Buffer.isBuffer(other) && value.equals(other));
  });
}

export interface Resource {
  readonly resource: string;
  readonly primary: boolean;
}

/** The values of the primary key, in key order. */
export function primaryKeyOf({ primary }: Keys, row: Row): readonly Value[] {
  return primary?.columns.map(({ name }) => row[name] ?? null) ?? [];
}

export function primaryResource({ primary }: Keys, row: Row): string | null {
  return primary && resource(primary, row);
}

export function uniqueResources({ unique }: Keys, row: Row): readonly string[] {
  return unique.length === 0 ? [] : unique.flatMap((key) => resource(key, row) ?? []);
}

function resource({ prefix, columns }: Key, row: Row): string | null {
  let text = prefix;
  for (const { name, fold } of columns) {
    const value = row[name];
    if (value === null || value === undefined) return null;
    text += `\0${fold(value)}`;
  }
  return text;
}

/**
 * `tailoring`: of the target's column; none for a collation that is not known, which the checks refuse (check-collations.ts) and policy
 * `stop` may have.
 */
function foldOf({ type }: ColumnSchema, tailoring?: Tailoring): (value: NonNullable<Value>) => string {
  switch (type) {
    case 'char':
    case 'varchar':
    case 'text':
    case 'enum':
    case 'json':
      return (value) => foldText(String(value), tailoring);
    case 'set': // each side prints the members in its own order
      return (value) => foldText(setText(setMembers(String(value)).toSorted()), tailoring);
    case 'binary':
    case 'varbinary':
    case 'blob':
    case 'bit':
    case 'geometry':
    case 'vector':
      return (value) => (Buffer.isBuffer(value) ? value.toString('latin1').replace(/\0+$/, '') : String(value));
    case 'decimal':
    case 'time':
    case 'datetime':
    case 'timestamp':
      return (value) => plainDigits(String(value));
    case 'tinyint':
    case 'smallint':
    case 'mediumint':
    case 'int':
    case 'bigint':
    case 'year':
    case 'float':
    case 'double':
    case 'date':
      return (value) => (Object.is(value, -0) ? '0' : String(value));
  }
}

/** `1.50` and `01.5`, `12:00:00.000` and `12:00:00`: the same. */
function plainDigits(text: string): string {
  const short = text.includes('.') ? text.replace(/\.?0+$/, '') : text;
  return short.replace(/^(-?)0+(?=\d+(\.|$))/, '$1');
}

/**
 * What two changes can fight for: a primary key value, or a value of another unique key; as texts, to look up in an index of recent
 * changes.
 *
 * Two values that a key takes for one give one text. Of text columns the target's server says which these are, by the collation of its
 * column (sort-keys.ts in libs/mysql): so whoever names a row's conflict keys has asked for them (`askFor`), for a batch of rows at once.
 * The checks see to it that both sides have the same collation there. Digits lose what does not change a number. NULL fights with nothing.
 */
import type { ColumnSchema, Row, TableSchema, Value } from '@lutra/model';
import { SyncError, tableName } from '@lutra/model';
import { isOfKind, rulesOf } from '@lutra/rows';
import { keyed, primaryIndex } from './keyed.js';
import type { SortKeys } from './sort-keys.js';
import type { TargetColumn, TargetTable } from './target-definition.js';

/** The collations of the target. */
export interface KeyCollations {
  of(column: { readonly charset: string; readonly collation: string }): Pick<SortKeys, 'known' | 'ask'>;
}

interface KeyColumn {
  readonly name: string;
  readonly textOf: (value: NonNullable<Value>) => string;
  /** Null: the text is the key. */
  readonly sortKeys: Pick<SortKeys, 'known' | 'ask'> | null;
}

interface Key {
  readonly scope: string;
  readonly columns: readonly KeyColumn[];
}

/** The keys of one table, for rows of one table version. */
export interface Keys {
  /** Null: the table has none. */
  readonly primary: Key | null;
  readonly unique: readonly Key[];
  /** Of all keys, those whose values the server may have to be asked for. */
  readonly texts: readonly KeyColumn[];
  /** What it said of rows that had such values, by column. */
  readonly asked: WeakMap<Row, ReadonlyMap<string, string>>;
}

/** `rows`: how the rows are called and typed where they come from; `target`: whose keys count. */
export function keysOf(rows: TableSchema, given: TargetTable, collations: KeyCollations): Keys {
  const target = keyed(rows, given);
  const columns = new Map(rows.columns.map((column) => [column.name.toLowerCase(), column]));
  const targets = new Map(target.columns.map((column) => [column.name.toLowerCase(), column]));
  // A key over the beginning of a text is of a table whose conflicts nobody decides (policy stop): its texts may be too large to ask for.
  const keyColumn = (column: ColumnSchema, isPrefix: boolean): KeyColumn => {
    const at = targets.get(column.name.toLowerCase());
    return {
      name: column.name,
      textOf: rulesOf(column.type).values.keyText(at),
      sortKeys: isText(column) && !isPrefix ? sortKeysOf(at, collations) : null,
    };
  };
  const key = (name: string, names: readonly string[]): Key | null => {
    const isPrefix = target.prefixKeys.includes(name === '' ? primaryIndex(target) : name);
    const found = names.map((column) => columns.get(column.toLowerCase()));
    if (found.length === 0 || !found.every((column) => column !== undefined)) return null;
    return { scope: `${tableName(target)}\0${name}`, columns: found.map((column) => keyColumn(column, isPrefix)) };
  };
  const primary = key('', target.primaryKey);
  const unique = target.uniqueKeys.flatMap(({ name, columns: names }) => key(name, names) ?? []);
  const texts = [primary, ...unique].flatMap((each) => each?.columns.filter(({ sortKeys }) => sortKeys !== null) ?? []);
  return { primary, unique, texts: [...new Map(texts.map((column) => [column.name, column])).values()], asked: new WeakMap() };
}

function sortKeysOf(column: TargetColumn | undefined, collations: KeyCollations): KeyColumn['sortKeys'] {
  if (!column) return null;
  const { charset, collation } = column;
  return charset === null || collation === null || charset === 'binary' ? null : collations.of({ charset, collation });
}

/**
 * Asks the server about key values of these rows, where it must be: before their conflict keys are named. Each collation is one question.
 * @throws SyncError APPLY_REFUSED, TARGET_*
 */
export async function askFor(images: Iterable<readonly [Keys, Row | null]>): Promise<void> {
  const requests = new Map<KeyColumn['sortKeys'], Set<string>>();
  const rows: { keys: Keys; row: Row; columns: readonly KeyColumn[] }[] = [];
  for (const [keys, row] of images) {
    if (row === null || keys.texts.length === 0 || keys.asked.has(row)) continue;
    const columns = keys.texts.filter((column) => isUnknown(column, row[column.name]));
    if (columns.length === 0) continue;
    rows.push({ keys, row, columns });
    for (const { name, sortKeys, textOf: of } of columns) {
      const texts = requests.get(sortKeys) ?? new Set();
      requests.set(sortKeys, texts.add(of(row[name] ?? '')));
    }
  }
  if (rows.length === 0) return;
  const said = new Map<KeyColumn['sortKeys'], ReadonlyMap<string, string>>();
  for (const [sortKeys, texts] of requests) if (sortKeys) said.set(sortKeys, await sortKeys.ask(texts));
  for (const { keys, row, columns } of rows)
    keys.asked.set(
      row,
      new Map(columns.map(({ name, sortKeys, textOf: of }) => [name, said.get(sortKeys)?.get(of(row[name] ?? '')) ?? ''])),
    );
}

function isUnknown({ textOf: of, sortKeys }: KeyColumn, value: Value | undefined): boolean {
  return value !== null && value !== undefined && sortKeys?.known(of(value)) === null;
}

/** Of both images of a change. */
export function conflictKeysOf(
  keys: Keys,
  { before, after }: { readonly before: Row | null; readonly after: Row | null },
): readonly ConflictKey[] {
  const found: ConflictKey[] = [];
  for (const row of [before, after]) {
    if (row === null) continue;
    const primary = primaryConflictKey(keys, row);
    if (primary !== null) found.push({ conflictKey: primary, primary: true });
    for (const conflictKey of uniqueConflictKeys(keys, row)) found.push({ conflictKey, primary: false });
  }
  return found;
}

/**
 * What a row event fights for, each with the rows that are told of it when somebody else fights for it too. A row that moved is told under
 * both its keys: where the other side refused it the new one, it kept the old one.
 */
export function foughtFor(keys: Keys, images: readonly (Row | null)[]): readonly { conflictKey: string; row: readonly Value[] }[] {
  const rows = images.filter((image) => image !== null);
  const names = rows.map((image) => primaryKeyOf(keys, image));
  const [first, second] = names;
  const told = first && second && isSameKey(first, second) ? [first] : names;
  return rows.flatMap((image) =>
    conflictKeysOf(keys, { before: null, after: image }).flatMap(({ conflictKey }) => told.map((row) => ({ conflictKey, row }))),
  );
}

function isSameKey(a: readonly Value[], b: readonly Value[]): boolean {
  return a.every((value, i) => {
    const other = b[i];
    return value === other || (Buffer.isBuffer(value) && Buffer.isBuffer(other) && value.equals(other));
  });
}

export interface ConflictKey {
  readonly conflictKey: string;
  readonly primary: boolean;
}

/** The values of the primary key, in key order. */
export function primaryKeyOf({ primary }: Keys, row: Row): readonly Value[] {
  return primary?.columns.map(({ name }) => row[name] ?? null) ?? [];
}

export function primaryConflictKey(keys: Keys, row: Row): string | null {
  return keys.primary && conflictKey(keys, keys.primary, row);
}

export function uniqueConflictKeys(keys: Keys, row: Row): readonly string[] {
  return keys.unique.length === 0 ? [] : keys.unique.flatMap((key) => conflictKey(keys, key, row) ?? []);
}

function conflictKey(keys: Keys, { scope, columns }: Key, row: Row): string | null {
  let text = scope;
  for (const { name, textOf: of, sortKeys } of columns) {
    const value = row[name];
    if (value === null || value === undefined) return null;
    const found = of(value);
    text += `\0${sortKeys === null ? found : (sortKeys.known(found) ?? said(keys, row, name))}`;
  }
  return text;
}

function said({ asked, primary }: Keys, row: Row, column: string): string {
  const key = asked.get(row)?.get(column);
  if (key === undefined)
    throw new SyncError('INTERNAL', `${primary?.scope.split('\0')[0]}: nobody has asked for the key of column ${column}`);
  return key;
}

function isText({ type }: ColumnSchema): boolean {
  return isOfKind(type, 'text', 'choice', 'document');
}

/**
 * Whether a column that a statement defines anew only becomes wider: each row of the old definition fits the new one, and what stands there
 * stays as it is. Beyond what matchTables() allows nothing may move: digits behind a point, the order of ENUM's values. Pure.
 */
import type { DdlModify } from '@lutra/model';
import { declaredValues, geometryNamed, isOfKind, typeNamed } from '@lutra/rows';
import { tableDifferences } from './match-tables.js';
import { asSource } from './target-table.js';
import type { TargetColumn, TargetTable } from './target-definition.js';

export interface Altered {
  readonly table: TargetTable;
  /** Default collation of the table. */
  readonly collation: string | null;
}

/** Why one of them becomes narrower, or something else; null: none does. */
export function narrowing(altered: Altered, modifies: readonly DdlModify[]): string | null {
  for (const modify of modifies) {
    const why = narrows(altered, modify);
    if (why !== null) return `column ${modify.column}: ${why}`;
  }
  return null;
}

export interface Dropped {
  readonly columns: readonly string[];
  readonly indexes: readonly string[];
}

/** Why rows of before could not be told any more by their keys; null: no key goes. */
export function losesKey({ primaryKey, uniqueKeys }: Pick<TargetTable, 'primaryKey' | 'uniqueKeys'>, dropped: Dropped): string | null {
  const [columns, indexes] = [dropped.columns, dropped.indexes].map((names) => new Set(names.map((name) => name.toLowerCase())));
  const keys = [{ name: 'PRIMARY', columns: primaryKey }, ...uniqueKeys];
  const part = keys.find((key) => key.columns.some((column) => columns?.has(column.toLowerCase())));
  if (part) return `a column of key ${part.name} is dropped`;
  // Rows of a table without a primary key are told by a unique one.
  const key = primaryKey.length > 0 ? undefined : uniqueKeys.find(({ name }) => indexes?.has(name.toLowerCase()));
  return key ? `${key.name} is dropped, and the table has no primary key` : null;
}

function narrows({ table, collation }: Altered, { column: name, type, nullable }: DdlModify): string | null {
  const column = table.columns.find((one) => one.name.toLowerCase() === name.toLowerCase());
  if (!column) return 'is not there';
  const isSpecial = column.generated || column.autoIncrement;
  if (isSpecial) return `${column.generated ? 'is generated' : 'is AUTO_INCREMENT'}, and would be an ordinary column`;
  if (column.nullable && !nullable) return 'would no longer allow NULL';
  // What names no collation gets that of its table.
  if (column.collation !== null && column.collation !== collation)
    return `has collation ${column.collation}, and would get ${collation ?? 'another one'}, that of its table`;
  const next = columnOf(column, type);
  const of = (one: TargetColumn): TargetTable => ({ ...table, columns: [one], primaryKey: [], uniqueKeys: [] });
  const source = asSource(of(column));
  if (next.type === 'other' || source.columns.length === 0) return `is ${column.columnType}, and would be ${type}`;
  return tableDifferences(source, of(next))[0]?.replace(/^column .*?: /, '') ?? moves(column, next);
}

/** What fits all the same. */
function moves(column: TargetColumn, next: TargetColumn): string | null {
  const is = `is ${column.columnType}, and would be ${next.columnType}`;
  if ((column.scale ?? 0) !== (next.scale ?? 0)) return `${is}: the digits behind the point are others`;
  if (isOfKind(column.type, 'floating') && column.columnType !== next.columnType) return `${is}: values may be rounded`;
  if (!isOfKind(column.type, 'choice')) return null;
  const [from, to] = [column.members ?? declaredValues(column.columnType), declaredValues(next.columnType)];
  return from.every((member, i) => member === to[i]) ? null : `${is}: values may be added at the end alone`;
}

/** Bytes; the beginning of a name is that of the text and of the bytes. */
const largest: Readonly<Record<string, number>> = { tiny: 255, '': 65_535, medium: 16_777_215, long: 4_294_967_295 };

/** As information_schema would tell it. */
function columnOf(column: TargetColumn, columnType: string): TargetColumn {
  const [, dataType = '', numbers = ''] = /^(\w+)(?:\(([\d,]+)\))?/.exec(columnType) ?? [];
  const type = typeNamed(dataType);
  const [first = null, second = null] = numbers === '' ? [] : numbers.split(',').map(Number);
  const [, size] = /^(tiny|medium|long|)(?:text|blob)$/.exec(dataType) ?? [];
  const isClock = isOfKind(type, 'clock') && type !== 'year';
  const { members: _, ...rest } = column;
  return {
    ...rest,
    type,
    columnType,
    unsigned: columnType.endsWith(' unsigned'),
    length: size === undefined ? first : (largest[size] ?? null),
    characters: first,
    precision: first,
    scale: isClock ? (first ?? 0) : second,
    geometry: geometryNamed(dataType),
  };
}

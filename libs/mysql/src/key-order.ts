/**
 * Ranges of a primary key in the order of its index, said alike to both sides of a pair of tables. A range is the same rows on both sides
 * only if both put keys in the same order; where that is not certain the tables cannot be compared by ranges.
 *
 * `(a, b) > (x, y)` is written out: servers do not find the range of a row constructor by an index. ENUM and SET are ordered by number and
 * compared as texts, so conditions say the number. A FLOAT has no literal that surely equals it.
 */
import type { Row, Value } from '@lutra/model';
import { errorValueOf, isOfKind, setMembers } from '@lutra/rows';
import { sameCollation } from './collation.js';
import { primaryIndex } from './keyed.js';
import type { ColumnPair, DigestedSide } from './digest-column.js';
import { comparedLiteralOf, ownForm, quoteName, quoteText } from './literal.js';
import type { Queries } from './session-options.js';
import { textOf } from './server-facts.js';
import type { TargetTable } from './target-definition.js';
import { writtenLiteral } from './written-literal.js';

export interface KeyPart {
  /** As the source's rows have it. */
  readonly name: string;
  readonly quoted: string;
  /** What the index is ordered by. */
  readonly ordered: string;
  readonly literal: (value: Value) => string;
  readonly descends: boolean;
}

/** `from` exclusive, `to` inclusive, in the order of the source's index; null: no bound. */
export interface KeyRange {
  readonly from: Row | null;
  readonly to: Row | null;
}

/** Columns of the primary key whose index descends. @throws SyncError SOURCE_* */
export async function descendingParts(queries: Queries, table: TargetTable): Promise<ReadonlySet<string>> {
  const of = `TABLE_SCHEMA = ${quoteText(table.database)} AND TABLE_NAME = ${quoteText(table.name)} AND INDEX_NAME = ${quoteText(primaryIndex(table))}`;
  const rows = await queries.query(`SELECT COLUMN_NAME AS name FROM information_schema.STATISTICS WHERE ${of} AND COLLATION = 'D'`);
  return new Set(rows.map((row) => textOf(row, 'name').toLowerCase()));
}

export interface KeyPair extends ColumnPair {
  readonly sameFlavor: boolean;
}

/** Why both sides may have another order of this column; null: they have one. */
export function orderDoubt({ source, target, sourceSchema, targetSchema, sameFlavor }: KeyPair): string | null {
  if (sourceSchema.type === 'float') return 'is a FLOAT';
  if (isOfKind(sourceSchema.type, 'choice')) {
    const isAlike = JSON.stringify(sourceSchema.values) === JSON.stringify(targetSchema.values);
    return isAlike ? null : 'has another list of values on either side';
  }
  if (source.collation === null && target.collation === null) return null;
  if (source.collation !== null && target.collation !== null && sameCollation(source.collation, target.collation, { sameFlavor }))
    return null;
  return `has collation ${target.collation}, at the source ${source.collation}`;
}

export function keyPart(pair: ColumnPair, side: DigestedSide, { table, descends }: { table: string; descends: boolean }): KeyPart {
  const { sourceSchema: schema } = pair;
  const column = pair[side];
  const [quoted, { name, values = [] }] = [quoteName(column.name), schema];
  const numbered = numberOf(schema.type, values);
  if (numbered) return { name, quoted, descends, ordered: `${quoted} + 0`, literal: (value) => numbered(String(value)) };
  const literal = writtenLiteral({ source: schema, target: column, where: `${table}.${column.name}` }, comparedLiteralOf, ownForm);
  return { name, quoted, descends, ordered: quoted, literal };
}

/** Null: the column is ordered as it is compared. */
export function numberOf(type: string, members: readonly string[]): ((value: string) => string) | null {
  if (type === 'enum') return (value) => (value === errorValueOf(members) ? '0' : String(members.indexOf(value) + 1));
  if (type !== 'set') return null;
  return (value) =>
    setMembers(value)
      .reduce((sum, member) => sum | (1n << BigInt(members.indexOf(member))), 0n)
      .toString();
}

/** Conditions that hold for the rows of the range; none: all rows. */
export function rangeConditions(key: readonly KeyPart[], { from, to }: KeyRange): readonly string[] {
  return [
    ...(from === null ? [] : [beyond(key, from, { isAfter: true, withIt: false })]),
    ...(to === null ? [] : [beyond(key, to, { isAfter: false, withIt: true })]),
  ];
}

export function isAt(key: readonly KeyPart[], row: Row): string {
  return key.map((part) => isEqual(part, row)).join(' AND ');
}

export function inOrder(key: readonly KeyPart[]): string {
  return key.map(({ quoted, descends }) => `${quoted}${descends ? ' DESC' : ''}`).join(', ');
}

interface Bound {
  readonly isAfter: boolean;
  readonly withIt: boolean;
}

/** Of (a, b): `a >= x AND (a > x OR (a = x AND b > y))`; the first condition tells the optimizer the range. */
function beyond(key: readonly KeyPart[], at: Row, { isAfter, withIt }: Bound): string {
  const step = (part: KeyPart, orEqual: boolean): string =>
    `${part.ordered} ${part.descends === isAfter ? '<' : '>'}${orEqual ? '=' : ''} ${part.literal(at[part.name] ?? null)}`;
  const [first] = key;
  if (!first) return 'TRUE';
  if (key.length === 1) return step(first, withIt);
  const steps = key.map((part, i) => {
    const before = key.slice(0, i).map((earlier) => isEqual(earlier, at));
    return `(${[...before, step(part, withIt && i === key.length - 1)].join(' AND ')})`;
  });
  return `${step(first, true)} AND (${steps.join(' OR ')})`;
}

function isEqual({ name, ordered, literal }: KeyPart, row: Row): string {
  return `${ordered} = ${literal(row[name] ?? null)}`;
}

/**
 * What is fixed about writing one version of a source table to its target: names quoted, literals compiled, the way a row is found.
 *
 * A row is found by its primary key. Without one its identity is the whole before image, and `=` is not enough; counter-examples:
 * 'a' = 'A' and 'a' = 'a ' in most collations, 1 = 1.0 in JSON, 0 = -0 in a DOUBLE, NULL = NULL is not true. Of several equal rows any
 * one is the right one, hence LIMIT 1.
 */
import { SyncError, tableName } from '@lutra/model';
import type { ColumnSchema, ColumnType, Row, TableSchema, Value } from '@lutra/model';
import { anySessionForm, isInstant } from './any-session.js';
import { comparedLiteralOf, literalOf, ownForm, quoteName, quoteTable } from './literal.js';
import type { Literal, LiteralForm } from './literal.js';
import { computes } from './computed.js';
import { selected } from './row-values.js';
import { declaredMembers } from './declared-members.js';
import type { TargetColumn, TargetTable } from './target-table.js';

export interface ColumnPlan {
  readonly name: string;
  /** As the source has it. */
  readonly schema: ColumnSchema;
  readonly quoted: string;
  /** What a SELECT asks for, for valueOf(). */
  readonly selected: string;
  readonly literal: Literal;
  /** For writing: refuses NULL where the target would store something else. */
  readonly stored: Literal;
  /** Condition that holds for the rows that a key finds by this value. */
  readonly equals: (value: Value) => string;
  /** Condition that holds for exactly this value. */
  readonly exactly: (value: Value) => string;
  readonly alwaysWritten: boolean;
}

export interface TablePlan {
  readonly target: TargetTable;
  readonly quoted: string;
  /** The columns that are written, in the source's order: not the generated ones. */
  readonly columns: readonly ColumnPlan[];
  /** Of the primary key; empty if there is none. */
  readonly key: readonly ColumnPlan[];
  readonly insertHead: string;
  /** Instead of insertHead, for a single row: what VALUES refuses for one row, a NULL in a generated column that allows none, SELECT stores as the server did. */
  readonly selectHead: string | null;
  /** The server computes something when a row is written: so rows are written in the source's session, and literals mean the same in each. */
  readonly computes: boolean;
  /** Deletions that follow one another may share a statement. */
  readonly groupsDeletes: boolean;
  /** `WHERE key IN (…)` compares exactly and by the index. */
  readonly keyIn: boolean;
}

/** Of a statement by `(a = … AND b = …) OR …`: the server's range optimizer has a memory limit, beyond which it scans the table. */
export const maxAlternatives = 200;

/** @throws SyncError COLUMN_MISSING if the target lacks a column */
export function planTable(source: TableSchema, target: TargetTable): TablePlan {
  const targets = new Map(target.columns.map((column) => [column.name.toLowerCase(), column]));
  const inAnySession = computes(source, target);
  const all = source.columns.map((column) => {
    const other = targets.get(column.name.toLowerCase());
    if (other)
      return {
        plan: planColumn(column, other, { table: tableName(target), form: inAnySession ? anySessionForm(target.server.offsets) : ownForm }),
        source: column,
        target: other,
      };
    throw new SyncError('COLUMN_MISSING', `${tableName(target)}: column ${column.name} is missing`, {
      details: { database: target.database, table: target.name, column: column.name },
    });
  });
  const columns = all.filter((column) => !column.target.generated).map((column) => column.plan);
  // A unique key that the binlog names as primary (match-tables.ts) is none at the target: such rows are found by all their values.
  const keyNames = target.primaryKey.length === 0 ? [] : source.primaryKey.map((name) => name.toLowerCase());
  const key = keyNames.flatMap((name) => all.filter((column) => column.source.name.toLowerCase() === name));
  const quoted = quoteTable(target);
  const into = `INSERT INTO ${quoted} (${columns.map((column) => column.quoted).join(', ')})`;
  return {
    target,
    quoted,
    columns,
    key: key.map((column) => column.plan),
    insertHead: `${into} VALUES `,
    selectHead: target.columns.some(({ generated, nullable }) => generated && !nullable) ? `${into} SELECT ` : null,
    computes: inAnySession,
    // On a cycle of foreign keys the order of deletions matters, and a statement deletes in the order of an index.
    groupsDeletes: key.length > 0 && !(target.foreignKeys.length > 0 && target.referenced),
    keyIn: key.length === 1 && key.every((column) => exactInList.has(column.source.type)),
  };
}

const exactInList: ReadonlySet<string> = new Set([
  'tinyint',
  'smallint',
  'mediumint',
  'int',
  'bigint',
  'char',
  'varchar',
  'binary',
  'varbinary',
]);

/** ` WHERE …` that finds the row of a before image. */
export function whereRow(plan: TablePlan, before: Row): string {
  if (plan.key.length > 0) return ` WHERE ${keyOf(plan, before)}`;
  return ` WHERE ${plan.columns.map((column) => column.exactly(before[column.name] as Value)).join(' AND ')} LIMIT 1`;
}

/** Holds for the row of that primary key. */
export function keyOf(plan: TablePlan, row: Row): string {
  return equal(plan.key, row);
}

export function equal(columns: readonly ColumnPlan[], row: Row): string {
  return columns.map((column) => column.equals(row[column.name] as Value)).join(' AND ');
}

export function sameValue(a: Value, b: Value): boolean {
  return Buffer.isBuffer(a) && Buffer.isBuffer(b) ? a.equals(b) : Object.is(a, b);
}

/** The columns that an INSERT writes, or, with a before image, an UPDATE. */
export function written(
  { columns }: TablePlan,
  { before, after }: { readonly before: Row | null; readonly after: Row },
): readonly ColumnPlan[] {
  if (before === null) return columns;
  const changed = columns.filter((column) => !sameValue(before[column.name] as Value, after[column.name] as Value));
  // Left out, such a column would get the time at which we apply. An update of nothing must still find its row: it writes it all.
  return changed.length === 0 ? columns : columns.filter((column) => column.alwaysWritten || changed.includes(column));
}

function planColumn(source: ColumnSchema, target: TargetColumn, { table, form }: { table: string; form: LiteralForm }): ColumnPlan {
  const where = `${table}.${target.name}`;
  const writing = writtenAs(source, target);
  const literal = withinDigits(target, literalOf(writing, where, form));
  const compared = withinDigits(target, comparedLiteralOf(writing, where, form));
  const inAnySession = source.type === 'timestamp' && form !== ownForm;
  const quoted = quoteName(target.name);
  const comparedAs = source.type === 'json' ? target.type : source.type;
  return {
    name: source.name,
    schema: source,
    quoted,
    selected: selected(writing, quoted),
    literal,
    stored: target.nullable ? literal : (value) => literal(notNull(value, where)),
    equals: (value) => (inAnySession && typeof value === 'string' ? isInstant(quoted, value) : `${quoted} = ${compared(value)}`),
    exactly: inAnySession
      ? (value) => (typeof value === 'string' ? isInstant(quoted, value) : `${quoted} <=> ${compared(value)}`)
      : exactCondition(comparedAs, quoted, compared),
    alwaysWritten: target.onUpdateTimestamp,
  };
}

function writtenAs(source: ColumnSchema, target: TargetColumn): ColumnSchema {
  if (source.type === 'json' && target.type !== 'json') return { ...source, type: 'text' }; // MariaDB's JSON is a text
  if (source.values !== undefined && target.type === source.type) {
    const { charset, columnType } = target;
    return { ...source, values: declaredMembers(source.values, columnType).members, ...(charset !== null && { charset }) }; // in its order, and of its character set
  }
  return source.type === 'binary' ? { ...source, length: target.length ?? source.length ?? 0 } : source;
}

/**
 * FLOAT(10,5) takes 99999.99999 and holds the float that is nearest to it, 100000: more than the column takes. Such a value is written as the largest one that it takes, whose nearest float
 * it is.
 */
function withinDigits({ type, precision, scale }: TargetColumn, literal: Literal): Literal {
  if ((type !== 'float' && type !== 'double') || scale === null || precision === null) return literal;
  const largest = `${'9'.repeat(precision - scale)}${scale > 0 ? `.${'9'.repeat(scale)}` : ''}`;
  const stored = type === 'float' ? Math.fround(Number(largest)) : Number(largest);
  return (value) => {
    if (typeof value !== 'number' || Math.abs(value) !== stored) return literal(value);
    return value < 0 ? `-${largest}` : largest;
  };
}

/** Some servers store the current time, or 0, where NULL is not allowed. */
function notNull(value: Value, where: string): Value {
  if (value !== null) return value;
  throw new SyncError('VALUE_UNSUPPORTED', `${where}: NULL, which the target's column does not allow`, { details: { column: where } });
}

/** A literal of an ENUM or SET. */
const isNumber = /^\d/;

function exactCondition(type: ColumnType | 'other', quoted: string, literal: Literal): (value: Value) => string {
  return (value) => {
    const text = literal(value);
    if (type === 'vector') return value === null ? `${quoted} IS NULL` : `CAST(${quoted} AS BINARY) <=> ${text}`; // it compares with nothing
    const same = `${quoted} <=> ${text}`;
    if (value === null) return same;
    switch (type) {
      case 'enum':
      case 'set':
        return isNumber.test(text) ? same : `${same} AND ${bytesOf(quoted)} <=> ${bytesOf(text)}`;
      case 'char':
      case 'varchar': // the first half may use an index
        return `${same} AND ${bytesOf(quoted)} <=> ${bytesOf(text)}`;
      case 'text':
        return `${bytesOf(quoted)} <=> ${bytesOf(text)}`;
      case 'json':
        return exactDocument(quoted, text);
      case 'float':
      case 'double':
        return value === 0 ? `${same} AND LEFT(${quoted}, 1) <=> '${Object.is(value, -0) ? '-' : '0'}'` : same;
      case 'tinyint':
      case 'smallint':
      case 'mediumint':
      case 'int':
      case 'bigint':
      case 'decimal':
      case 'year':
      case 'bit':
      case 'binary':
      case 'varbinary':
      case 'blob':
      case 'date':
      case 'time':
      case 'datetime':
      case 'timestamp':
      case 'geometry':
      case 'other':
        return same;
    }
  };
}

/**
 * As printed, because 1 = 1.0; the literal passes through JSON, so that its blanks and order do not matter. Or as it would print had it come as a
 * text: a number made of a DECIMAL prints 1.10 here, and 1.1 wherever it was carried to.
 */
function exactDocument(quoted: string, text: string): string {
  const printed = (document: string): string => `CAST(${document} AS CHAR)`;
  const given = bytesOf(printed(`CAST(${text} AS JSON)`));
  const carried = printed(`CAST(${printed(quoted)} AS JSON)`);
  return `${given} IN (${bytesOf(printed(quoted))}, ${bytesOf(carried)})`;
}

/** The text's UTF-8: two texts are the same only if it is. */
function bytesOf(expression: string): string {
  return `CAST(CONVERT(${expression} USING utf8mb4) AS BINARY)`;
}

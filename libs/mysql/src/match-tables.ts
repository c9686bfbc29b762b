/**
 * Whether a target table can hold what the source's rows hold, to the byte. The naive way lets the server decide row by row;
 * counter-examples: a FLOAT in a DOUBLE column prints 0.10000000149011612, a DATETIME(6) in a DATETIME is rounded without an error,
 * an ENUM with another list of values may read a text of digits as a number. So types must be the same, and at the target no smaller.
 */
import { columnTraits, errorValueOf, isOfKind, SyncError, tableName } from '@lutra/model';
import type { ColumnSchema, ColumnType, TableSchema } from '@lutra/model';
import { quoteText } from './literal.js';
import { folded, numbered } from './choice-literal.js';
import { computes } from './computed.js';
import { declaredMembers, declaredValues, isUntold } from './declared-members.js';
import { asSource } from './target-table.js';
import type { TargetColumn, TargetTable } from './target-definition.js';

/**
 * @throws SyncError COLUMN_MISSING naming every difference
 */
export function matchTables(source: TableSchema, target: TargetTable): void {
  const differences = tableDifferences(source, target);
  if (differences.length === 0) return;
  const names = tableName(source) === tableName(target) ? tableName(target) : `${tableName(source)} → ${tableName(target)}`;
  throw new SyncError('COLUMN_MISSING', `${names}: ${differences.join('; ')}`, {
    details: { database: target.database, table: target.name, differences: differences.length },
  });
}

/** Empty if the target can hold the source's rows. */
export function tableDifferences(source: TableSchema, target: TargetTable): readonly string[] {
  const columns = new Map(target.columns.map((column) => [column.name.toLowerCase(), column]));
  const replicated = new Set(source.columns.map((column) => column.name.toLowerCase()));
  const differences = source.columns.flatMap((column) => {
    const other = columns.get(column.name.toLowerCase());
    if (!other) return [`column ${column.name} is missing`];
    const reason = other.generated ? null : columnDifference(column, other);
    return reason === null ? [] : [`column ${column.name}: ${reason}`];
  });
  const extra = target.columns.filter((column) => !replicated.has(column.name.toLowerCase()) && !fillsItself(column));
  differences.push(...extra.map((column) => `column ${column.name} has neither a default nor allows NULL, and the source has none`));
  if (keyOf(source.primaryKey) !== keyOf(target.primaryKey) && !isPromoted(source, target)) {
    differences.push(`primary key (${target.primaryKey.join(', ')}) instead of (${source.primaryKey.join(', ')})`);
  }
  return differences;
}

/**
 * The same of two tables as their servers tell them. Members that one of them does not tell are compared as they print; where rows are
 * written in the source's session, those that may be something else are refused: they would be, at the first row.
 */
export function definitionDifferences(from: TargetTable, to: TargetTable): readonly string[] {
  const source = asSource(from);
  const untold = new Set(from.columns.filter(isUntold).map(({ name }) => name.toLowerCase()));
  const printed = to.columns.map(({ members, ...column }) =>
    members && !untold.has(column.name.toLowerCase()) ? { ...column, members } : column,
  );
  const untoldBy = (column: TargetColumn): string | null => {
    if (!isUntold(column) || !column.columnType.includes('?')) return null;
    if (computes(source, to)) return 'something is computed from the rows of the table';
    return mayBeOne(column) ? `${column.collation} may take two of them for one` : null;
  };
  const doubts = to.columns.flatMap((column) => {
    const why = untoldBy(column);
    return why === null ? [] : [`column ${column.name}: what is shown as ? may be a character that its server does not tell, and ${why}`];
  });
  return [...tableDifferences(source, { ...to, columns: printed }), ...doubts];
}

function mayBeOne({ columnType, collation }: TargetColumn): boolean {
  const texts = declaredValues(columnType)
    .filter((member) => member.includes('?'))
    .map(folded);
  return mayJoin(collation ?? '') && new Set(texts).size < texts.length;
}

/** Of a table without primary key, the binlog names a UNIQUE key over NOT NULL columns as if it were one: on MySQL and MariaDB alike. */
function isPromoted(source: TableSchema, { primaryKey, uniqueKeys }: TargetTable): boolean {
  return primaryKey.length === 0 && uniqueKeys.some((key) => !key.nullable && keyOf(key.columns) === keyOf(source.primaryKey));
}

function keyOf(columns: readonly string[]): string {
  return columns.join('\0').toLowerCase();
}

function fillsItself(column: TargetColumn): boolean {
  return column.nullable || column.hasDefault || column.autoIncrement || column.generated;
}

function columnDifference(source: ColumnSchema, target: TargetColumn): string | null {
  const is = `is ${target.columnType}`;
  if (isOfKind(source.type, 'whole'))
    return isOfKind(target.type, 'whole') && holdsRange(source, target) ? null : `${is}, too small for ${unsignedOf(source)}`;
  if (source.type === 'json' && isJsonText(target)) return null;
  if (source.type !== target.type) return `${is} instead of ${source.type}`;
  const smaller = sizeDifference(source, target);
  return smaller ?? charsetDifference(source, target) ?? valuesDifference(source, target) ?? geometryDifference(source, target);
}

/** MariaDB's JSON is a LONGTEXT; it takes the text that MySQL prints. (The other way round MySQL would rewrite it.) */
function isJsonText(target: TargetColumn): boolean {
  return target.columnType.toLowerCase() === 'longtext' && target.charset === 'utf8mb4';
}

/** 0: no whole number. */
function bitsOf(type: ColumnType | 'other'): number {
  const traits = type === 'other' ? null : columnTraits[type];
  return traits?.kind === 'whole' ? traits.bits : 0;
}

function holdsRange(source: ColumnSchema, target: TargetColumn): boolean {
  const [from, to] = [bitsOf(source.type), bitsOf(target.type)];
  if ((source.unsigned ?? false) === target.unsigned) return to >= from;
  return !target.unsigned && to > from;
}

function unsignedOf(source: ColumnSchema): string {
  return source.unsigned === true ? `${source.type} unsigned` : source.type;
}

function sizeDifference(source: ColumnSchema, target: TargetColumn): string | null {
  const is = `is ${target.columnType}`;
  switch (source.type) {
    case 'decimal': {
      const { precision = 0, scale = 0, unsigned = false } = source;
      const holds = (target.scale ?? 0) >= scale && (target.precision ?? 0) - (target.scale ?? 0) >= precision - scale;
      return holds && !(target.unsigned && !unsigned) ? null : `${is}, too small for decimal(${precision},${scale})`;
    }
    case 'time':
    case 'datetime':
    case 'timestamp':
      return (target.scale ?? 0) >= (source.scale ?? 0) ? null : `${is}, too small for ${source.type}(${source.scale})`;
    case 'binary': // a longer one pads
      return source.length === undefined || target.length === source.length ? null : `${is} instead of binary(${source.length})`;
    case 'char':
    case 'varchar': {
      const characters = source.length === undefined ? 0 : Math.floor(source.length / bytesPerCharacter(source.charset));
      return (target.characters ?? 0) >= characters ? null : `${is}, too small for ${characters} characters`;
    }
    case 'text':
    case 'varbinary':
    case 'blob':
    case 'bit':
    case 'vector':
      return (target.length ?? 0) >= (source.length ?? 0) ? null : `${is}, too small for ${source.type}(${source.length})`;
    case 'tinyint': // the whole numbers have a rule of their own
    case 'smallint':
    case 'mediumint':
    case 'int':
    case 'bigint':
    case 'float':
    case 'double':
    case 'year':
    case 'enum':
    case 'set':
    case 'json':
    case 'date':
    case 'geometry':
      return null;
  }
}

/** A column of one kind of geometry refuses the others, and one with an SRID refuses other SRIDs. */
function geometryDifference(source: ColumnSchema, target: TargetColumn): string | null {
  if (source.type !== 'geometry' || source.geometry === undefined) return null;
  return target.geometry === 'geometry' || target.geometry === source.geometry
    ? null
    : `is ${target.columnType} instead of ${source.geometry}`;
}

/** The same set, or one that holds every character of it. (What only its own set can store is refused value by value: table-plan.ts.) */
function charsetDifference(source: ColumnSchema, target: TargetColumn): string | null {
  if (source.charset === undefined) return null;
  const from = canonical(source.charset);
  const to = canonical(target.charset ?? 'binary');
  const holds = to === 'utf8mb4' || (from === 'ascii' && to !== 'swe7'); // which has letters in the places of [ and ]
  return sameCharset(source, target) || holds ? null : `character set ${to} instead of ${from}`;
}

/** What is in one is in the other by the same bytes. MySQL shows none for an ENUM or SET of bytes, MariaDB `binary`. */
export function sameCharset(source: ColumnSchema, { charset }: TargetColumn): boolean {
  return canonical(source.charset ?? 'binary') === canonical(charset ?? 'binary');
}

function canonical(charset: string): string {
  return charset === 'utf8' ? 'utf8mb3' : charset;
}

/** Maximum bytes of a character; 1 for all others. */
const wide: Readonly<Record<string, number>> = {
  utf8mb4: 4,
  utf16: 4,
  utf16le: 4,
  utf32: 4,
  gb18030: 4,
  utf8: 3,
  utf8mb3: 3,
  ujis: 3,
  eucjpms: 3,
  ucs2: 2,
  big5: 2,
  gbk: 2,
  gb2312: 2,
  sjis: 2,
  cp932: 2,
  euckr: 2,
};

function bytesPerCharacter(charset = ''): number {
  return wide[charset] ?? 1;
}

function valuesDifference(source: ColumnSchema, target: TargetColumn): string | null {
  if ((source.type !== 'enum' && source.type !== 'set') || source.values === undefined) return null;
  const { members, missing, guessed } = declaredMembers(source.values, target);
  if (missing.length > 0) return `lacks the values ${missing.map(quoteText).join(', ')}`;
  const others = members.includes('') !== source.values.includes('') || errorValueOf(members) !== errorValueOf(source.values);
  if (others) return "declares the value '', which the source does not: there '' is something else";
  const byNumber = numbered(source.type, members);
  if (guessed.some((member) => byNumber.has(member)))
    return 'has values that its server prints alike, so their numbers are not known, and values that only a number tells apart';
  return areOne(source.values, target.collation ?? '')
    ? `has values beyond the first plane of Unicode, which ${target.collation} takes for one`
    : null;
}

/**
 * Such a list is accepted outside strict mode, and a text finds the first of them: 'A😃' finds 'a😀'. Those that differ in case alone are
 * written as numbers.
 */
function areOne(values: readonly string[], collation: string): boolean {
  if (!mayJoin(collation)) return false;
  const texts = values.map((value) => folded(value.replaceAll(/[\u{10000}-\u{10FFFF}]/gu, '\uFFFD')));
  return values.some((value, i) => texts.some((text, j) => j < i && text === texts[i] && folded(value) !== folded(values[j] ?? '')));
}

/** It has one weight for all characters beyond the first plane. */
function mayJoin(collation: string): boolean {
  return /^(utf|ucs)/.test(collation) && !/_bin$|_0900_|uca1400/.test(collation);
}

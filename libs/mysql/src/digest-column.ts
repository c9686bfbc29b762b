/**
 * One column in the digest of a row: SQL on either side that gives the same bytes for the same value, and other bytes for any other value.
 * Two servers print many values in two ways, so what is hashed is not what they print. Counter-examples to hashing the printed text:
 *
 * 1. FLOAT 1.00000012 and 1.00000024 both print 1; CAST of a DOUBLE as text is not exact on 9.7, and + 0e0 makes 0 of -0. So the eight
 *    bytes of the number are hashed, as a POINT has them.
 * 2. 1.5 and 1.50 are one DECIMAL, 12:00:00 and 12:00:00.000 one TIME; a ZEROFILL prints zeros.
 * 3. ENUM('a','b') and ENUM('b','a') have other numbers, and members of some character sets print as ? alike. So the number that the
 *    source's list has for the member is hashed.
 * 4. What one character set lacks converts to ?. A text that does not convert there and back gives NULL, and its rows are read.
 *
 * Documents are hashed as printed: two of them that differ in how a number is written are told apart here, and found equal when they are
 * read.
 */
import type { ColumnSchema } from '@lutra/model';
import { quoteName, sameCharset } from '@lutra/rows';
import { isUntold } from './declared-members.js';
import type { TargetColumn } from './target-definition.js';

export interface ColumnPair {
  readonly source: TargetColumn;
  readonly target: TargetColumn;
  /** Of both, as asSource() gives them. */
  readonly sourceSchema: ColumnSchema;
  readonly targetSchema: ColumnSchema;
}

export type DigestedSide = 'source' | 'target';

/**
 * How a value stands in what the row's hash is made of: `digits` are text of a number or a time, without a comma; `bytes` may be anything,
 * and short; `large` may be beyond max_allowed_packet, so that its hash stands for it.
 */
export type DigestForm = 'digits' | 'bytes' | 'large';

/** Of all such columns of a row InnoDB holds some sixty thousand bytes. */
const shortBytes = 1_024;

export function digestForm({ source, target, sourceSchema: { type } }: ColumnPair): DigestForm {
  switch (type) {
    case 'tinyint':
    case 'smallint':
    case 'mediumint':
    case 'int':
    case 'bigint':
    case 'year':
    case 'bit':
    case 'decimal':
    case 'enum':
    case 'set':
    case 'time':
    case 'datetime':
    case 'timestamp':
    case 'date':
      return 'digits';
    case 'float':
    case 'double':
      return 'bytes';
    case 'char':
    case 'varchar':
    case 'binary':
    case 'varbinary':
      return Math.max(source.length ?? Infinity, target.length ?? Infinity) <= shortBytes ? 'bytes' : 'large';
    case 'text':
    case 'blob':
    case 'json':
    case 'geometry':
    case 'vector':
      return 'large';
  }
}

/** Of one SELECT: a longer list of members is read row by row. */
const maxMembers = 1_000;

/** SQL of what is hashed where the column is not NULL. Null: no SQL says it, so that rows are to be read. */
export function digestedValue(pair: ColumnPair, side: DigestedSide): string | null {
  const quoted = quoteName(pair[side].name);
  switch (pair.sourceSchema.type) {
    case 'tinyint':
    case 'smallint':
    case 'mediumint':
    case 'int':
    case 'bigint':
    case 'year':
    case 'bit':
      return `${quoted} + 0`;
    case 'decimal':
      return withoutZeros(pair, side);
    case 'float':
    case 'double':
      return `ST_AsBinary(POINT(${quoted}, 0))`;
    case 'char':
    case 'varchar':
    case 'text':
      return textOf(pair, side);
    case 'json':
      return `CONVERT(CAST(${quoted} AS CHAR) USING utf8mb4)`;
    case 'enum':
    case 'set':
      return choiceOf(pair, side);
    case 'time':
    case 'datetime':
    case 'timestamp':
      return withoutZeros(pair, side);
    case 'date':
      return `CAST(${quoted} AS CHAR)`;
    case 'binary':
    case 'varbinary':
    case 'blob':
    case 'geometry':
    case 'vector':
      return quoted;
  }
}

/** The fraction's zeros, where one side may have more of them. */
function withoutZeros({ source, target, ...pair }: ColumnPair, side: DigestedSide): string {
  const column = side === 'source' ? source : target;
  const bare = /zerofill/i.test(column.columnType) ? `${quoteName(column.name)} + 0` : quoteName(column.name);
  const text = `CAST(${bare} AS CHAR)`;
  const scale = side === 'source' ? pair.sourceSchema.scale : pair.targetSchema.scale;
  if (source.scale === target.scale || !scale) return text;
  return `TRIM(TRAILING '.' FROM TRIM(TRAILING '0' FROM ${text}))`;
}

function textOf({ source, target, sourceSchema }: ColumnPair, side: DigestedSide): string {
  const { name, charset } = side === 'source' ? source : target;
  const quoted = quoteName(name);
  if (sameCharset(sourceSchema, target) || charset === 'utf8mb4') return quoted;
  const converted = `CONVERT(${quoted} USING utf8mb4)`;
  const back = `CAST(CONVERT(${converted} USING ${charset}) AS BINARY)`;
  return `IF(${back} <=> CAST(${quoted} AS BINARY), ${converted}, NULL)`;
}

/** A number by the source's list; of a member that the source lacks another one, above all of these. */
function choiceOf({ source, target, sourceSchema, targetSchema }: ColumnPair, side: DigestedSide): string | null {
  const [from, to] = [sourceSchema.values ?? [], targetSchema.values ?? []];
  if (isUntold(source) || isUntold(target)) return null;
  const quoted = quoteName((side === 'source' ? source : target).name);
  const isAlike = from.length === to.length && from.every((member, i) => member === to[i]);
  if (side === 'source' || isAlike) return `${quoted} + 0`;
  if (to.length > maxMembers) return null;
  const numberOf = (member: string, i: number): number => (from.includes(member) ? from.indexOf(member) : from.length + i);
  if (sourceSchema.type === 'enum')
    return `IF(${quoted} + 0 = 0, 0, ELT(${quoted} + 0, ${to.map((member, i) => numberOf(member, i) + 1).join(', ')}))`;
  const bits = to.map((member, i) => ({ bit: 1n << BigInt(i), as: numberOf(member, i) }));
  const known = bits.filter(({ as }) => as < from.length).map(({ bit, as }) => `IF(${quoted} & ${bit}, ${1n << BigInt(as)}, 0)`);
  const others = bits.filter(({ as }) => as >= from.length).map(({ bit }) => bit);
  const sum = known.length === 0 ? '0' : known.join(' | ');
  const other = others.reduce((mask, bit) => mask | bit, 0n);
  return other === 0n ? `(${sum})` : `IF(${quoted} & ${other}, CONCAT((${sum}), ' and ', ${quoted} & ${other}), (${sum}))`;
}

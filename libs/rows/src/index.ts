export { errorValueOf, setMembers } from './choices/choice-text.js';
export { declaredMembers, declaredValues, isShownAs } from './choices/declared-members.js';
export { folded } from './choices/choice-literal.js';
export { compiled, type CountRows, imageCode, mayCompile, rowCounter } from './compiled/image-code.js';
export { closeLength, varint, varintNumber } from './compiled/numbers.js';
export { type CheckRow, rowCheck, type RowSql, rowSql, type SqlColumn, type SqlKey } from './compiled/row-code.js';
export { otherToSql } from './compiled/to-sql.js';
export { opaqueMark, printedJson, signMark } from './json/json-text.js';
export { hasTypes, sameTypes, typesOf, typesSql, withTypes } from './json/json-types.js';
export { codecError, malformed } from './codec-error.js';
export { fileHashTypes, pathPattern, pathTextOf } from './path-text.js';
export type { ServerColumn } from './server-column.js';
export {
  ascii,
  asBinary,
  type Compared,
  encoded,
  isZero,
  type LiteralForm,
  localTime,
  ownForm,
  quoteName,
  quoteTable,
  quoteText,
  utc,
  type Writer,
} from './sql.js';
export * from './staged-sql.js';
export { emptyRowClass, finishImages, keyWriter, rowReader, rowWriter, type WriteRow } from './table-version.js';
export { sameCharset, textDecoder } from './text.js';
export type { ColumnFacts, Condition, Found, Metadata, RawColumn, Told, ToSql, TypeRules, ValueReader, WireColumn } from './type-rules.js';
export { isOfKind, rulesOf, typeNamed, wireColumn } from './types.js';
export { mayJoin } from './types/choices.js';
export { geometryNamed } from './types/spatial.js';
export { hasZeros, isDay } from './types/temporal.js';

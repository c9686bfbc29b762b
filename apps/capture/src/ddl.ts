/**
 * Does a statement that is not a row change touch a routed table? Errs on the side of yes: where the names cannot be made out, a
 * statement of a routed database counts as touching it. Statements about accounts, views, routines and the like never carry rows.
 */
import type { Router, TableName } from '@lutra/model';

const name = '(?:`(?:[^`]|``)+`|"[^"]+"|[\\w$\\u0080-\\uffff]+)';
const qualified = new RegExp(String.raw`^\s*(${name})(?:\s*\.\s*(${name}))?`, 'su');
const tableStatement =
  /^(?:CREATE\s+(?:OR\s+REPLACE\s+)?(?:TEMPORARY\s+)?TABLE|ALTER\s+(?:ONLINE\s+|IGNORE\s+)*TABLE|DROP\s+(?:TEMPORARY\s+)?TABLES?|TRUNCATE(?:\s+TABLE)?|RENAME\s+TABLES?)\s+(?:IF\s+(?:NOT\s+)?EXISTS\s+)?/i;
const indexStatement = /^(?:CREATE\s+(?:OR\s+REPLACE\s+)?(?:UNIQUE\s+|FULLTEXT\s+|SPATIAL\s+)?INDEX|DROP\s+INDEX)\b.*?\bON\s+/is;
const databaseStatement = /^(DROP|CREATE|ALTER)\s+(?:DATABASE|SCHEMA)\s+(?:IF\s+(?:NOT\s+)?EXISTS\s+)?/i;
const harmless =
  /^(?:GRANT|REVOKE|FLUSH|ANALYZE|OPTIMIZE|REPAIR|SET\s+PASSWORD|SET\s+DEFAULT\s+ROLE|(?:CREATE|ALTER|DROP|RENAME)\s+(?:OR\s+REPLACE\s+)?(?:(?:DEFINER|ALGORITHM|SQL\s+SECURITY)\b.*?\s+|AGGREGATE\s+)?(?:USER|ROLE|VIEW|TRIGGER|FUNCTION|PROCEDURE|PACKAGE|EVENT|SERVER|TABLESPACE|UNDO|LOGFILE|SEQUENCE|RESOURCE|SPATIAL\s+REFERENCE|INSTANCE)\b)/is;

/** Comments at the start and the end are not part of the statement; executable comments (`/*!`) are kept as text. */
function strip(sql: string): string {
  return sql
    .replace(/^(?:\s*(?:\/\*(?![!M])[\s\S]*?\*\/|--[^\n]*\n|#[^\n]*\n))*\s*/, '')
    .replace(/\/\*!\d*\s?/g, '')
    .replace(/\*\//g, ' ');
}

function unquote(part: string): string {
  return /^[`"]/.test(part) ? part.slice(1, -1).replaceAll('``', '`') : part;
}

/** The table names at the start of `text`, comma-separated (`a, b.c TO d` gives all three); null when they cannot be made out. */
function readNames(text: string, database: string): TableName[] | null {
  const names: TableName[] = [];
  let rest = text;
  for (;;) {
    const match = qualified.exec(rest);
    if (!match?.[1]) return names.length > 0 ? names : null;
    const first = unquote(match[1]);
    names.push(match[2] ? { database: first, name: unquote(match[2]) } : { database, name: first });
    rest = rest.slice(match[0].length);
    const separator = /^\s*(?:,|\bTO\b|\bLIKE\b)\s*/i.exec(rest);
    if (!separator) return names;
    rest = rest.slice(separator[0].length);
  }
}

export function touchesRoutedTable(statement: { readonly sql: string; readonly database: string }, router: Router): boolean {
  const sql = strip(statement.sql);
  const prefix = tableStatement.exec(sql) ?? indexStatement.exec(sql);
  if (prefix) {
    // A table that does not exist yet has no rows; rows that it gets later find no table at the target, which stops the loader.
    if (/^CREATE\s+(?:OR\s+REPLACE\s+)?(?:TEMPORARY\s+)?TABLE/i.test(sql) && !/\bOR\s+REPLACE\b|\bSELECT\b/i.test(sql)) return false;
    if (/^(?:CREATE|DROP)\s+(?:OR\s+REPLACE\s+)?TEMPORARY/i.test(sql)) return false;
    const rest = sql.slice(prefix[0].length);
    const names = readNames(rest, statement.database);
    if (!names) return true;
    // ALTER TABLE a RENAME TO b: the new name counts as well.
    const renamed = /\bRENAME\s+(?:TO\s+|AS\s+)?(.*)$/is.exec(rest);
    const more = renamed?.[1] ? readNames(renamed[1], statement.database) : null;
    return [...names, ...(more ?? [])].some((table) => router(table) !== null);
  }
  const database = databaseStatement.exec(sql);
  if (database) {
    const named = readNames(sql.slice(database[0].length), '')?.[0]?.name;
    return database[1]?.toUpperCase() === 'DROP' && (named === undefined || router.coversDatabase(named));
  }
  return !harmless.test(sql) && router.coversDatabase(statement.database);
}

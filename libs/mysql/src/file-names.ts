/**
 * Does a row of this server name a file? Asked before the file is deleted, so what cannot be told for certain is taken for yes: a text that
 * the column's collation takes for equal, an element of a list that only looks like it.
 *
 * The rule is turned round: `{shop_id}/{image}` and `5/a/b.jpg` give shop_id = '5' AND image = 'a/b.jpg', or shop_id = '5/a' AND image =
 * 'b.jpg'. So a table is asked by its columns, and by an index if they have one.
 */
import { jsonPathSteps, templateParts } from '@lutra/model';
import type { FileRule, TableName, TemplatePart } from '@lutra/model';
import { quoteName, quoteTable, quoteText } from './literal.js';
import { textOf } from './server-facts.js';
import type { Queries } from './session-options.js';

type Template = Pick<FileRule, 'path' | 'strip' | 'split' | 'json'>;
type Values = ReadonlyMap<string, string>;

/** A path with many separators could be cut in many ways. */
const maxReadings = 200;

/** Base tables that have all columns that the path of one of these rules names, by rule. */
export async function tablesWithColumnsOf<R extends Template>(
  queries: Queries,
  rules: readonly R[],
): Promise<ReadonlyMap<R, readonly TableName[]>> {
  const wanted = new Map(rules.map((rule) => [rule, columnsOf(rule).map((name) => name.toLowerCase())]));
  const names = [...new Set([...wanted.values()].flat())];
  if (names.length === 0) return new Map();
  const of = "t.TABLE_TYPE = 'BASE TABLE'";
  const sql = `SELECT c.TABLE_SCHEMA AS db, c.TABLE_NAME AS tbl, c.COLUMN_NAME AS col FROM information_schema.COLUMNS c JOIN information_schema.TABLES t ON t.TABLE_SCHEMA = c.TABLE_SCHEMA AND t.TABLE_NAME = c.TABLE_NAME WHERE ${of} AND c.COLUMN_NAME IN (${names.map(quoteText).join(', ')})`;
  const found = new Map<string, TableName & { readonly columns: Set<string> }>();
  for (const row of await queries.query(sql)) {
    const table = { database: textOf(row, 'db'), name: textOf(row, 'tbl') };
    const known = found.get(quoteTable(table)) ?? { ...table, columns: new Set<string>() };
    found.set(quoteTable(table), known);
    known.columns.add(textOf(row, 'col').toLowerCase());
  }
  const tablesOf = (columns: readonly string[]): readonly TableName[] =>
    [...found.values()]
      .filter((table) => columns.every((name) => table.columns.has(name)))
      .map(({ database, name }) => ({ database, name }));
  return new Map([...wanted].map(([rule, columns]) => [rule, tablesOf(columns)]));
}

/** Base tables of the server. */
export async function baseTables(queries: Queries): Promise<readonly TableName[]> {
  const sql = "SELECT TABLE_SCHEMA AS db, TABLE_NAME AS tbl FROM information_schema.TABLES WHERE TABLE_TYPE = 'BASE TABLE'";
  return (await queries.query(sql)).map((row) => ({ database: textOf(row, 'db'), name: textOf(row, 'tbl') }));
}

export async function isFileNamed(queries: Queries, table: TableName, { rule, path }: { rule: Template; path: string }): Promise<boolean> {
  const readings = readingsOf(rule, path);
  if (readings === null) return true;
  if (readings.length === 0) return false;
  const conditions = readings.map((values) => `(${conditionOf(rule, values)})`).join(' OR ');
  const rows = await queries.query(`SELECT 1 AS found FROM ${quoteTable(table)} WHERE ${conditions} LIMIT 1`);
  return rows.length > 0;
}

/** Some row may name the path by this rule. */
export function mayName(rule: Template, path: string): boolean {
  return readingsOf(rule, path)?.length !== 0;
}

function columnsOf({ path }: Template): readonly string[] {
  return (templateParts(path) ?? []).flatMap((part) => ('column' in part ? [part.column] : []));
}

/** Null: too many. */
function readingsOf(rule: Template, path: string): readonly Values[] | null {
  const readings: Values[] = [];
  const read = (parts: readonly TemplatePart[], at: number, values: Values): void => {
    const [part, ...rest] = parts;
    if (readings.length > maxReadings) return;
    if (!part) {
      if (at === path.length) readings.push(values);
    } else if ('text' in part) {
      if (path.startsWith(part.text, at)) read(rest, at + part.text.length, values);
    } else {
      const known = values.get(part.column);
      for (let end = rest.length === 0 ? path.length : at + 1; end <= path.length; end += 1) {
        const value = path.slice(at, end);
        if (value !== '' && (known ?? value) === value) read(rest, end, new Map([...values, [part.column, value]]));
      }
    }
  };
  read(templateParts(rule.path) ?? [], 0, new Map());
  return readings.length > maxReadings ? null : readings;
}

function conditionOf(rule: Template, values: Values): string {
  const last = columnsOf(rule).at(-1);
  return [...values]
    .map(([column, text]) =>
      column === last ? elementCondition(rule, quoteName(column), (rule.strip ?? '') + text) : `${quoteName(column)} = ${quoteText(text)}`,
    )
    .join(' AND ');
}

function elementCondition({ split, json }: Template, column: string, text: string): string {
  if (json !== undefined) {
    const found = `JSON_CONTAINS(JSON_EXTRACT(${column}, ${quoteText(serverPath(json))}), JSON_QUOTE(${quoteText(text)}))`;
    return `IF(JSON_VALID(${column}), ${found}, 0)`;
  }
  return split === undefined ? `${column} = ${quoteText(text)}` : `LOCATE(${quoteText(text)}, ${column}) > 0`;
}

/** In the server's own form, which has no brackets around names. */
function serverPath(json: string): string {
  const steps = jsonPathSteps(json) ?? [];
  return `$${steps.map((step) => (typeof step === 'string' ? `.${JSON.stringify(step)}` : `[${step ?? '*'}]`)).join('')}`;
}

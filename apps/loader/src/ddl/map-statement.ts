/**
 * A schema change of the source in the names of the target, by the pipeline's routes: each name is replaced at its place in the text,
 * quoted and qualified. Nothing is parsed here: what has no place, or cannot be said, is refused. Pure.
 */
import { isPutAside, tableName } from '@lutra/model';
import type { DdlRecord, DdlTable, Route, Router, TableName } from '@lutra/model';
import { quoteName, quoteTable, wholeDatabase } from '@lutra/mysql';
import type { DdlPlan, DdlRefusal } from './carry-out.js';
import { bystanders, changedTables } from './changed-tables.js';
import { databaseTarget } from './map-database.js';
import { mergedWith } from './shared-tables.js';

export interface Mapping {
  readonly router: Router;
  readonly routes: readonly Route[];
}

export function mapStatement(record: DdlRecord, mapping: Mapping): DdlPlan | DdlRefusal | 'nothing' {
  const { sql, doubt } = record;
  const tables = record.tables.toSorted((one, other) => one.offset - other.offset);
  const isRouted = (table: DdlTable): boolean => isOurs(table, mapping);
  if (doubt !== null || tables.some(({ role }) => role === 'mentioned')) {
    if (tables.length > 0 && !tables.some(isRouted)) return 'nothing';
    return { reason: 'unknown', message: `which tables it changes cannot be made out: ${doubt ?? 'a table has no place in the text'}` };
  }
  const changed = changedTables({ tables, doubt });
  if (!changed.some(isRouted)) return 'nothing';
  return record.statement === 'DROP TABLE' ? dropped({ sql, tables }, changed.filter(isRouted), mapping) : replaced(sql, tables, mapping);
}

function isOurs({ role, database, name }: DdlTable, { router }: Mapping): boolean {
  return role === 'database' ? router.coversDatabase(database) : router({ database, name }) !== null;
}

/** Those of the list that are this pipeline's. */
function dropped({ sql, tables }: Pick<DdlRecord, 'sql' | 'tables'>, ours: readonly DdlTable[], mapping: Mapping): DdlPlan | DdlRefusal {
  const targets: TableName[] = [];
  for (const table of ours) {
    const target = targetOf(sql, table, mapping);
    if (isRefused(target)) return target;
    targets.push(target);
  }
  const [first, last] = [tables[0], tables.at(-1)];
  if (!first || !last) return misplaced;
  const list = targets.map(quoteTable).join(', ');
  return { sql: `${sql.slice(0, first.offset)}${list}${sql.slice(last.offset + last.length)}`, tables: targets };
}

function replaced(sql: string, tables: readonly DdlTable[], mapping: Mapping): DdlPlan | DdlRefusal {
  const changed: TableName[] = [];
  let text = '';
  let at = 0;
  for (const table of tables) {
    const target = asideOf(sql, table, changed.at(-1)) ?? targetOf(sql, table, mapping);
    if (isRefused(target)) return target;
    if (table.offset < at) return misplaced;
    text += sql.slice(at, table.offset) + (table.role === 'database' ? quoteName(target.database) : quoteTable(target));
    at = table.offset + table.length;
    if (!bystanders.has(table.role) && !changed.some((one) => tableName(one) === tableName(target))) changed.push(target);
  }
  return { sql: text + sql.slice(at), tables: changed };
}

/** The new name of a table that a loader before this one has put aside, and a pipeline that forwards brings on. */
function asideOf(sql: string, table: DdlTable, before: TableName | undefined): TableName | null {
  const isAside = table.role === 'to' && isPutAside(table.name) && before !== undefined && standsThere(sql, table);
  return isAside ? { database: before.database, name: table.name } : null;
}

function targetOf(sql: string, table: DdlTable, mapping: Mapping): TableName | DdlRefusal {
  const { role, database, name } = table;
  if (!standsThere(sql, table)) return misplaced;
  if (role === 'database') {
    const target = databaseTarget(database, mapping.routes);
    return typeof target === 'string' ? { reason: 'unmapped', message: target } : { ...target, name: wholeDatabase };
  }
  const source = { database, name };
  const target = mapping.router(source);
  if (target === null) {
    const why = bystanders.has(role) ? 'nobody knows that it is at the target' : 'the statement cannot be run without it';
    return { reason: 'unmapped', message: `it names ${tableName(source)}, which the pipeline does not carry: ${why}` };
  }
  const other = bystanders.has(role) ? null : mergedWith(source, target, mapping);
  if (other === null) return target;
  const why = 'what is done to one of them there is done to the rows of all';
  return { reason: 'unmapped', message: `${tableName(target)} takes the rows of several tables (${tableName(other)} too): ${why}` };
}

const misplaced: DdlRefusal = { reason: 'unknown', message: 'the places of its names do not fit its text' };

/** What stands there ends with the name. Counter-example without: offsets of another form of the text, and a splice amid a literal. */
function standsThere(sql: string, { role, database, name, offset, length }: DdlTable): boolean {
  if (offset < 0 || length <= 0) return false;
  const text = sql.slice(offset, offset + length).replaceAll(/\/\*[\s\S]*?\*\//g, ' ');
  const parts = [...text.matchAll(/`((?:[^`]|``)*)`|"((?:[^"]|"")*)"|([\w$\u0080-\uffff]+)/g)];
  const [, ticked, doubled, bare] = parts.at(-1) ?? [];
  const written = ticked?.replaceAll('``', '`') ?? doubled?.replaceAll('""', '"') ?? bare ?? '';
  return written.toLowerCase() === (role === 'database' ? database : name).toLowerCase();
}

function isRefused(of: TableName | DdlRefusal): of is DdlRefusal {
  return 'reason' in of;
}

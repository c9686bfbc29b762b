/**
 * What online tools did to their tables at the source, kept at the target (lutra.ddl, `kept`) until one of them comes in the place of its
 * table. The log may be read no more by then, and nobody else has read it in order, exactly once. Pure.
 */
import { tableName } from '@lutra/model';
import type { DdlRecord, DdlTable, TableName } from '@lutra/model';
import { quoteTable } from '@lutra/mysql';
import { changedTables } from './changed-tables.js';
import { mayExist } from './record-facts.js';

/** A statement, as far as it is needed to do the same to another table. */
export type KeptStatement = Pick<
  DdlRecord,
  'statement' | 'sql' | 'database' | 'tables' | 'doubt' | 'clauses' | 'session' | 'flavor' | 'version'
>;

export function keptText({ statement, sql, database, tables, doubt, clauses, session, flavor, version }: KeptStatement): string {
  return JSON.stringify({ statement, sql, database, tables, doubt, clauses, session, flavor, version });
}

/** Written by keptText(); what somebody else has written there is nothing. */
export function keptStatement(text: string): KeptStatement | null {
  try {
    const found = JSON.parse(text) as Partial<KeptStatement>;
    return typeof found.statement === 'string' && Array.isArray(found.tables) ? (found as KeptStatement) : null;
  } catch {
    return null;
  }
}

/** Of a shadow that is there: what was done to it since it was created. */
export interface OpenShadow {
  readonly table: TableName;
  readonly alters: readonly KeptStatement[];
}

/** Those whose creation is known, in the order of the statements. What comes to such a name in another way is not known. */
export function openShadows(kept: readonly KeptStatement[]): readonly OpenShadow[] {
  const open = new Map<string, OpenShadow>();
  for (const statement of kept)
    for (const table of changedTables(statement)) {
      const key = tableName(table);
      const known = open.get(key);
      const { database, name } = table;
      if (table.role === 'subject' && /^CREATE (?:OR REPLACE )?TABLE$/.test(statement.statement)) {
        if (!known || !mayExist(statement)) open.set(key, { table: { database, name }, alters: [] });
      } else if (known && isAlter(statement, table)) open.set(key, { ...known, alters: [...known.alters, statement] });
      else if (statement.statement !== 'TRUNCATE TABLE') open.delete(key);
    }
  return [...open.values()];
}

/** Its name went to a table of a tool, and nothing has come in its place. */
export function isAway(kept: readonly KeptStatement[], table: TableName): boolean {
  const named = kept.flatMap(changedTables).filter((one) => tableName(one) === tableName(table));
  const last = named.findLast(({ role }) => role === 'from' || role === 'subject' || role === 'to');
  return last !== undefined && last.role !== 'to';
}

function isAlter({ statement, tables, doubt }: KeptStatement, { role }: DdlTable): boolean {
  const isMoved = tables.some((table) => table.role === 'to' || table.role === 'with');
  return role === 'subject' && doubt === null && !isMoved && /^(?:ALTER TABLE|(?:CREATE|DROP) INDEX)$/.test(statement);
}

/** The same statement, said of another table: still in the names of the source. Null: its text does not say where the name is. */
export function saidOf(kept: KeptStatement, shadow: TableName, table: TableName): KeptStatement | null {
  let { sql } = kept;
  let moved = 0;
  const tables: DdlTable[] = [];
  for (const one of kept.tables.toSorted((a, b) => a.offset - b.offset)) {
    const offset = one.offset + moved;
    if (one.offset < 0) return null;
    if (tableName(one) !== tableName(shadow)) tables.push({ ...one, offset });
    else {
      const name = quoteTable(table);
      sql = sql.slice(0, offset) + name + sql.slice(offset + one.length);
      moved += name.length - one.length;
      tables.push({ ...one, ...table, offset, length: name.length });
    }
  }
  return { ...kept, sql, tables };
}

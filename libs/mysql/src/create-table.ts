/**
 * Creates a table of the source at the target: what SHOW CREATE TABLE printed there, with names mapped. AUTO_INCREMENT stays. The comment
 * tells people, and whoever reads the binlog, where it comes from.
 */
import { SyncError, tableName, toSyncError } from '@lutra/model';
import type { ErrorCode, TableName } from '@lutra/model';
import { wholeDatabase } from './ddl-look.js';
import { quoteName, quoteTable, quoteText } from './literal.js';
import { Kept } from './kept.js';
import { through } from './ownership.js';
import { Session } from './session.js';
import type { ConnectionOptions, Queries } from './session-options.js';

export const createMark = '/* lutra:create */';

export interface TableToCreate {
  /** At the source. */
  readonly source: TableName;
  readonly target: TableName;
  /** SHOW CREATE TABLE, of the source. */
  readonly definition: string;
  /** Where a table of the source is at the target; null: nowhere. */
  targetOf(table: TableName): TableName | null;
  /** Runs each statement in our place, so that it has a witness. Resolves to why it could not, else to null. */
  readonly carryOut?: ((statement: CreateStatement) => Promise<string | null>) | undefined;
}

export interface CreateStatement {
  readonly statement: 'CREATE TABLE' | 'CREATE DATABASE';
  readonly sql: string;
  readonly table: TableName;
}

export type Creating = Pick<Kept<Queries>, 'use'>;

/** Many tables are mostly created one after the other. */
export function creatingAt(target: ConnectionOptions): Creating {
  return new Kept(() => Session.open({ ...target, foreignKeyChecks: false }, 'target'));
}

/**
 * True: it was created. False: it was there. Its parents need not be there yet.
 * @throws SyncError SEED_TABLE_REFUSED, as the table's own matter; TARGET_*
 */
export function createTable(target: Creating, of: TableToCreate): Promise<boolean> {
  return target.use(async (session) => {
    if (await isThere(session, of.target)) return false;
    const sql = createStatementOf(of);
    const { database } = of.target;
    const schemas = `SELECT COUNT(*) AS found FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = ${quoteText(database)}`;
    const schema = `CREATE DATABASE IF NOT EXISTS ${quoteName(database)} ${createMark}`;
    if (!(await found(session, schemas)))
      await run(session, { statement: 'CREATE DATABASE', sql: schema, table: { database, name: wholeDatabase } }, of);
    await run(session, { statement: 'CREATE TABLE', sql, table: of.target }, of);
    return true;
  });
}

/** Of these the ones that are not there. @throws SyncError TARGET_* */
export async function missingTables(target: ConnectionOptions | Queries, tables: readonly TableName[]): Promise<readonly TableName[]> {
  return through(target, async (queries) => {
    const missing: TableName[] = [];
    for (const table of tables) if (!(await isThere(queries, table))) missing.push(table);
    return missing;
  });
}

function isThere(queries: Queries, { database, name }: TableName): Promise<boolean> {
  const where = `TABLE_SCHEMA = ${quoteText(database)} AND TABLE_NAME = ${quoteText(name)}`;
  return found(queries, `SELECT COUNT(*) AS found FROM information_schema.TABLES WHERE ${where}`);
}

async function found(queries: Queries, sql: string): Promise<boolean> {
  const [row] = await queries.query(sql);
  return Number(row?.['found']) > 0;
}

async function run(session: Queries, statement: CreateStatement, of: TableToCreate): Promise<void> {
  if (of.carryOut) {
    const why = await of.carryOut(statement);
    if (why !== null) throw refused(of, why);
    return;
  }
  try {
    await session.query(statement.sql);
  } catch (error) {
    const { code, outcome, message } = toSyncError(error);
    if (outcome !== 'stop' || code === 'TARGET_DENIED') throw error;
    throw refused(of, message);
  }
}

/** @throws SyncError SEED_TABLE_REFUSED for a foreign key to a table that the pipeline does not carry */
export function createStatementOf(of: TableToCreate): string {
  const { definition, source, target } = of;
  const tokens = tokensOf(definition);
  const head = tokens.slice(0, 3);
  if (
    head
      .map(({ text }) => text.toUpperCase())
      .slice(0, 2)
      .join(' ') !== 'CREATE TABLE' ||
    head[2]?.kind !== 'name'
  )
    throw refused(of, 'its definition does not begin with CREATE TABLE');
  let sql = `CREATE TABLE IF NOT EXISTS ${quoteTable(target)} ${createMark}`;
  let at = head[2].end;
  for (const [i, token] of tokens.entries()) {
    if (token.kind !== 'word' || token.text.toUpperCase() !== 'REFERENCES') continue;
    const [first, dot, second] = tokens.slice(i + 1, i + 4);
    if (first?.kind !== 'name') continue;
    const isLong = dot?.text === '.' && second?.kind === 'name';
    const parent = isLong ? { database: first.text, name: second.text } : { database: source.database, name: first.text };
    const mapped = parent.database === source.database && parent.name === source.name ? target : of.targetOf(parent);
    if (!mapped) throw refused(of, `a foreign key points to ${tableName(parent)}, which the pipeline does not carry`);
    sql += `${definition.slice(at, first.start)}${quoteTable(mapped)}`;
    at = isLong ? second.end : first.end;
  }
  return sql + definition.slice(at);
}

const code: ErrorCode = 'SEED_TABLE_REFUSED';

function refused({ source, target }: TableToCreate, why: string): SyncError {
  const { database, name } = source;
  return new SyncError(code, `${tableName(target)} cannot be created as ${tableName(source)} is: ${why}`, {
    details: { database: target.database, table: target.name, sourceDatabase: database, sourceTable: name },
    refused: { table: { database, name, code } },
  });
}

interface DefinitionToken {
  readonly kind: 'word' | 'name' | 'other';
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** The server prints names in backquotes; what stands in a text or a comment is no name. */
function tokensOf(definition: string): readonly DefinitionToken[] {
  const pattern = /`((?:[^`]|``)*)`|'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*"|\/\*(?!!)[\s\S]*?\*\/|(\w+)|[^\s]/g;
  return [...definition.matchAll(pattern)].map((match) => {
    const [all, name, word] = match;
    const place = { start: match.index, end: match.index + all.length };
    if (name !== undefined) return { kind: 'name', text: name.replaceAll('``', '`'), ...place };
    return { kind: word === undefined ? 'other' : 'word', text: word ?? all, ...place };
  });
}

/**
 * Two schemas as mysqldump writes them: `cinema` has what sakila has (children before their parents, a circle of foreign keys, triggers,
 * views, routines, GEOMETRY, ENUM, SET, YEAR, FULLTEXT), `payroll` what employees has (keys of several columns, cascades, partitions,
 * 9999-01-01). Read as the client `mysql` reads them.
 */
import { readFile } from 'node:fs/promises';
import type { Connection } from 'mysql2/promise';
import { type Side, type Stack, withAdministrator } from '../harness/index.js';

export const dumps = ['cinema', 'payroll'] as const;
export type Dump = (typeof dumps)[number];

/** The tables, views and routines, in a database of this name, which must be there. */
export function loadStructure(stack: Stack, side: Side, dump: { readonly name: Dump; readonly into: string }): Promise<void> {
  return load(stack, side, { ...dump, part: 'schema' });
}

/** The rows, then the triggers of each table. */
export function loadRows(stack: Stack, side: Side, dump: { readonly name: Dump; readonly into: string }): Promise<void> {
  return load(stack, side, { ...dump, part: 'data' });
}

/** What the other side needs of a dump whose rows come through a channel. */
export async function loadTriggers(stack: Stack, side: Side, dump: { readonly name: Dump; readonly into: string }): Promise<void> {
  const triggers = (await statements(dump.name, 'data')).filter((statement) => / TRIGGER `/.test(statement));
  await withAdministrator(stack.mysql[side], (connection) => run(connection, dump.into, triggers));
}

interface Part {
  readonly name: Dump;
  readonly into: string;
  readonly part: 'schema' | 'data';
}

async function load(stack: Stack, side: Side, { name, into, part }: Part): Promise<void> {
  const all = await statements(name, part);
  await withAdministrator(stack.mysql[side], (connection) => run(connection, into, all));
}

async function run(connection: Connection, database: string, all: readonly string[]): Promise<void> {
  await connection.query(`USE ${database}`);
  for (const statement of all) await connection.query(statement);
}

async function statements(name: Dump, part: 'schema' | 'data'): Promise<string[]> {
  const text = await readFile(new URL(`dumps/${name}.${part}.sql`, import.meta.url), 'utf8');
  const found: string[] = [];
  let delimiter = ';';
  let statement = '';
  for (const line of text.split('\n')) {
    const changed = /^DELIMITER (\S+)$/.exec(line)?.[1];
    if (changed !== undefined) delimiter = changed;
    else if (!line.startsWith('--') && (line !== '' || statement !== '')) statement += `${line}\n`;
    if (changed !== undefined || !line.trimEnd().endsWith(delimiter)) continue;
    found.push(statement.trimEnd().slice(0, -delimiter.length));
    statement = '';
  }
  if (statement.trim() !== '') throw new Error(`${name}.${part}.sql ends within a statement`);
  return found;
}

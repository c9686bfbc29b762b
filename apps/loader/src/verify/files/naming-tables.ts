/** What the rows of an endpoint name in a root, by all rules of all pipelines that read or write there. */
import { createRouter, SyncError, tableName } from '@lutra/model';
import type { FileRule, Route, Row, TableName } from '@lutra/model';
import { asSource, loadTable, ownKeyed, planDigest, tablesWithColumnsOf } from '@lutra/mysql';
import type { Session } from '@lutra/mysql';
import { ServerPair } from '../table-pair.js';
import { namingTable } from './file-rows-pair.js';

export interface NamedIn {
  readonly root: string;
  /** By their names at the endpoint. */
  readonly routes: readonly Route[];
  readonly session: Session;
  readonly between: () => Promise<void>;
}

const pageRows = 2_000;

/** In pieces. @throws SyncError: what the rows of a table name cannot be told */
export async function* pathsNamedIn(of: NamedIn): AsyncGenerator<readonly string[]> {
  for (const { table, rules } of await tablesOf(of)) yield* pathsOf(of, table, rules);
}

interface RuledTable {
  readonly table: TableName;
  readonly rules: FileRule[];
}

async function tablesOf({ root, routes, session }: NamedIn): Promise<readonly RuledTable[]> {
  const ruled = routes.flatMap(({ schema, table, files = [] }) => {
    const router = createRouter([{ schema, table }]);
    return files.filter((rule) => rule.root === root).map((rule) => ({ rule, router }));
  });
  const found = await tablesWithColumnsOf(
    session,
    ruled.map(({ rule }) => rule),
  );
  const tables = new Map<string, RuledTable>();
  for (const { rule, router } of ruled) {
    const own = (found.get(rule) ?? []).filter((table) => router(table) !== null);
    // A rule that was there named files by columns that nobody knows of now.
    if (own.length === 0) throw new SyncError('FILE_PATH_INVALID', `no table has the columns of the rule ${rule.path}`);
    for (const table of own) {
      const known = tables.get(tableName(table)) ?? { table, rules: [] };
      known.rules.push(rule);
      tables.set(tableName(table), known);
    }
  }
  return [...tables.values()];
}

async function* pathsOf({ session, between }: NamedIn, name: TableName, rules: readonly FileRule[]): AsyncGenerator<readonly string[]> {
  const table = await loadTable(session, name.database, name.name);
  const plan = await planDigest(session, { from: table, to: table });
  if (typeof plan === 'string') throw new SyncError('FILE_PATH_INVALID', `rows of ${tableName(name)} cannot be gone through: ${plan}`);
  // A row whose hash is not written yet names the file as well.
  const anyHash = rules.map((rule) => {
    const { hash: _, ...rest } = rule;
    return rest;
  });
  const { paths, plan: naming } = namingTable(anyHash, asSource(ownKeyed(table)), plan);
  const pair = new ServerPair({ plan: naming, source: session, target: session, where: null });
  for (let from: Row | null = null; ;) {
    await between();
    const rows: readonly Row[] = await pair.rows('target', { from, to: null }, pageRows);
    yield rows.flatMap((row) => paths.flatMap((each) => each.formerly(row).map(({ path }) => path)));
    const last = rows.at(-1);
    if (!last || rows.length < pageRows) return;
    from = pair.keyOf(last);
  }
}

/**
 * Whether rows of this region still name files: asked where a file is missing. A row that is gone, or names another file by now, is no
 * reason to stop: the log will say so. Read with the login of the endpoint, as the row is when whoever writes it has ended.
 */
import { keyCondition } from '@lutra/files';
import type { NamedAnswer, NamedFile, NamedRequest } from '@lutra/files';
import { SyncError, toSyncError } from '@lutra/model';
import type { EndpointDocument } from '@lutra/model';
import { asSource, Kept, loadTable, planRows, quoteTable, rowsWhereQuery, Session, toRow } from '@lutra/mysql';
import type { Queries, TargetTable } from '@lutra/mysql';
import { loginOf } from '@lutra/registry';
import type { Configuration, Keyring } from '@lutra/registry';
import { keyNow, pathsNow } from './renamed-columns.js';

export type NamedRows = (request: NamedRequest) => Promise<NamedAnswer>;

type AskedRow = NamedRequest['rows'][number];

export interface SourceRowsOptions {
  readonly region: string;
  readonly secretKey: Keyring;
  documents(): Configuration;
}

const connectTimeoutMs = 10_000;
const answerTimeoutMs = 30_000;

export class SourceRows {
  readonly #options: SourceRowsOptions;
  /** By endpoint: of this document. */
  readonly #sessions = new Map<string, { readonly endpoint: EndpointDocument; readonly kept: Kept<Session> }>();

  constructor(options: SourceRowsOptions) {
    this.#options = options;
  }

  /** @throws SyncError SOURCE_*; FILES_REFUSED: an endpoint is not of this region; FILE_PATH_INVALID */
  async named({ rows }: NamedRequest): Promise<NamedAnswer> {
    const named = new Map<AskedRow, boolean>();
    for (const [endpoint, ofEndpoint] of Map.groupBy(rows, (row) => row.endpoint)) {
      const tables = Map.groupBy(ofEndpoint, ({ database, table }) => JSON.stringify([database, table]));
      await this.#sessionOf(endpoint).use(async (session) => {
        for (const some of tables.values()) for (const [row, is] of await namedIn(session, some)) named.set(row, is);
      });
    }
    return { named: rows.map((row) => named.get(row) ?? false) };
  }

  async close(): Promise<void> {
    await Promise.all([...this.#sessions.values()].map(({ kept }) => kept.close()));
  }

  #sessionOf(name: string): Kept<Session> {
    const { region, secretKey, documents } = this.#options;
    const endpoint = documents().endpoints.get(name);
    if (endpoint?.region !== region)
      throw new SyncError('FILES_REFUSED', `endpoint ${name} is not one of region ${region}`, { details: { region, endpoint: name } });
    const known = this.#sessions.get(name);
    if (known?.endpoint === endpoint) return known.kept;
    void known?.kept.close().catch(() => undefined); // it is of a document that was replaced
    const open = (): Promise<Session> => Session.open({ ...loginOf(secretKey, endpoint), connectTimeoutMs, answerTimeoutMs }, 'source');
    const kept = new Kept(open);
    this.#sessions.set(name, { endpoint, kept });
    return kept;
  }
}

/**
 * Of one table. Each row is read behind the locks of whoever writes it: a binlog is read before its transaction is visible, for as long as
 * semi-sync waits for a replica, and a row that is not visible yet is not gone. What stays locked is taken for named: it is asked again.
 */
async function namedIn(queries: Queries, rows: readonly AskedRow[]): Promise<readonly (readonly [AskedRow, boolean])[]> {
  const [first] = rows;
  if (!first) return [];
  const table = await tableOf(queries, first);
  if (!table) return rows.map((row) => [row, false]);
  const schema = asSource(table);
  const plan = planRows(schema, table);
  const named: [AskedRow, boolean][] = [];
  for (const row of rows) {
    if (keyCondition(row.key) === null)
      throw new SyncError('FILES_REFUSED', `the key of a row of ${first.database}.${first.table} is not one`);
    const condition = keyCondition(keyNow(row.key, schema) ?? {});
    const rules = pathsNow(row.rule, schema);
    if (condition === null || rules === null) {
      named.push([row, true]); // nobody can tell
      continue;
    }
    const found = await unlocked(queries, rowsWhereQuery(plan, condition));
    // Each would wait for a lock that somebody holds for long.
    if (!found) return rows.map((each) => named.find(([known]) => known === each) ?? [each, true]);
    named.push([row, found.some((each) => rules.some((paths) => paths.formerly(toRow(plan, each)).some((file) => isAsked(file, row))))]);
  }
  return named;
}

/** Null: it was dropped, and the log will say so. @throws SyncError SOURCE_DENIED: it is not seen */
async function tableOf(queries: Queries, { database, table: name }: AskedRow): Promise<TargetTable | null> {
  try {
    return await loadTable(queries, database, name);
  } catch (error) {
    if (toSyncError(error).code !== 'TABLE_MISSING') throw error;
  }
  const isThere = await queries.query(`SELECT 1 FROM ${quoteTable({ database, name })} LIMIT 0`).catch((error: unknown) => {
    if (toSyncError(error).code === 'TABLE_MISSING') return null;
    throw error;
  });
  return isThere && (await loadTable(queries, database, name));
}

const [lockWaitTimeout, deadlock] = [1205, 1213];

/** Null: somebody holds a lock on it. */
async function unlocked(queries: Queries, sql: string): Promise<Awaited<ReturnType<Queries['query']>> | null> {
  try {
    return await queries.query(`${sql} LOCK IN SHARE MODE`); // SELECT is enough for it on every server
  } catch (error) {
    const { errno } = toSyncError(error).refused;
    if (errno === lockWaitTimeout || errno === deadlock) return null;
    throw error;
  }
}

function isAsked(file: NamedFile, { root, path, hash = null }: AskedRow): boolean {
  return file.root === root && file.path === path && (hash === null || file.hash === hash);
}

/** Rows that are asked for by key: entries of lutra.resync at the source, which its capture sends in the order of its log. */
import { randomUUID } from 'node:crypto';
import { SyncError, tableName } from '@lutra/model';
import type { PipelineDocument } from '@lutra/model';
import { quoteText } from '@lutra/mysql';
import type { Session } from '@lutra/mysql';
import { RefusedError } from '../configuration/problem.js';
import type { Problem } from '../configuration/problem.js';
import type { FoundTable } from './seed-tables.js';
import type { SeedWrite } from './seed.schemas.js';

export interface Asked {
  readonly pipeline: Pick<PipelineDocument, 'uid' | 'name' | 'source'>;
  readonly keys: NonNullable<SeedWrite['keys']>;
  /** All that the pipeline carries. */
  readonly tables: readonly FoundTable[];
  /** False: a preview. */
  readonly send: boolean;
}

export interface Sent {
  readonly tables: readonly FoundTable[];
  readonly entries: number;
  readonly problems: readonly Problem[];
}

/** @throws RefusedError CONFIG_INVALID with the whole list, unless it is a preview; SyncError SOURCE_*, CONFIG_CONFLICT: no lutra.resync */
export async function resyncEntries(source: Session, { pipeline, keys, tables, send }: Asked): Promise<Sent> {
  const known = new Map(tables.map((table) => [tableName(table.source), table]));
  const problems = keys.flatMap(({ table, key }) => keyProblems(table, key, { found: known.get(table), pipeline }));
  const named = new Set(keys.map(({ table }) => table));
  const shown = tables.filter((table) => named.has(tableName(table.source)));
  if (!send) return { tables: shown, entries: 0, problems };
  if (problems.length > 0) throw new RefusedError('CONFIG_INVALID', 'these keys cannot be sent again', problems);
  const request = randomUUID();
  const rows = keys.map(({ table, key }) => {
    const { database, name } = known.get(table)!.source;
    return `(${[database, name, JSON.stringify(key), pipeline.uid, 'resync', request].map(quoteText).join(', ')})`;
  });
  const columns = 'schema_name, table_name, row_key, pipeline, purpose, request';
  await source.execute(`INSERT INTO lutra.resync (${columns}) VALUES ${rows.join(', ')}`).catch((error: unknown) => {
    throw explained(pipeline.source, source.translate(error, 'ask for rows'));
  });
  return { tables: shown, entries: rows.length, problems: [] };
}

function keyProblems(
  table: string,
  key: Readonly<Record<string, unknown>>,
  { found, pipeline }: { readonly found: FoundTable | undefined; readonly pipeline: Asked['pipeline'] },
): readonly Problem[] {
  if (!found) {
    const what = `${table}: pipeline ${pipeline.name} carries no such table of ${pipeline.source}`;
    return [{ id: 'seed-no-tables', severity: 'error', what, fix: 'name it schema.table, as it is called at the source' }];
  }
  const wanted = found.key.map(({ name }) => name);
  const given = Object.keys(key);
  if (wanted.length !== given.length || !wanted.every((name) => given.includes(name))) {
    const has =
      wanted.length === 0 ? 'it has no primary key, and no unique key that stands for one' : `its primary key is ${wanted.join(', ')}`;
    return [{ id: 'seed-key', severity: 'error', what: `${table}: a key of ${given.join(', ') || 'no column'}; ${has}`, fix: null, table }];
  }
  // JSON has read another number than was written.
  const cut = given.filter((name) => typeof key[name] === 'number' && Math.abs(key[name]) > Number.MAX_SAFE_INTEGER);
  return cut.map((name) => {
    const what = `${table}: ${name}: a number beyond 2^53 is not exact in JSON`;
    return { id: 'seed-key', severity: 'error', what, fix: 'write its digits as text', table };
  });
}

function explained(endpoint: string, error: SyncError): SyncError {
  if (error.code !== 'TABLE_MISSING' && !error.code.endsWith('_DENIED')) return error;
  const fix = 'run schemas/lutra.sql on that server, and GRANT INSERT ON lutra.* to the user of the endpoint';
  return new SyncError('CONFIG_CONFLICT', `lutra.resync at endpoint ${endpoint}: ${error.message}: ${fix}`, { details: { endpoint } });
}

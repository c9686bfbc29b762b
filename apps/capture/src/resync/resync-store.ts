/** lutra.resync at the source, over a connection of its own that is opened again when it broke. */
import { toSyncError } from '@lutra/model';
import type { SyncError, TableName } from '@lutra/model';
import { loadTable, quoteText, Session } from '@lutra/mysql';
import type { ConnectionOptions, ResultRow, TargetTable } from '@lutra/mysql';
import type { NewEntry, ResyncEntry } from './entry.js';

/** What the queue asks of the server. Tests keep it in memory. @throws SyncError TABLE_MISSING, SOURCE_* */
export interface ResyncStore {
  /** Ids of entries that wait and are not held, in order; no more than `most`. */
  waiting(most: number): Promise<readonly string[]>;
  /** How many are held. */
  held(): Promise<number>;
  read(ids: readonly string[]): Promise<readonly ResyncEntry[]>;
  remove(ids: readonly string[]): Promise<void>;
  refuse(ids: readonly string[], problem: string): Promise<void>;
  insert(entries: readonly NewEntry[]): Promise<void>;
  definition(table: TableName): Promise<TargetTable>;
  close(): Promise<void>;
}

/** Characters: a key of InnoDB has at most 3,072 bytes. */
const maxKeyLength = 65_536;
const maxProblem = 1_000;
/**
 * Rows of a table that is being made as another region has it are not sent from here meanwhile. Counter-example: a row that is gone there
 * is deleted here while this one travels there; the two swap. Probes write nothing.
 */
const sameName = (one: string, other: string): string =>
  `IF(@@lower_case_table_names = 0, ${one} = ${other}, LOWER(${one}) = LOWER(${other}))`;
const isHeld = `(r.purpose <> 'probe' AND EXISTS (SELECT 1 FROM lutra.unequal AS u WHERE u.ended_at IS NULL AND ${sameName('u.target_database', 'r.schema_name')} AND ${sameName('u.target_table', 'r.table_name')}))`;
/** Rows of one INSERT. */
const insertRows = 500;

export class ServerStore implements ResyncStore {
  readonly #source: ConnectionOptions;
  #session: Session | null = null;

  constructor(source: ConnectionOptions) {
    this.#source = source;
  }

  async waiting(most: number): Promise<readonly string[]> {
    const rows = await this.#query('id', (held) => `AND NOT ${held} ORDER BY id LIMIT ${most}`);
    return rows.map((row) => String(row['id']));
  }

  async held(): Promise<number> {
    const [row] = await this.#query('COUNT(*) AS found', (held) => `AND ${held}`);
    return Number(row?.['found']);
  }

  /** Of entries without a problem. Nothing is held where lutra.unequal does not exist. */
  async #query(what: string, which: (held: string) => string): Promise<readonly ResultRow[]> {
    const session = await this.#open();
    const sql = (held: string): string => `SELECT ${what} FROM lutra.resync AS r WHERE problem IS NULL ${which(held)}`;
    return session.query(sql(isHeld)).catch((error: unknown) => {
      if (toSyncError(error).code !== 'TABLE_MISSING') throw error;
      return session.query(sql('FALSE'));
    });
  }

  async read(ids: readonly string[]): Promise<readonly ResyncEntry[]> {
    const session = await this.#open();
    const key = `IF(CHAR_LENGTH(row_key) > ${maxKeyLength}, NULL, row_key) AS row_key`;
    const columns = `id, schema_name, table_name, ${key}, pipeline, purpose, request`;
    const rows = await session.query(`SELECT ${columns} FROM lutra.resync WHERE id IN (${ids.join()}) AND problem IS NULL ORDER BY id`);
    return rows.map((row) => ({
      id: String(row['id']),
      table: { database: String(row['schema_name']), name: String(row['table_name']) },
      rowKey: row['row_key'] === null ? null : String(row['row_key']),
      pipeline: row['pipeline'] === null ? null : String(row['pipeline']),
      purpose: String(row['purpose']),
      request: String(row['request']),
    }));
  }

  async remove(ids: readonly string[]): Promise<void> {
    const session = await this.#open();
    await session.query(`DELETE FROM lutra.resync WHERE id IN (${ids.join()})`);
  }

  async refuse(ids: readonly string[], problem: string): Promise<void> {
    const session = await this.#open();
    await session.query(`UPDATE lutra.resync SET problem = ${quoteText(cut(problem))} WHERE id IN (${ids.join()})`);
  }

  async insert(entries: readonly NewEntry[]): Promise<void> {
    const session = await this.#open();
    for (let at = 0; at < entries.length; at += insertRows) {
      const values = entries.slice(at, at + insertRows).map(({ table, rowKey, request, problem }) => {
        const texts = [table.database, table.name, rowKey, request].map(quoteText);
        return `(${[...texts, problem === null ? 'NULL' : quoteText(cut(problem))].join(', ')})`;
      });
      await session.query(`INSERT INTO lutra.resync (schema_name, table_name, row_key, request, problem) VALUES ${values.join(', ')}`);
    }
  }

  async definition({ database, name }: TableName): Promise<TargetTable> {
    return loadTable(await this.#open(), database, name);
  }

  async close(): Promise<void> {
    await this.#session?.close();
    this.#session = null;
  }

  /** Whoever may not delete and update is told before anything is sent: it would be sent again and again. */
  async #open(): Promise<Session> {
    if (this.#session && !this.#session.broken) return this.#session;
    const session = await Session.open(this.#source, 'source');
    try {
      await session.query('DELETE FROM lutra.resync WHERE id = 0');
      await session.query('UPDATE lutra.resync SET problem = NULL WHERE id = 0');
    } catch (error) {
      await session.close();
      throw error;
    }
    this.#session = session;
    return session;
  }
}

function cut(problem: string): string {
  return Array.from(problem).slice(0, maxProblem).join('');
}

/** It is trouble of the moment: of the server or the network, and of no entry. */
export function passes({ code, outcome }: SyncError): boolean {
  return (outcome === 'retry' || outcome === 'abort') && code !== 'TABLE_MISSING';
}

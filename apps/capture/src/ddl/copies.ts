/**
 * Schema changes that a loader ran here, which are no changes of this endpoint's own: the server has each under a GTID that tells so (the
 * witness, decision 0034), and lutra.ddl says where it was first run. The row stands in the binlog before the statement; one that was read
 * before this process began is asked for.
 */
import type { SourceConnection } from '@lutra/binlog';
import { SyncError, toSyncError } from '@lutra/model';
import type { Origin, Row, SourceItem, TableName } from '@lutra/model';
import { Session } from '@lutra/mysql';

export const ddlTable: TableName = { database: 'lutra', name: 'ddl' };

/** Asks lutra.ddl for the row of a witness. Null: there is none. */
export type AskCopy = (source: SourceConnection, gtid: string) => Promise<Origin | null>;

export function isWitness(gtid: string | null): gtid is string {
  return gtid?.startsWith('4c757472-') === true;
}

/** Of those that were read; older ones are asked for again. */
const mostKnown = 1_000;

export class DdlCopies {
  readonly #known = new Map<string, Origin>();
  readonly #ask: (gtid: string) => Promise<Origin | null>;

  constructor(ask: (gtid: string) => Promise<Origin | null>) {
    this.#ask = ask;
  }

  /** Each item before it is handed on. @throws SyncError CHECKPOINT_INVALID, SOURCE_* */
  accept(item: SourceItem): Promise<void> | null {
    if (item.kind === 'rows' && isDdlTable(item.table)) for (const { after } of item.rows) if (after) this.#learn(after);
    if (item.kind !== 'ddl' || !isWitness(item.gtid) || this.originOf(item.gtid) !== null) return null;
    return this.#askFor(item.gtid);
  }

  /** Null: nothing is known of it. */
  originOf(gtid: string): Origin | null {
    return this.#known.get(gtid) ?? null;
  }

  #learn(row: Row): void {
    const { incarnation, n } = row;
    if (typeof incarnation !== 'string' || n === undefined || n === null) throw unreadable();
    if (incarnation !== '') this.#keep(`${incarnation}:${String(n)}`, originOf(row['origin'], row['path']));
  }

  #keep(gtid: string, origin: Origin): void {
    this.#known.set(gtid, origin);
    for (const [oldest] of this.#known) {
      if (this.#known.size <= mostKnown) return;
      this.#known.delete(oldest);
    }
  }

  async #askFor(gtid: string): Promise<void> {
    const origin = await this.#ask(gtid);
    if (origin) this.#keep(gtid, origin);
  }
}

export async function askCopy(source: SourceConnection, gtid: string): Promise<Origin | null> {
  const [, incarnation, n] = /^([0-9a-f-]{36}):(\d+)$/.exec(gtid) ?? [];
  if (incarnation === undefined || n === undefined) return null;
  const session = await Session.open(source, 'source');
  try {
    const [row] = await session.query(`SELECT origin, path FROM lutra.ddl WHERE incarnation = '${incarnation}' AND n = ${n}`);
    return row ? originOf(String(row['origin']), String(row['path'])) : null;
  } catch (thrown) {
    if (toSyncError(thrown).code === 'TABLE_MISSING') return null;
    throw thrown;
  } finally {
    await session.close();
  }
}

function isDdlTable({ database, name }: TableName): boolean {
  return database === ddlTable.database && name === ddlTable.name;
}

function originOf(origin: unknown, path: unknown): Origin {
  if (typeof origin !== 'string' || typeof path !== 'string') throw unreadable();
  return { origin, path: path === '' ? [] : path.split(',') };
}

function unreadable(): SyncError {
  return new SyncError('CHECKPOINT_INVALID', 'lutra.ddl: a row that cannot be read; compare the table with schemas/lutra.sql');
}

/**
 * A large source transaction, written while it arrives: what it fights for is kept until its end, and held against the index of recent
 * changes before COMMIT. If something was changed on both sides it is rolled back and comes once more from its first row, resolved row by
 * row. It opens, gets its rows in pieces, closes.
 */
import { checkpointStatement, openingStatement } from '@lutra/marker';
import { SyncError, toSyncError } from '@lutra/model';
import type { RowEvent, TableSchema } from '@lutra/model';
import { differing, openingText, askFor, conflictKeysOf } from '@lutra/mysql';
import type { ApplyConnection, Change, ExactText } from '@lutra/mysql';
import { requireTold } from './concurrency.js';
import type { DetectorOptions } from './detector-options.js';
import type { BufferedTransaction } from './buffered-transactions.js';
import { commitPlaced } from '../files/commit-placed.js';
import { FilesWanted } from '../files/conflict-files.js';
import { TransactionResolver } from '../resolve/transaction-resolver.js';

const patienceMs = 30_000;

interface Open {
  readonly connection: ApplyConnection;
  readonly event: RowEvent;
  /** Null: its statements are given. */
  readonly resolver: TransactionResolver | null;
  /** What its rows fight for, as 53-bit numbers: texts would be a hundred bytes a row. Two that meet by chance cost a second attempt. */
  readonly conflictKeys: Set<number>;
  /** One of each table version. */
  readonly tables: Map<TableSchema, Change>;
}

export class StreamDetector {
  readonly #options: DetectorOptions;
  #open: Open | null = null;

  constructor(options: DetectorOptions) {
    this.#options = options;
  }

  /** `resolved`: row by row, because it met a conflict before. */
  async open({ event, resolved }: { readonly event: RowEvent; readonly resolved: boolean }): Promise<void> {
    const { peers, writer, key } = this.#options;
    const { origin, path } = event.source;
    await peers.open([event.transaction.seen]);
    const connection = await writer.ready();
    await connection.run(openingText(openingStatement({ ...key, origin, path }), { repeatable: resolved }));
    const resolver = resolved ? new TransactionResolver(connection, this.#options) : null;
    this.#open = { connection, event, resolver, conflictKeys: new Set(), tables: new Map() };
  }

  async chunk(rows: ExactText, changes: readonly Change[]): Promise<void> {
    const { connection, event, resolver, conflictKeys, tables } = this.#stream;
    const book = this.#options.tables;
    for (const change of changes) book.requireSession(change);
    await askFor(changes.flatMap((change) => book.images(change)));
    if (resolver) {
      await resolver.lock(changes);
      return resolver.resolve(changes, event.transaction.seen);
    }
    for (const change of changes) {
      this.#keep(change, conflictKeys);
      tables.set(change.source, change);
    }
    try {
      const results = await connection.run(rows);
      if ((await differing(rows, results)).length === 0) return;
    } catch (error) {
      if (toSyncError(error).code !== 'ROW_CONFLICT') throw error;
    }
    throw await unresolved(connection);
  }

  /** Its last rows, its position, COMMIT. @throws SyncError ROW_CONFLICT as a `conflict`, and as ConflictDetector.commit */
  async close(last: BufferedTransaction & { readonly statements: ExactText }): Promise<void> {
    await this.chunk(last.statements, last.changes);
    const { connection, resolver, conflictKeys, tables, event } = this.#stream;
    const { peers, writer, onConflicts } = this.#options;
    if (!resolver) {
      // It holds its locks for long in any case, and would have to begin at its first row.
      await peers.complete(true, patienceMs);
      requireTold([...tables.values()], event.transaction.seen, peers);
      for (const conflictKey of peers.changedSince(event.transaction.seen))
        if (conflictKeys.has(hash53(conflictKey))) throw await unresolved(connection);
    }
    const decided = resolver?.record(last);
    await resolver?.write();
    await this.#committed(last);
    writer.used();
    this.#open = null;
    if (decided) onConflicts(decided.conflicts, decided.transaction);
    peers.discard(last.event.transaction.seen);
  }

  /** It is void, or failed. */
  discard(): void {
    this.#open = null;
  }

  /** A file that is not staged is fetched when all is given up, and it begins once more. */
  async #committed(last: BufferedTransaction): Promise<void> {
    const { connection, resolver } = this.#stream;
    const { files } = this.#options;
    try {
      const decided = resolver?.files;
      const brought = decided ? files?.taken(decided, [last]) : files?.of([last]);
      await commitPlaced({ connection, files, brought: brought ?? null, fence: checkpointStatement(last.checkpoint) });
    } catch (error) {
      if (!(error instanceof FilesWanted)) throw error;
      await connection.rollback();
      await files?.fetch(error, [last]);
      const refused = { conflict: true, files: true } as const;
      throw new SyncError('ROW_CONFLICT', 'rows of a large transaction take files that were not staged', { refused });
    }
  }

  #keep(change: Change, conflictKeys: Set<number>): void {
    const { tables, rules } = this.#options;
    const table = tables.of(change);
    if (!table) return;
    for (const { conflictKey, primary } of conflictKeysOf(table.keys, change))
      if (primary || rules.targetIsHome) conflictKeys.add(hash53(conflictKey));
  }

  get #stream(): Open {
    if (this.#open) return this.#open;
    throw new SyncError('INTERNAL', 'rows of a transaction that was not opened');
  }
}

/** Two multiplicative hashes of 32 bits, mixed (after MurmurHash3's finaliser). */
function hash53(text: string): number {
  let [high, low] = [0xdeadbeef, 0x41c6ce57];
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    high = Math.imul(high ^ unit, 0x85ebca6b);
    low = Math.imul(low ^ unit, 0xc2b2ae35);
  }
  high = Math.imul(high ^ (high >>> 16), 0xc2b2ae35) ^ Math.imul(low ^ (low >>> 13), 0x85ebca6b);
  low = Math.imul(low ^ (low >>> 16), 0xc2b2ae35) ^ Math.imul(high ^ (high >>> 13), 0x85ebca6b);
  return 2 ** 32 * (high & 0x1fffff) + (low >>> 0);
}

async function unresolved(connection: ApplyConnection): Promise<SyncError> {
  await connection.rollback();
  return new SyncError('ROW_CONFLICT', 'rows of a large transaction were changed on both sides', { refused: { conflict: true } });
}

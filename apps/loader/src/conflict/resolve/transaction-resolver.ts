/**
 * What resolving takes beside the rows: locks first, then a complete index of recent changes, then each change in order; what was decided
 * is written down.
 */
import { inPieces } from '@lutra/mysql';
import type { ApplyConnection, Change, SqlText } from '@lutra/mysql';
import type { Seen } from '@lutra/model';
import { nameRow } from '../../commit/failure.js';
import { concurrentWith, requireTold } from '../detect/concurrency.js';
import { conflictText, hasFilesQuery } from '../record/conflict-record.js';
import type { Conflict, ConflictOf } from '../record/conflict-record.js';
import type { DetectorOptions } from '../detect/detector-options.js';
import type { BufferedTransaction } from '../detect/buffered-transactions.js';
import type { DecidedFiles } from '../files/decided-files.js';
import { RowResolver } from './row-resolver.js';

type Options = Pick<DetectorOptions, 'key' | 'of' | 'rules' | 'tables' | 'peers' | 'replaces' | 'files'>;

/** The conflicts of one source transaction. */
export interface Decided {
  readonly conflicts: readonly Conflict[];
  readonly transaction: Pick<BufferedTransaction, 'event' | 'position'>;
}

export class TransactionResolver {
  readonly #connection: ApplyConnection;
  readonly #options: Options;
  readonly #rowResolver: RowResolver;
  /** Null: no table has file rules. */
  readonly files: DecidedFiles | null;
  #seen: Seen = {};
  #records: { readonly conflict: Conflict; readonly about: ConflictOf }[] = [];

  /** For one open target transaction. */
  constructor(connection: ApplyConnection, options: Options) {
    const { rules, tables, key, of, peers } = options;
    this.#connection = connection;
    this.#options = options;
    const concurrent = (change: Change, table: Parameters<typeof concurrentWith>[1]) =>
      concurrentWith(change, table, { seen: this.#seen, peers });
    const by = { pipeline: key.pipeline, channel: of.channel };
    const files = options.files?.decided() ?? null;
    this.files = files;
    this.#rowResolver = new RowResolver({ connection, rules, tables, by, concurrent, files, replaces: (table) => options.replaces(table) });
  }

  /** Before any of the changes is resolved. */
  async lock(changes: readonly Change[]): Promise<void> {
    await this.#rowResolver.lock(changes);
    await this.#options.peers.complete(true);
  }

  /** Changes of one source transaction, which had seen so much. */
  async resolve(changes: readonly Change[], seen: Seen): Promise<void> {
    this.#seen = seen;
    requireTold(changes, seen, this.#options.peers);
    for (const change of changes)
      await this.#rowResolver.resolve(change).catch((error: unknown) => {
        throw nameRow(error, change);
      });
  }

  /** The conflicts since the last call; write() takes them into lutra.conflict. */
  record(transaction: Pick<BufferedTransaction, 'event' | 'position'>): Decided {
    const { key, of, rules, peers } = this.#options;
    const conflicts = this.#rowResolver.takeConflicts();
    const about = {
      pipeline: of.id,
      uid: key.pipeline,
      position: transaction.position,
      event: transaction.event,
      final: rules.targetIsHome || peers.none,
    };
    for (const conflict of conflicts) this.#records.push({ conflict, about });
    return { conflicts, transaction };
  }

  /** Last of all. */
  async write(): Promise<void> {
    for (const text of inPieces(await this.#texts())) await this.#connection.run(text);
    this.#records = [];
    await this.#rowResolver.writeResolutions();
  }

  /** A table of an older lutra.sql has no column for files. */
  async #texts(): Promise<readonly SqlText[]> {
    const lacksColumn = this.#records.some(({ conflict }) => conflict.files) && !(await this.#hasFiles());
    return this.#records.map(({ conflict: { files, ...conflict }, about }) =>
      conflictText([files && !lacksColumn ? { ...conflict, files } : conflict], about),
    );
  }

  async #hasFiles(): Promise<boolean> {
    const [rows = []] = await this.#connection.within(hasFilesQuery);
    return Number(rows[0]?.['found']) > 0;
  }
}

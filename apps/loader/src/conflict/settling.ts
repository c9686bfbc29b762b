/**
 * What settling takes beside the rows: locks first, then a complete window, then each change in order; what was decided is written down.
 */
import { inPieces } from '@lutra/mysql';
import type { ApplyConnection, Change, SqlText } from '@lutra/mysql';
import type { Seen } from '@lutra/model';
import { nameRow } from '../failure.js';
import { concurrentWith } from './concurrency.js';
import { conflictText } from './conflict-record.js';
import type { Conflict } from './conflict-record.js';
import type { GuardOptions } from './guard-options.js';
import { requireTold } from './left-out.js';
import type { Member } from './members.js';
import { Settlement } from './settlement.js';

type Options = Pick<GuardOptions, 'key' | 'rules' | 'tables' | 'peers'>;

/** The conflicts of one source transaction. */
export interface Decided {
  readonly conflicts: readonly Conflict[];
  readonly member: Pick<Member, 'event' | 'place'>;
}

export class Settling {
  readonly #connection: ApplyConnection;
  readonly #options: Options;
  readonly #settlement: Settlement;
  #seen: Seen = {};
  #records: SqlText[] = [];

  /** For one open target transaction. */
  constructor(connection: ApplyConnection, options: Options) {
    const { rules, tables, key, peers } = options;
    this.#connection = connection;
    this.#options = options;
    const concurrent = (change: Change, table: Parameters<typeof concurrentWith>[1]) =>
      concurrentWith(change, table, { seen: this.#seen, peers });
    this.#settlement = new Settlement({ connection, rules, tables, pipeline: key.pipeline, concurrent });
  }

  /** Before any of the changes is settled. */
  async lock(changes: readonly Change[]): Promise<void> {
    await this.#settlement.lock(changes);
    await this.#options.peers.complete(true);
  }

  /** Changes of one source transaction, which had seen so much. */
  async settle(changes: readonly Change[], seen: Seen): Promise<void> {
    this.#seen = seen;
    requireTold(changes, seen, this.#options.peers);
    for (const change of changes)
      await this.#settlement.settle(change).catch((error: unknown) => {
        throw nameRow(error, change);
      });
  }

  /** The conflicts since the last call; write() takes them into lutra.conflict. */
  record(member: Pick<Member, 'event' | 'place'>): Decided {
    const { key, rules, peers } = this.#options;
    const conflicts = this.#settlement.takeConflicts();
    const about = { pipeline: key.pipeline, place: member.place, event: member.event, final: rules.targetIsHome || peers.none };
    this.#records.push(...conflicts.map((conflict) => conflictText([conflict], about)));
    return { conflicts, member };
  }

  /** Last of all. */
  async write(): Promise<void> {
    for (const text of inPieces(this.#records)) await this.#connection.run(text);
    this.#records = [];
    await this.#settlement.writeRemedies();
  }
}

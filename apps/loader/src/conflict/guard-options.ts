/** What the guard and its parts work with. */
import type { CheckpointKey } from '../target-writer.js';
import type { AttemptsOptions } from './attempts.js';
import type { Conflict } from './conflict-record.js';
import type { Member } from './members.js';
import type { Peers } from './peers.js';
import type { RemedyTables } from './remedy.js';
import type { KeyCollations } from './resources.js';
import type { RuleBook } from './rules.js';
import type { TableBook } from './table-book.js';

export interface GuardOptions extends AttemptsOptions {
  readonly key: CheckpointKey;
  readonly rules: RuleBook;
  readonly tables: TableBook;
  readonly collations: KeyCollations;
  readonly remedyTables: RemedyTables;
  readonly peers: Pick<
    Peers,
    | 'none'
    | 'open'
    | 'complete'
    | 'changedAfter'
    | 'changedSince'
    | 'rivals'
    | 'changedHere'
    | 'leftOut'
    | 'forget'
    | 'follow'
    | 'quiet'
    | 'caughtUp'
  >;
  /** Committed; of one source transaction. */
  onConflicts(conflicts: readonly Conflict[], member: Pick<Member, 'event' | 'place'>): void;
}

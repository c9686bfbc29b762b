/** What the conflict detector and its parts work with. */
import type { LoaderWork } from '../../assignments.js';
import type { CheckpointKey, TargetWriter } from '../../commit/target-writer.js';
import type { CameFrom, Conflict } from '../record/conflict-record.js';
import type { Peers } from './peers.js';
import type { Checkpoint } from '@lutra/marker';
import type { Resolution, ResolutionTables } from '../resolve/resolution.js';
import type { LeftOut } from '../../plan/rows-by-name.js';
import type { TableName } from '@lutra/model';
import type { KeyCollations } from '@lutra/mysql';
import type { RuleBook } from '../decide/rules.js';
import type { ConflictFiles } from '../files/conflict-files.js';
import type { TableBook } from './table-book.js';

export interface DetectorOptions {
  readonly writer: Pick<TargetWriter, 'ready' | 'used' | 'drop' | 'rollback' | 'observe'>;
  readonly key: CheckpointKey;
  /** What people know the pipeline by. */
  readonly of: Pick<LoaderWork, 'id' | 'channel'>;
  readonly rules: RuleBook;
  readonly tables: TableBook;
  readonly collations: KeyCollations;
  readonly resolutionTables: ResolutionTables;
  readonly peers: Pick<
    Peers,
    | 'none'
    | 'open'
    | 'complete'
    | 'changedAfter'
    | 'changedSince'
    | 'concurrentChanges'
    | 'changedHere'
    | 'leftOut'
    | 'dropless'
    | 'dropped'
    | 'upToNow'
    | 'discard'
    | 'follow'
    | 'quiet'
    | 'caughtUp'
  >;
  /** Null: no table has file rules. */
  readonly files: ConflictFiles | null;
  /** Of the source's table: this pipeline is seeding it, and what it brings replaces what is there. */
  replaces(table: TableName): boolean;
  /** See LeftOutRows.note: something is left out of what home made of a row, which ends at that checkpoint. */
  leave(left: LeftOut, of: { readonly resolution: Resolution; readonly checkpoint: Checkpoint }): Promise<void>;
  /** Committed; of one source transaction. */
  onConflicts(conflicts: readonly Conflict[], from: CameFrom): void;
}

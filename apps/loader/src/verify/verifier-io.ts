/** What the verifications of a channel reach: ZooKeeper, servers, events, metrics. Tests give it memory. */
import type { OperationalEvent, VerificationOrder, VerificationResult, VerifiedFiles, VerifiedTable } from '@lutra/model';
import type { RootsOptions } from './files/search-roots.js';
import type { PassOptions } from './pass.js';
import type { RepairOptions } from './repair/run-repair.js';

export interface VerifierIo {
  readonly channel: string;
  readonly region: string;
  /** Of the cluster, now. */
  level(): number;
  order(): Promise<VerificationOrder | null>;
  result(): Promise<VerificationResult | null>;
  write(result: VerificationResult): Promise<void>;
  /** What comes before the order; null: nothing. */
  waitsFor(order: VerificationOrder): Promise<string | null>;
  /** Rows that an earlier order found are of no use to anybody. */
  forget(request: string): Promise<void>;
  pass(
    options: Pick<PassOptions, 'order' | 'pass' | 'known' | 'between' | 'look' | 'tables' | 'signal'>,
  ): Promise<readonly VerifiedTable[]>;
  /** Behind the tables of a pass: the roots, each told when it is done. */
  searchRoots(options: Pick<RootsOptions, 'order' | 'pass' | 'tables' | 'known' | 'between' | 'searched' | 'signal'>): Promise<void>;
  /** One time over all that differs. Rows that were repaired. */
  repair(options: Pick<RepairOptions, 'order' | 'tables' | 'before' | 'look' | 'told'>): Promise<number>;
  /** Tables are under no repair any more but that of this id. */
  endRepairs(except: string | null): Promise<void>;
  tell(event: OperationalEvent): void;
  /** Rows that were compared since the last call. */
  compared(rows: number): void;
  /** Of a table that is done. */
  comparedFiles(files: VerifiedFiles): void;
  /** Files that no row names, of a root that was searched. */
  foundOrphans(files: number): void;
  /** Rows that were repaired since the last call. */
  repairedRows(rows: number): void;
  verdicts(tables: readonly VerifiedTable[]): void;
}

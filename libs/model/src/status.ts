/** What an app says about one endpoint or pipeline that it works on. Kept in an ephemeral ZooKeeper node, at most once a second. */
import type { RestartTry } from './auto-restart.js';
import type { DdlActivity, DdlHold } from './ddl.js';
import type { ErrorCode } from './errors.js';
import type { FilesActivity } from './file-rule.js';
import type { FilePosition, Position } from './position.js';
import type { RouteFingerprints } from './route.js';
import type { SeedState } from './seed.js';
import type { Suspension } from './suspension.js';
import type { RevisionMark } from './tree-revision.js';

export const workStates = ['starting', 'standby', 'running', 'waiting', 'held', 'paused', 'stopped', 'failed'] as const;
/**
 * standby: another process holds the lease · waiting: retrying, `waitingFor` says for what · held: at a schema change, `hold` says why ·
 * failed: needs an operator
 */
export type WorkState = (typeof workStates)[number];

export interface ErrorReport {
  readonly code: ErrorCode;
  readonly message: string;
  readonly help: string;
  /** ms since 1970 */
  readonly at: number;
  readonly details: Readonly<Record<string, unknown>>;
}

/** The configuration that a process works by. */
export interface ConfigurationState extends RevisionMark {
  /** The tree in ZooKeeper does not continue it: CONFIG_REGRESSED. */
  readonly regressed: boolean;
}

/** What capture does about one order to seed. */
export interface SeedActivity {
  /** Of the pipeline. */
  readonly uid: string;
  /** Id of the order. */
  readonly request: string;
  /** done: each table that is not refused is at the target. */
  readonly state: SeedState | 'done';
  readonly tables: number;
  readonly tablesDone: number;
  /** Tables that cannot be seeded, and why. */
  readonly refused: readonly { readonly database: string; readonly table: string; readonly code: ErrorCode; readonly message: string }[];
  /** Published since this process took over; the estimate is of all tables, by the server's statistics; null: not known yet. */
  readonly rows: number;
  readonly rowsEstimated: number | null;
  readonly rowsPerSecond: number;
  readonly etaMs: number | null;
  readonly waitingFor: string | null;
}

export interface WorkStatus {
  readonly app: 'capture' | 'loader' | 'files';
  /** Endpoint (capture), `<channel>.<pipeline>` (loader) or `<region>.<root>` (files). */
  readonly name: string;
  /** Loader: of the pipeline, once it works on it. Capture: null. */
  readonly uid: string | null;
  /** host:pid of the process that works. */
  readonly instance: string;
  readonly state: WorkState;
  readonly waitingFor: string | null;
  readonly epoch: number | null;
  /** Rows and transactions since this process took over. */
  readonly rows: number;
  readonly transactions: number;
  readonly rowsPerSecond: number;
  /**
   * ms: what was committed at the source so long ago is handled; 0 when nothing is left to do; null when unknown. Grows while nothing
   * comes.
   */
  readonly lagMs: number | null;
  /** Capture: up to where the source was read. Loader: null. */
  readonly position: Position | null;
  /** Capture: where the source's own binlog ended when it was last asked, at `at` (ms since 1970). Loader: null. */
  readonly sourceEnd: (FilePosition & { readonly at: number }) | null;
  /**
   * Capture: XA transactions that were prepared since it connected and have no outcome yet: how many, and the oldest one. Null: none.
   * Loader: null.
   */
  readonly prepared: (FilePosition & { readonly count: number; readonly xid: string; readonly sinceMs: number }) | null;
  /** Log id and seq of the last record written (capture) or applied (loader). */
  readonly log: string | null;
  readonly seq: number | null;
  /** Kafka offset after that record. */
  readonly offset: number | null;
  /** Capture: transactions that loaders wrote and that were therefore not published. */
  readonly marked: number;
  /** Capture: transactions that an application did not want replicated; requests of applications that were not heeded. */
  readonly skipped: number;
  readonly ignored: number;
  /**
   * Routes that are in force: those of all pipelines of the endpoint, written into the log (capture); of this pipeline (loader). null: not
   * yet.
   */
  readonly routes: RouteFingerprints | null;
  /** Tables that are not replicated until an operator has brought them back. null: not known yet. */
  readonly suspended: readonly Suspension[] | null;
  /**
   * Capture: entries of lutra.resync that wait (10,000: or more), and why none is taken; null: they are. Null: of a loader, or not looked
   * yet.
   */
  readonly resync: { readonly waiting: number; readonly problem: string | null } | null;
  /** null: the process has not read a revision yet. */
  readonly configuration: ConfigurationState | null;
  /** Capture: orders to seed. Absent: of a loader, or of a build that does not know them. */
  readonly seeds?: readonly SeedActivity[] | undefined;
  /** Loader: the schema change at which it holds, and the one that runs at the target. Absent: there is none. */
  readonly hold?: DdlHold | undefined;
  readonly ddl?: DdlActivity | undefined;
  /** Loader: what waits for files. Absent: nothing. */
  readonly files?: FilesActivity | undefined;
  readonly lastError: ErrorReport | null;
  /** Stops that were tried again by themselves within the last hour (`autoRestart`); the last one may be still to come. Absent: none. */
  readonly restarts?: readonly RestartTry[] | undefined;
  /** ms since 1970 */
  readonly updatedAt: number;
}

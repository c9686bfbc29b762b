/**
 * The tables that this pipeline does not write. Three causes: the log does not hold one any more, and its `routes` record says so; the
 * target's definition of one refuses it; or the target's own log does not tell what is changed in it there (detect/concurrency.ts). Each
 * takes the tables with it that foreign keys of the target tie to it, from the same position: all before it is committed, and it stands in
 * the target (lutra.suspended) before anything behind it is. So whoever is killed where, the next owner leaves out the same rows.
 *
 * A person may want a table suspended, too: then it is, where the pipeline stands when it learns of that. It comes back by a seed, and ends
 * where that begins in the log, in the transaction of that record. Counter-example for an end at the time of the edit: what the log has
 * between the two is applied to rows that lack what was left out before.
 *
 * Any other suspension ends only where the log says that the pipeline has routes without the table: an operator's act, after which it comes
 * in again as any table does. Not by the routes alone. Counter-example: the table is taken out and put in again while the loader is far
 * behind; rows from before it was brought back would be applied.
 */
import type { Checkpoint } from '@lutra/marker';
import { sourceTable, SyncError, toSyncError, without } from '@lutra/model';
import type {
  ControlRecord,
  ErrorCode,
  Route,
  RouteFingerprints,
  Router,
  SuspendedByPerson,
  Suspension,
  TableName,
  UnsupportedPolicy,
} from '@lutra/model';
import { endSuspension } from '@lutra/mysql';
import type { ConnectionOptions, SqlText, SuspensionChange } from '@lutra/mysql';
import type { TargetPort } from '../io.js';

export interface SuspensionsOptions {
  readonly port: Pick<TargetPort, 'readSuspended' | 'writeSuspended' | 'tiedTables'>;
  readonly target: ConnectionOptions;
  /** As it was taken over. */
  readonly checkpoint: Checkpoint;
  /** `<channel>.<pipeline>`, for messages. */
  readonly name: string;
  readonly routes: readonly Route[];
  readonly router: Router;
  /** Of the pipeline, as the run works with. */
  readonly fingerprints: RouteFingerprints;
  readonly policy: UnsupportedPolicy;
  /** Committed. */
  onBegun(tables: readonly Suspension[], at: { readonly log: string; readonly seq: number }): Promise<void>;
}

/** What stands in lutra.suspended. */
const byPerson: ErrorCode = 'TABLE_SUSPENDED_BY_PERSON';

/** A table of the source that ended a run at its target. */
export interface Refused extends TableName {
  readonly code: ErrorCode;
  readonly message: string;
}

/** What ended a run, if it is a table's definition at the target, as TableMatcher tells it; or a table that its log does not tell of. */
export function refusedTable(thrown: unknown): Refused | null {
  const { refused, message } = toSyncError(thrown);
  // A right that was taken away hides tables, one after the other.
  return refused.table && !refused.hidden ? { ...refused.table, message } : null;
}

export class Suspensions {
  readonly #options: SuspensionsOptions;
  #tables: readonly Suspension[];

  private constructor(options: SuspensionsOptions, tables: readonly Suspension[]) {
    this.#options = options;
    this.#tables = tables;
  }

  /** @throws SyncError TABLE_SUSPENDED where the channel does not want that; TARGET_* */
  static async open(options: SuspensionsOptions): Promise<Suspensions> {
    const suspensions = new Suspensions(options, await options.port.readSuspended(options.target, options.checkpoint.pipeline));
    suspensions.#requireSuspendable(suspensions.tables.filter((table) => options.router(table) !== null));
    return suspensions;
  }

  get tables(): readonly Suspension[] {
    return this.#tables;
  }

  has({ database, name }: TableName): boolean {
    return this.#tables.some((table) => table.database === database && table.name === name);
  }

  /** By its name at the target. */
  hasTarget({ database, name }: TableName): boolean {
    return this.#tables.some((table) => {
      const target = this.#options.router(table);
      return target?.database === database && target.name === name;
    });
  }

  /** What a record of the log changes; null: nothing. */
  changeBy(control: ControlRecord): SuspensionChange | null {
    if (control.kind !== 'routes') return null;
    const { router, checkpoint, fingerprints } = this.#options;
    const begun = without(control.suspended ?? [], this.#tables).filter((table) => router(table) !== null);
    const isOurs = control.pipelines[checkpoint.pipeline] === fingerprints[checkpoint.pipeline];
    const ended = isOurs ? this.#tables.filter((table) => router(table) === null) : [];
    return begun.length + ended.length === 0 ? null : { begun, ended };
  }

  /** All before `at` is committed. @throws SyncError TABLE_SUSPENDED; FENCED, TARGET_* */
  async follow(change: SuspensionChange, at: { readonly log: string; readonly seq: number }): Promise<void> {
    this.#requireSuspendable(change.begun);
    const { port, target, checkpoint, onBegun } = this.#options;
    const begun: Suspension[] = [];
    for (const table of change.begun) begun.push(...without(await this.#withTied(table, at.seq), [...this.#tables, ...begun]));
    await port.writeSuspended(target, { ...checkpoint, logId: at.log, seq: at.seq }, { ...change, begun });
    this.#tables = [...without(this.#tables, change.ended), ...begun];
    if (begun.length > 0) await onBegun(begun, at);
  }

  /** What this target refused, from where the checkpoint stands. */
  async refuse({ database, name, code, message }: Refused): Promise<void> {
    const { logId: log, seq } = this.#options.checkpoint;
    const refused = { database, name, code, message, where: `seq ${seq}`, at: Date.now() };
    await this.follow({ begun: [refused], ended: [] }, { log, seq });
  }

  /** Of those that a person wants suspended, those that the pipeline writes. */
  notYet<T extends TableName>(wanted: readonly T[]): readonly T[] {
    return without(wanted, this.#tables).filter((table) => this.#options.router(table) !== null);
  }

  /** From where the checkpoint stands. */
  async suspendAsWanted(wanted: readonly SuspendedByPerson[]): Promise<void> {
    const { logId: log, seq } = this.#options.checkpoint;
    const begun = this.notYet(wanted).map(({ database, name, by, reason, at }) => {
      return { database, name, code: byPerson, message: `${by}: ${reason}`, where: `seq ${seq}`, at };
    });
    if (begun.length > 0) await this.follow({ begun, ended: [] }, { log, seq });
  }

  /** By a person, itself or a table that foreign keys tie to it. */
  isByPerson({ database, name }: TableName): boolean {
    return this.#tables.some((table) => table.code === byPerson && table.database === database && table.name === name);
  }

  /** For the transaction of the record at which its seed begins; what is behind it is written. */
  resume(table: TableName): SqlText {
    this.#tables = without(this.#tables, [table]);
    return endSuspension(this.#options.checkpoint.pipeline, table);
  }

  /** Itself, and what foreign keys of the target tie to it, as far as the pipeline writes it. */
  async #withTied(table: Suspension, seq: number): Promise<readonly Suspension[]> {
    const { port, target, router, routes } = this.#options;
    const arrives = router(table);
    const tied = arrives ? await port.tiedTables(target, arrives) : [];
    const sources = tied.flatMap((one) => sourceTable(one, routes, router) ?? []);
    const because = table.because ?? `${table.database}.${table.name}`;
    const where = `seq ${seq}`;
    return [
      { ...table, where },
      ...sources.map((one) => ({ ...one, code: table.code, message: `tied by foreign keys to ${because}`, where, at: table.at, because })),
    ];
  }

  /** What a person wants needs no policy. */
  #requireSuspendable(all: readonly Suspension[]): void {
    const tables = all.filter(({ code }) => code !== byPerson);
    const first = tables.find(({ because }) => because === undefined) ?? tables[0];
    if (this.#options.policy === 'suspend' || !first) return;
    const { name: pipeline } = this.#options;
    const { database, name, code, message, where } = first;
    const others = tables.length > 1 ? ` and ${tables.length - 1} more` : '';
    throw new SyncError(
      'TABLE_SUSPENDED',
      `pipeline ${pipeline}: ${database}.${name}${others} ${others ? 'are' : 'is'} suspended since ${where} (${code}: ${message})`,
      {
        details: { pipeline, database, table: name },
      },
    );
  }
}

/**
 * Source table version → target table, by the pipeline's routes; read once from the target and held against the source's shape. Where the
 * target takes writes of its own, without what was dropped there behind what a row had seen.
 */
import { SyncError, toSyncError, unwritable } from '@lutra/model';
import type { Router, Seen, TableName, TableSchema } from '@lutra/model';
import { keyed, matchTables } from '@lutra/mysql';
import type { TargetTable } from '@lutra/mysql';
import type { Drop } from '../conflict/drops/drops.js';
import type { Peers } from '../conflict/detect/peers.js';
import { leftOutOf, redefaulted, withoutColumns } from './rows-by-name.js';
import type { LeftOut } from './rows-by-name.js';

export interface TableMatcherOptions {
  readonly router: Router;
  /** Null: nothing comes back from the target. */
  readonly here: Pick<Peers, 'dropless' | 'dropped' | 'upToNow'> | null;
  load(database: string, name: string): Promise<TargetTable>;
  /** Of a table of the source: it is not written although it is routed. */
  isSuspended(table: TableName): boolean;
}

/** How rows of a table version are written. */
export interface Matched {
  /** As far as its rows are written. */
  readonly source: TableSchema;
  readonly target: TargetTable;
  /** Null: nothing. */
  readonly left: LeftOut | null;
  /** Of a new row; null: it can be written. */
  readonly refused: SyncError | null;
}

/** The rows are of a table that is gone. */
export interface Gone {
  readonly target: null;
  readonly left: LeftOut;
}

/** What the rows had seen, and whether a transaction holds locks meanwhile. */
export interface Coming {
  readonly seen: Seen;
  readonly isOpen: boolean;
}

export class TableMatcher {
  readonly #options: TableMatcherOptions;
  /** As they come. */
  readonly #matched = new Map<TableSchema, Matched | null>();
  /** By what is left out of them. */
  readonly #without = new Map<TableSchema, Map<string, Matched | Gone>>();
  /** Of those whose rows are not all written as they come: asking the target for each row takes longer than writing it. */
  readonly #targets = new Map<TableSchema, TargetTable>();

  constructor(options: TableMatcherOptions) {
    this.#options = options;
  }

  /**
   * null: no route of this pipeline takes the table, or it is suspended; or it is that of an online tool, goes with a table that a route
   * names, and is not here: the tool began before that was routed.
   * @throws SyncError TABLE_MISSING, COLUMN_MISSING, ENGINE_UNSUPPORTED, TRIGGER_UNGUARDED, as the source's table's matter; CAPTURE_BEHIND,
   * and as Peers.open
   */
  targetOf(source: TableSchema, coming: Coming): Matched | Gone | null | Promise<Matched | Gone | null> {
    const matched = this.#matched.get(source);
    if (matched !== undefined && (matched === null || this.#options.here?.dropless !== false)) return matched;
    return this.#match(source, coming);
  }

  /** Other tables are suspended now. */
  discard(): void {
    this.#matched.clear();
    this.#without.clear();
    this.#targets.clear();
  }

  async #match(source: TableSchema, coming: Coming): Promise<Matched | Gone | null> {
    const { router, isSuspended } = this.#options;
    const name = isSuspended(source) ? null : router(source);
    if (name === null) {
      this.#matched.set(source, null);
      return null;
    }
    // A version that is new here may be older than what the target has dropped: what it lacks would be taken for missing.
    const isNew = !this.#matched.has(source) && !this.#without.has(source);
    if (isNew) await this.#options.here?.upToNow(coming);
    try {
      return await this.#matchAs(source, name, coming);
    } catch (error) {
      if (router.shadow(source) === 'implied' && toSyncError(error).code === 'TABLE_MISSING') {
        this.#matched.set(source, null);
        return null;
      }
      throw refusedFor(error, source);
    }
  }

  async #matchAs(source: TableSchema, name: TableName, { seen }: Coming): Promise<Matched | Gone> {
    const { here } = this.#options;
    const known = this.#matched.get(source);
    if (here === null || here.dropless) return known ?? this.#keep(source, matchedOf(source, await this.#load(name)));
    const isGone = this.#goneBy(source, here.dropped(name, seen, false));
    if (isGone) return isGone;
    const target = known?.target ?? (await this.#targetOf(source, name).catch(thatIsMissing));
    const isThere = !(target instanceof SyncError);
    const drops = here.dropped(isThere ? target : name, seen, isThere);
    if (drops.length === 0 && !isThere) throw target;
    if (drops.length === 0 && isThere) return known ?? this.#keep(source, matchedOf(source, target));
    const all = this.#without.get(source) ?? new Map<string, Matched | Gone>();
    this.#without.set(source, all);
    const what = keyOf(drops, isThere);
    let found = all.get(what);
    if (!found) all.set(what, (found = matchedWithout(source, name, { drops, target })));
    return found;
  }

  /** Of a table that was not there when these drops were known: one that is made anew adds to them, before a row of it can come. */
  #goneBy(source: TableSchema, drops: readonly Drop[]): Matched | Gone | undefined {
    return this.#without.get(source)?.get(keyOf(drops, false));
  }

  async #targetOf(source: TableSchema, name: TableName): Promise<TargetTable> {
    const known = this.#targets.get(source);
    if (known) return known;
    const loaded = await this.#load(name);
    this.#targets.set(source, loaded);
    return loaded;
  }

  #load({ database, name }: TableName): Promise<TargetTable> {
    return this.#options.load(database, name);
  }

  #keep(source: TableSchema, matched: Matched): Matched {
    this.#matched.set(source, matched);
    return matched;
  }
}

function keyOf(drops: readonly Drop[], isThere: boolean): string {
  return `${isThere ? 'there' : 'missing'} ${drops.map(({ seq }) => seq).join()}`;
}

function matchedWithout(
  source: TableSchema,
  name: TableName,
  { drops, target }: { readonly drops: readonly Drop[]; readonly target: TargetTable | SyncError },
): Matched | Gone {
  const isThere = !(target instanceof SyncError);
  const left = leftOutOf(source, isThere ? target : null, { table: isThere ? target : name, drops });
  if (left?.columns === null) return { target: null, left };
  if (!isThere) throw drops.at(-1)?.does.kind === 'away' ? comesBack(name) : target;
  const refused = redefaulted(source, target, drops);
  return { ...matchedOf(left ? withoutColumns(source, left.columns) : source, target), left, refused };
}

function matchedOf(source: TableSchema, loaded: TargetTable): Matched {
  matchTables(source, loaded);
  return { source, target: keyed(source, loaded), left: null, refused: null };
}

/** An online tool that renames in two steps. */
function comesBack({ database, name }: TableName): SyncError {
  const message = `${database}.${name} is put aside at the target, and no other table is in its place yet`;
  return new SyncError('TARGET_CHANGED', message, { details: { database, table: name } });
}

function thatIsMissing(thrown: unknown): SyncError {
  const error = toSyncError(thrown);
  if (error.code !== 'TABLE_MISSING') throw error;
  return error;
}

/** What the target's definition refuses is the matter of the source's table. */
export function refusedFor(error: unknown, { database, name }: TableName): unknown {
  if (!(error instanceof SyncError) || !unwritable.has(error.code)) return error;
  const refused = { table: { database, name, code: error.code } };
  return error.again(error.message, { details: { sourceDatabase: database, sourceTable: name }, refused });
}

/** Source table version → target table, by the pipeline's routes; read once from the target and held against the source's shape. */
import { SyncError, toSyncError, unwritable } from '@lutra/model';
import type { Router, TableName, TableSchema } from '@lutra/model';
import { keyed, matchTables } from '@lutra/mysql';
import type { TargetTable } from '@lutra/mysql';

export interface TableMatcherOptions {
  readonly router: Router;
  load(database: string, name: string): Promise<TargetTable>;
  /** Of a table of the source: it is not written although it is routed. */
  isSuspended(table: TableName): boolean;
}

export class TableMatcher {
  readonly #options: TableMatcherOptions;
  readonly #matched = new Map<TableSchema, TargetTable | null>();

  constructor(options: TableMatcherOptions) {
    this.#options = options;
  }

  /**
   * null: no route of this pipeline takes the table, or it is suspended; or it is that of an online tool, goes with a table that a route
   * names, and is not here: the tool began before that was routed.
   * @throws SyncError TABLE_MISSING, COLUMN_MISSING, ENGINE_UNSUPPORTED, TRIGGER_UNGUARDED, as the source's table's matter
   */
  targetOf(source: TableSchema): TargetTable | null | Promise<TargetTable | null> {
    const matched = this.#matched.get(source);
    return matched === undefined ? this.#match(source) : matched;
  }

  /** Other tables are suspended now. */
  discard(): void {
    this.#matched.clear();
  }

  async #match(source: TableSchema): Promise<TargetTable | null> {
    const { router, load, isSuspended } = this.#options;
    const name = isSuspended(source) ? null : router(source);
    try {
      const loaded = name && (await load(name.database, name.name));
      if (loaded) matchTables(source, loaded);
      const target = loaded && keyed(source, loaded);
      this.#matched.set(source, target);
      return target;
    } catch (error) {
      if (router.shadow(source) === 'implied' && toSyncError(error).code === 'TABLE_MISSING') {
        this.#matched.set(source, null);
        return null;
      }
      throw refusedFor(error, source);
    }
  }
}

/** What the target's definition refuses is the matter of the source's table. */
export function refusedFor(error: unknown, { database, name }: TableName): unknown {
  if (!(error instanceof SyncError) || !unwritable.has(error.code)) return error;
  const refused = { table: { database, name, code: error.code } };
  return error.again(error.message, { details: { sourceDatabase: database, sourceTable: name }, refused });
}

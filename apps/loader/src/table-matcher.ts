/** Source table version → target table, by the pipeline's routes; read once from the target and held against the source's shape. */
import type { Router, TableSchema } from '@lutra/model';
import { matchTables } from '@lutra/mysql';
import type { TargetTable } from '@lutra/mysql';

export class TableMatcher {
  readonly #router: Router;
  readonly #load: (database: string, name: string) => Promise<TargetTable>;
  readonly #matched = new Map<TableSchema, TargetTable | null>();

  constructor(router: Router, load: (database: string, name: string) => Promise<TargetTable>) {
    this.#router = router;
    this.#load = load;
  }

  /**
   * null: no route of this pipeline takes the table.
   * @throws SyncError TABLE_MISSING, COLUMN_MISSING, ENGINE_UNSUPPORTED
   */
  targetOf(source: TableSchema): TargetTable | null | Promise<TargetTable | null> {
    const matched = this.#matched.get(source);
    return matched === undefined ? this.#match(source) : matched;
  }

  async #match(source: TableSchema): Promise<TargetTable | null> {
    const name = this.#router(source);
    const target = name && (await this.#load(name.database, name.name));
    if (target) matchTables(source, target);
    this.#matched.set(source, target);
    return target;
  }
}

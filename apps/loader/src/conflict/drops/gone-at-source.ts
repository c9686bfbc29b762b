/**
 * Tables that the source has dropped, as far as this pipeline has come when its run begins: a schema change begins another run. What was
 * written here to such a table before that, the source leaves out when it comes (docs/decisions/0034-ddl.md, 17). So it must count here for
 * nothing, too. Counter-example for counting it: the source makes the table anew, inserts a row with the key of one that is under way, and
 * deletes it. It meets no conflict; here the deletion would be one, and lose.
 */
import { tableName } from '@lutra/model';
import type { Seen, TableName } from '@lutra/model';
import { readDropped } from '@lutra/mysql';
import type { DroppedTable, ResultRow } from '@lutra/mysql';

export interface GoneAtSourceOptions {
  /** At the target. */
  query(sql: string): Promise<readonly ResultRow[]>;
  /** uid, and the region that it comes from: what a transaction of the target had seen of the source's log stands under either. */
  readonly pipeline: string;
  readonly region: string;
}

export class GoneAtSource {
  readonly #options: GoneAtSourceOptions;
  #known: Promise<ReadonlyMap<string, readonly DroppedTable[]>> | null = null;

  constructor(options: GoneAtSourceOptions) {
    this.#options = options;
  }

  /** A change of the target's table that had seen so much: who says nothing of the source's log is left out nowhere. */
  async leavesOut(table: TableName, seen: Seen): Promise<boolean> {
    const { pipeline, region } = this.#options;
    const position = seen[pipeline] ?? seen[region];
    if (!position) return false;
    const known = await this.#drops();
    if (known.size === 0) return false;
    const drops = [table, { ...table, name: '*' }].flatMap((of) => known.get(tableName(of)) ?? []);
    return drops.some(({ log, seq }) => log === position.log && seq > position.seq);
  }

  #drops(): Promise<ReadonlyMap<string, readonly DroppedTable[]>> {
    this.#known ??= this.#read().catch((error: unknown) => {
      this.#known = null;
      throw error;
    });
    return this.#known;
  }

  async #read(): Promise<ReadonlyMap<string, readonly DroppedTable[]>> {
    const { query, pipeline } = this.#options;
    return Map.groupBy(await readDropped({ query }, pipeline), ({ table }) => tableName(table));
  }
}

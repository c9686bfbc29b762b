/** Tables of the target by name, read once in a run: whose keys tell what two changes can fight for. */
import { toSyncError } from '@lutra/model';
import type { TableName } from '@lutra/model';
import type { TargetTable } from '@lutra/mysql';

export class TargetTables {
  readonly #load: (database: string, name: string) => Promise<TargetTable>;
  readonly #known = new Map<string, Promise<TargetTable | null>>();

  constructor(load: (database: string, name: string) => Promise<TargetTable>) {
    this.#load = load;
  }

  /** Null: there is none (any more), so nothing is written to it. */
  of({ database, name }: TableName): Promise<TargetTable | null> {
    const key = `${database}\0${name}`;
    let table = this.#known.get(key);
    if (!table) {
      table = this.#load(database, name).catch((error: unknown) => {
        this.#known.delete(key);
        if (toSyncError(error).code === 'TABLE_MISSING') return null;
        throw error;
      });
      this.#known.set(key, table);
    }
    return table;
  }
}

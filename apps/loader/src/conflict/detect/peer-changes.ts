/**
 * What a record of another region's log changes, as the keys of the target tell it: what the index of recent changes (recent-changes.ts) is
 * made of.
 */
import type { RecordBody, Row, RowEvent, TableName, TableSchema } from '@lutra/model';
import type { Keys } from './conflict-keys.js';

export interface PeerChangesOptions {
  /**
   * The source, and the regions that have an index of recent changes of their own: what was forwarded from there is no change of this log's
   * region.
   */
  readonly others: readonly string[];
  /** The keys of a table of that log, as the target has them; null: a table that this pipeline does not carry. */
  keysOf(table: TableSchema): Promise<Keys | null> | Keys | null;
  /** The same for a resolution, which names its table only. Null as well: it is of another channel, so nobody here takes it. */
  keysOfResolution(resolution: TableName & { readonly pipeline: string }): Promise<Keys | null>;
}

/** What was changed, and the keys by which it counts. */
export interface Changed {
  readonly keys: Keys;
  readonly images: readonly (Row | null)[];
}

export class PeerChanges {
  readonly #options: PeerChangesOptions;
  readonly #keys = new Map<TableSchema, Keys | null>();

  constructor(options: PeerChangesOptions) {
    this.#options = options;
  }

  /** Null: nothing that counts here. */
  async of(body: RecordBody): Promise<Changed | null> {
    switch (body.kind) {
      case 'row': {
        const { before, after } = body.event;
        return this.#isKnown(body.event) ? null : changed(this.#keys.get(body.table) ?? (await this.#keysOf(body.table)), [before, after]);
      }
      case 'resolution': {
        const keys = await this.#options.keysOfResolution({ pipeline: body.pipeline, database: body.database, name: body.table });
        return changed(keys, [body.row ?? body.key]);
      }
      case 'watermark':
      case 'epoch':
      case 'heartbeat':
      case 'routes':
      case 'ddl':
      case 'restart':
        return null;
    }
  }

  /**
   * A copy, of what the source knows anyway, or of what is in another index of recent changes. Counter-example, where three regions write
   * to each other and one forwards to a fourth: C has changed a row after A's change had come, and B's copy of that change, which C has
   * never seen, would be a conflict that home does not meet.
   */
  #isKnown({ source: { path } }: RowEvent): boolean {
    return path.length > 1 && path.slice(0, -1).some((region) => this.#options.others.includes(region));
  }

  async #keysOf(table: TableSchema): Promise<Keys | null> {
    const known = this.#keys.get(table);
    if (known !== undefined) return known;
    const keys = await this.#options.keysOf(table);
    this.#keys.set(table, keys);
    return keys;
  }
}

function changed(keys: Keys | null, images: readonly (Row | null)[]): Changed | null {
  return keys && { keys, images };
}

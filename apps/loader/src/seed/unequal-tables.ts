/**
 * Whether a table of the target is known to be as at the source. If it is not, because it is being seeded or stands in lutra.unequal, a row
 * that is not as it must be, and that nobody here changed, is no conflict. Asked in the transaction that has met such a row, and only then.
 */
import { tableName } from '@lutra/model';
import type { TableName } from '@lutra/model';
import { beingSeededQuery, unequalQuery, unequalStoresQuery } from '@lutra/mysql';
import type { ApplyConnection, ResultRow } from '@lutra/mysql';

/** A table by both of its names. */
export interface Routed {
  readonly source: TableName;
  readonly target: TableName;
}

/** Of lutra.unequal. */
export interface Entry {
  readonly cause: string;
  readonly request: string;
  readonly reason: string;
  /** Of this pipeline. */
  readonly isOwn: boolean;
}

interface Known {
  /** Some pipeline may bring rows that are missing. */
  readonly mayLack: boolean;
  /** A seed has left out rows that are not here yet. */
  readonly isLeaving: boolean;
  /** Of this pipeline; after a hole, of any. */
  readonly entry: Entry | null;
}

export class UnequalTables {
  readonly #connection: Pick<ApplyConnection, 'within'>;
  readonly #pipeline: string;
  readonly #known = new Map<string, Known>();
  /** The tables that the target has of those that are asked. */
  #stores: ReadonlySet<string> | null = null;

  /** For one open target transaction. `pipeline`: uid of the one that writes. */
  constructor(connection: Pick<ApplyConnection, 'within'>, pipeline: string) {
    this.#connection = connection;
    this.#pipeline = pipeline;
  }

  /** A row that is missing may come yet, by whichever pipeline. */
  async mayLack(routed: Routed): Promise<boolean> {
    return (await this.#of(routed)).mayLack;
  }

  async isLeaving(routed: Routed): Promise<boolean> {
    return (await this.#of(routed)).isLeaving;
  }

  /** What comes by this pipeline replaces what differs. */
  async entryOf(routed: Routed): Promise<Entry | null> {
    return (await this.#of(routed)).entry;
  }

  async #of({ source, target }: Routed): Promise<Known> {
    const key = `${tableName(source)}\0${tableName(target)}`;
    let known = this.#known.get(key);
    if (!known) this.#known.set(key, (known = await this.#read({ source, target })));
    return known;
  }

  async #read({ source, target }: Routed): Promise<Known> {
    this.#stores ??= new Set((await this.#rows(unequalStoresQuery)).map(({ name }) => String(name).toLowerCase()));
    const [seeds] = this.#stores.has('seed') ? await this.#rows(beingSeededQuery(target)) : [];
    const entries = this.#stores.has('unequal') ? await this.#rows(unequalQuery(target, { pipeline: this.#pipeline, table: source })) : [];
    // What a hole has lost may come by any of them.
    const own = entries.find((entry) => Number(entry['ours']) > 0);
    const ours = own ?? entries.find((entry) => String(entry['cause']) === 'hole');
    const isLeaving = Number(seeds?.['leaving']) > 0;
    return {
      mayLack: isLeaving || Number(seeds?.['seeding']) > 0 || entries.length > 0,
      isLeaving,
      entry: ours ? { ...entryIn(ours), isOwn: own !== undefined } : null,
    };
  }

  async #rows(sql: string): Promise<readonly ResultRow[]> {
    const [rows = []] = await this.#connection.within(sql);
    return rows;
  }
}

function entryIn(row: ResultRow): Omit<Entry, 'isOwn'> {
  return { cause: String(row['cause']), request: String(row['request']), reason: String(row['reason']) };
}

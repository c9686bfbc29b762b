/** The tables that this pipeline is seeding, by their names at the source, as lutra.seed has them or will have them at the next commit. */
import type { LogPosition, TableName } from '@lutra/model';
import type { SeedOf, SeedPart } from '@lutra/mysql';

export class Seeds {
  readonly #tables = new Map<string, SeedOf>();
  /** What was ticked off of them may not be any more. */
  readonly #unsure = new Set<string>();

  /** Rows of them were left out, and are listed until a change brings them. */
  readonly #clashed = new Set<string>();

  /** Nothing of them is applied before their seed begins. */
  readonly #waiting = new Map<string, TableName>();
  /** Of tables without a key whose rows are here, and of which order: where in the log they were read. */
  readonly #places = new Map<string, LogPosition & Pick<SeedOf, 'request'>>();

  readonly #sourceRegion: string;

  constructor({ uid: pipeline, region }: { readonly uid: string; readonly region: string }, parts: readonly SeedPart[]) {
    this.#sourceRegion = region;
    for (const { state, table, target, request, onExisting, isWhole, place, counts } of parts) {
      if (state === 'waiting') this.#waiting.set(nameOf(table), table);
      if (place && state !== 'cancelled') this.#places.set(nameOf(table), { ...place, request });
      if (state !== 'seeding') continue;
      this.begin({ pipeline, table, target, request, onExisting });
      if (!isWhole) this.unticked(table);
      if (counts.clashes > 0) this.clashed(table);
    }
  }

  unticked(table: TableName): void {
    this.#unsure.add(nameOf(table));
    this.#places.delete(nameOf(table));
  }

  /** All rows of a table without a key, as they were at this place. */
  isIn({ table, request }: Pick<SeedOf, 'table' | 'request'>, place: LogPosition): void {
    this.#places.set(nameOf(table), { ...place, request });
  }

  wholeAt(table: TableName): LogPosition | null {
    return this.#places.get(nameOf(table)) ?? null;
  }

  /** Nothing is being seeded, and no table without a key was. */
  get none(): boolean {
    return this.#tables.size === 0 && this.#places.size === 0;
  }

  /** An end of it in the log may be of what was ticked off before. */
  isUnsure(table: TableName): boolean {
    return this.#unsure.has(nameOf(table));
  }

  clashed(table: TableName): void {
    this.#clashed.add(nameOf(table));
  }

  hasClashed(table: TableName): boolean {
    return this.#clashed.has(nameOf(table));
  }

  /** Its rows are not in the log, and its seed has not begun. */
  isWaiting(table: TableName): boolean {
    return this.#waiting.has(nameOf(table));
  }

  /** At the source. */
  get waiting(): readonly TableName[] {
    return [...this.#waiting.values()];
  }

  /** They are gone at the source. */
  waitNoMore(tables: readonly TableName[]): void {
    for (const table of tables) this.#waiting.delete(nameOf(table));
  }

  /** What the same order has brought stays. */
  begin(of: SeedOf): void {
    this.#waiting.delete(nameOf(of.table));
    this.#tables.set(nameOf(of.table), of);
    if (this.#places.get(nameOf(of.table))?.request !== of.request) this.#places.delete(nameOf(of.table));
  }

  /** What comes of it is as of any other. */
  cancel(table: TableName): void {
    this.end(table);
    this.#places.delete(nameOf(table));
  }

  /** Done, or cancelled. */
  end(table: TableName): void {
    this.#tables.delete(nameOf(table));
    this.#unsure.delete(nameOf(table));
    this.#clashed.delete(nameOf(table));
  }

  /** Its order was cancelled. */
  endAll(request: string): void {
    for (const { table, request: own } of this.#tables.values()) if (own === request) this.cancel(table);
  }

  /** What of other orders is left. */
  endOthers(request: string): void {
    for (const { table, request: own } of this.#tables.values()) if (own !== request) this.cancel(table);
  }

  /** At the source. */
  get tables(): readonly TableName[] {
    return [...this.#tables.values()].map(({ table }) => table);
  }

  of(table: TableName): SeedOf | null {
    return this.#tables.get(nameOf(table)) ?? null;
  }

  /** What is at the target and differs is replaced. */
  replaces(table: TableName): boolean {
    if (this.#tables.size === 0) return false;
    const onExisting = this.of(table)?.onExisting;
    return onExisting === 'source' || onExisting === this.#sourceRegion;
  }
}

function nameOf({ database, name }: TableName): string {
  return `${database}\0${name}`;
}

/** Which tables are being read, for the binlog reader: it tells what it meets in them. */
import type { FilePosition, SourceItem, TableName } from '@lutra/model';
import { quoteName, quoteTable } from '@lutra/mysql';
import { Moved } from './moved.js';
import { TouchWindow } from './touches.js';

/** A definition that was read is good until a statement on its table comes by. */
export interface Watch {
  readonly isStale: boolean;
}

export class Windows {
  /** By quoted name. Counter-example without quotes: `a.b`.`c` and `a`.`b.c` are one. */
  readonly #open = new Map<string, Set<TouchWindow>>();
  /** By the order of seeding, then by quoted name. */
  readonly #followed = new Map<string, Map<string, Moved>>();
  readonly #watched = new Map<string, { isStale: boolean }>();

  open(table: TableName, columns: Iterable<string>): TouchWindow {
    const window = new TouchWindow(columns);
    const name = quoteTable(table);
    this.#open.set(name, (this.#open.get(name) ?? new Set()).add(window));
    return window;
  }

  close(table: TableName, window: TouchWindow): void {
    const windows = this.#open.get(quoteTable(table));
    windows?.delete(window);
    if (windows?.size === 0) this.#open.delete(quoteTable(table));
  }

  /** Of a table that an order seeds, what moves unseen; also while the order is paused. */
  follow(request: string, table: TableName): Moved {
    const tables = this.#followed.get(request) ?? new Map<string, Moved>();
    const moved = tables.get(quoteTable(table)) ?? new Moved();
    this.#followed.set(request, tables.set(quoteTable(table), moved));
    return moved;
  }

  /** It is done; without a table: the order is. */
  leave(request: string, table?: TableName): void {
    const tables = this.#followed.get(request);
    if (table) tables?.delete(quoteTable(table));
    if (!table || tables?.size === 0) this.#followed.delete(request);
  }

  isOpen(table: TableName): boolean {
    return this.#open.has(quoteTable(table));
  }

  /** From now on, before the definition is read. */
  watch(table: TableName): Watch {
    const name = quoteTable(table);
    let watch = this.#watched.get(name);
    if (!watch) this.#watched.set(name, (watch = { isStale: false }));
    return watch;
  }

  rows({ item, at, published }: { item: Extract<SourceItem, { kind: 'rows' }>; at: FilePosition; published: boolean }): void {
    if (this.#open.size === 0 && this.#followed.size === 0) return;
    const name = quoteTable(item.table);
    for (const window of this.#open.get(name) ?? []) window.add(item.rows, { at, published });
    if (!published) for (const tables of this.#followed.values()) tables.get(name)?.add(item.table.primaryKey, item.rows);
  }

  /** A statement on these tables; `*` is each one of a database. None: nobody knows on which. */
  statement(tables: readonly TableName[]): void {
    const isMeant = (name: string): boolean =>
      tables.length === 0 ||
      tables.some((table) => (table.name === '*' ? name.startsWith(`${quoteName(table.database)}.`) : quoteTable(table) === name));
    for (const [name, windows] of this.#open)
      if (isMeant(name)) for (const window of windows) window.discard('a statement changed the table meanwhile');
    for (const [name, watch] of this.#watched)
      if (isMeant(name)) {
        watch.isStale = true;
        this.#watched.delete(name);
      }
  }
}

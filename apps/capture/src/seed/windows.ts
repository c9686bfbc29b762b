/** Which tables are being read, for the binlog reader: it tells what it meets in them. */
import type { FilePosition, SourceItem, TableName } from '@lutra/model';
import { quoteName, quoteTable } from '@lutra/mysql';
import { TouchWindow } from './touches.js';

/** A definition that was read is good until a statement on its table comes by. */
export interface Watch {
  readonly isStale: boolean;
}

export class Windows {
  /** By quoted name. Counter-example without quotes: `a.b`.`c` and `a`.`b.c` are one. */
  readonly #open = new Map<string, Set<TouchWindow>>();
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
    if (this.#open.size === 0) return;
    for (const window of this.#open.get(quoteTable(item.table)) ?? []) window.add(item.rows, { at, published });
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

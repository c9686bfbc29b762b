/**
 * What the target's own log says about columns and tables that are gone there: since which seq, and by which statement. It discards from
 * the old end, as the index of recent changes does.
 */
import { foldedName, tableName } from '@lutra/model';
import type { TableName } from '@lutra/model';

/**
 * table: it was dropped, or renamed away · made: a table of that name began anew · columns: dropped ones, and old names of renamed ones, in
 * lower case · defaults: of columns that were added, or whose default may be another since · away: a tool has put it aside · redefine: a
 * tool put another table in its place · doubt: nobody can say what was dropped
 */
export type Dropping =
  | { readonly kind: 'table' | 'made' | 'away' | 'redefine' | 'doubt' }
  | {
      readonly kind: 'columns';
      readonly dropped: readonly string[];
      readonly renamed: readonly string[];
      /** New ones, and new names. Absent: none. */
      readonly added?: readonly string[];
    }
  | { readonly kind: 'defaults'; readonly columns: readonly ColumnDefault[] };

export interface ColumnDefault {
  /** In lower case. */
  readonly name: string;
  /** As the text has it; null: none, or NULL. */
  readonly text: string | null;
  /** The column is new: rows that were there have this value. */
  readonly isNew: boolean;
}

/** By one record of the target's log. */
export interface Drop {
  readonly seq: number;
  /** Its id. */
  readonly record: string;
  /** "ALTER TABLE shop.t" */
  readonly title: string;
  readonly does: Dropping;
}

interface Entry {
  readonly name: string;
  readonly drop: Drop;
}

export class Drops {
  /** By name in lower case; `shop.*` is all of a database, `*.*` whatever there is. */
  readonly #tables = new Map<string, Entry[]>();

  add(table: TableName, drop: Drop): void {
    const key = keyOf(table);
    const entries = this.#tables.get(key) ?? [];
    if (entries.length === 0 && takesNothing(drop.does)) return;
    // Counter-example without: a tool that drops the table before it puts its own in the place has copied the rows.
    if (drop.does.kind === 'redefine' && /^(?:table|away)$/.test(entries.at(-1)?.drop.does.kind ?? '')) entries.pop();
    entries.push({ name: table.name, drop });
    this.#tables.set(key, entries);
  }

  /**
   * Behind `seen`, in their order. `isThere`: the name is as the server has it, so that another one in other letters is another table; else
   * it is as the routes have it.
   */
  of(table: TableName, seen: number, isThere: boolean): readonly Drop[] {
    const { database, name } = table;
    const found = [table, { database, name: '*' }, { database: '*', name: '*' }].flatMap((at) => this.#tables.get(keyOf(at)) ?? []);
    return found
      .filter((entry) => entry.drop.seq > seen && (entry.name === '*' || entry.name === name || !isThere))
      .map(({ drop }) => drop)
      .toSorted((a, b) => a.seq - b.seq);
  }

  discard(seen: number): void {
    for (const [key, entries] of this.#tables) {
      const left = entries.filter(({ drop }) => drop.seq > seen);
      if (left.length === 0) this.#tables.delete(key);
      else if (left.length < entries.length) this.#tables.set(key, left);
    }
  }

  /** It tells of none that anybody could ask about. */
  get none(): boolean {
    return this.#tables.size === 0;
  }
}

/** It counts only behind what takes something. */
function takesNothing(does: Dropping): boolean {
  return does.kind === 'made' || (does.kind === 'columns' && does.dropped.length + does.renamed.length === 0);
}

function keyOf(table: TableName): string {
  return foldedName(tableName(table));
}

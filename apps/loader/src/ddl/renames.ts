/** Tables that a statement gives other names. Pure. */
import type { DdlRecord, TableName } from '@lutra/model';
import { quoteTable } from '@lutra/mysql';

export interface Move {
  readonly from: TableName;
  readonly to: TableName;
}

/** `RENAME TABLE a TO b, c TO d`, `ALTER TABLE a RENAME b`: in the order of the text. */
export function renamesIn({ tables }: Pick<DdlRecord, 'tables'>): readonly Move[] {
  const inOrder = tables.toSorted((one, other) => one.offset - other.offset);
  return inOrder.flatMap((to, i) => {
    const from = inOrder.slice(0, i).findLast(({ role }) => role === 'from' || role === 'subject');
    return to.role === 'to' && from ? [{ from: named(from), to: named(to) }] : [];
  });
}

/** Behind all of them: which table of before has another name, and which one. */
export function renamedTables(moves: readonly Move[]): readonly Move[] {
  const under = new Map<string, Move | null>();
  for (const { from, to } of moves) {
    under.set(quoteTable(to), { from: under.get(quoteTable(from))?.from ?? from, to });
    under.set(quoteTable(from), null);
  }
  return [...under.values()].flatMap((move) => (move && quoteTable(move.from) !== quoteTable(move.to) ? move : []));
}

function named({ database, name }: TableName): TableName {
  return { database, name };
}

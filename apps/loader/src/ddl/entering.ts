/**
 * Tables that a statement brings into a pipeline with rows which are not in its log, and those that it takes out, by what is under each
 * name before it and behind it. Pure.
 */
import { keyword, sqlTokens } from '@lutra/binlog';
import { isPutAside, tableName } from '@lutra/model';
import type { DdlRecord, TableName } from '@lutra/model';

interface Routed {
  readonly source: TableName;
  readonly target: TableName;
}

export interface Entering {
  /** What is under their names behind it is not what the target has. */
  readonly enters: readonly Routed[];
  /** What was under their names is not carried any more. */
  readonly leaves: readonly Routed[];
  /** Tables of the target that change their names, each to one that is free then. Null: there is no such order. */
  readonly moves: readonly { readonly from: TableName; readonly to: TableName }[] | null;
}

type Named = Pick<DdlRecord, 'statement' | 'sql' | 'tables' | 'doubt' | 'flavor'>;
type Pair = readonly [from: TableName, to: TableName];

/** Null: nothing enters, and nothing leaves. */
export function enteringOf(record: Named, router: (table: TableName) => TableName | null): Entering | null {
  if (isImport(record) || isExchange(record)) {
    const enters = record.tables.flatMap((table): readonly Routed[] => {
      const target = table.role === 'subject' || table.role === 'with' ? router(table) : null;
      return target ? [{ source: nameOf(table), target }] : [];
    });
    return enters.length === 1 ? { enters, leaves: [], moves: [] } : null;
  }
  if (record.doubt !== null || !/^(?:RENAME|ALTER) TABLE$/.test(record.statement)) return null;
  return renaming(pairsOf(record), router);
}

/** `ALTER TABLE t IMPORT TABLESPACE`, which capture reads as in doubt: it says nothing of rows. */
export function isImport({ statement, sql, tables, doubt, flavor }: Named): boolean {
  if (doubt === null || statement !== 'ALTER TABLE' || tables.length !== 1 || tables[0]?.role !== 'subject') return false;
  const words = [...sqlTokens(sql, { ansiQuotes: false, noBackslashEscapes: false, singleByte: false, flavor })].map(keyword);
  return words.some((word, i) => word === 'IMPORT' && words.slice(i + 1).includes('TABLESPACE'));
}

function isExchange({ statement, doubt, tables }: Named): boolean {
  return doubt === null && statement === 'ALTER TABLE' && tables.some(({ role }) => role === 'with');
}

/** `RENAME TABLE a TO b, …`, `ALTER TABLE a RENAME TO b`, in the order of the text. */
function pairsOf({ tables }: Named): readonly Pair[] {
  const inOrder = tables.toSorted((one, other) => one.offset - other.offset);
  return inOrder.flatMap((table, i): readonly Pair[] => {
    const from = inOrder.slice(0, i).findLast(({ role }) => role === 'from' || role === 'subject');
    return table.role === 'to' && from ? [[nameOf(from), nameOf(table)]] : [];
  });
}

function renaming(pairs: readonly Pair[], router: (table: TableName) => TableName | null): Entering | null {
  const names = new Map(pairs.flat().map((table) => [tableName(table), table]));
  // Which table of before is under each name.
  const under = new Map<string, string | null>();
  for (const [from, to] of pairs) {
    const one = under.get(tableName(from));
    under.set(tableName(to), one === undefined ? tableName(from) : one);
    under.set(tableName(from), null);
  }
  const changed = [...under].flatMap(([name, before]) => (before === null || before === name ? [] : [[before, name] as const]));
  const [enters, leaves, moves]: [Routed[], Routed[], Move[]] = [[], [], []];
  for (const [before, name] of changed) {
    const [from, to] = [names.get(before), names.get(name)];
    if (!from || !to) continue;
    const [was, is] = [router(from), arrivesAs(to, router(from), router)];
    if (was && is) moves.push({ from: was, to: is });
    else if (is) enters.push({ source: to, target: is });
    else if (was) leaves.push({ source: from, target: was });
  }
  return enters.length + leaves.length > 0 ? { enters, leaves, moves: inTurn(moves) } : null;
}

type Move = NonNullable<Entering['moves']>[number];

/** What a loader before this one has put aside is put aside here, too. */
export function arrivesAs(to: TableName, from: TableName | null, router: (table: TableName) => TableName | null): TableName | null {
  return from && isPutAside(to.name) ? { database: from.database, name: to.name } : router(to);
}

function inTurn(moves: readonly Move[]): readonly Move[] | null {
  const ordered: Move[] = [];
  for (let left = moves; left.length > 0;) {
    const free = left.filter(({ to }) => !left.some(({ from }) => tableName(from) === tableName(to)));
    if (free.length === 0) return null;
    ordered.push(...free);
    left = left.filter((move) => !free.includes(move));
  }
  return ordered;
}

function nameOf({ database, name }: TableName): TableName {
  return { database, name };
}

/**
 * Tables that a statement brings into a pipeline with rows which are not in its log, and those that it takes out, by what is under each
 * name before it and behind it. Pure.
 */
import { keyword } from '@lutra/binlog';
import { isPutAside, tableName } from '@lutra/model';
import type { DdlRecord, TableName } from '@lutra/model';
import { renamedTables, renamesIn } from './renames.js';
import type { Move } from './renames.js';
import { tokensOf } from './statement-tokens.js';
import type { Text } from './statement-tokens.js';

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
  readonly moves: readonly Move[] | null;
}

type Named = Text & Pick<DdlRecord, 'statement' | 'tables' | 'doubt'>;

/** Null: nothing enters, and nothing leaves. */
export function enteringOf(record: Named, router: (table: TableName) => TableName | null): Entering | null {
  if (isImport(record) || isExchange(record)) {
    const enters = record.tables.flatMap(({ role, database, name }): readonly Routed[] => {
      const target = role === 'subject' || role === 'with' ? router({ database, name }) : null;
      return target ? [{ source: { database, name }, target }] : [];
    });
    return enters.length === 1 ? { enters, leaves: [], moves: [] } : null;
  }
  if (record.doubt !== null || !/^(?:RENAME|ALTER) TABLE$/.test(record.statement)) return null;
  return renaming(record, router);
}

/** `ALTER TABLE t IMPORT TABLESPACE`, which capture reads as in doubt: it says nothing of rows. */
export function isImport({ statement, tables, doubt, ...record }: Named): boolean {
  if (doubt === null || statement !== 'ALTER TABLE' || tables.length !== 1 || tables[0]?.role !== 'subject') return false;
  const words = tokensOf(record).map(keyword);
  return words.some((word, i) => word === 'IMPORT' && words.slice(i + 1).includes('TABLESPACE'));
}

function isExchange({ statement, doubt, tables }: Named): boolean {
  return doubt === null && statement === 'ALTER TABLE' && tables.some(({ role }) => role === 'with');
}

function renaming(record: Named, router: (table: TableName) => TableName | null): Entering | null {
  const [enters, leaves, moves]: [Routed[], Routed[], Move[]] = [[], [], []];
  for (const { from, to } of renamedTables(renamesIn(record))) {
    const [was, is] = [router(from), arrivesAs(to, router(from), router)];
    if (was && is) moves.push({ from: was, to: is });
    else if (is) enters.push({ source: to, target: is });
    else if (was) leaves.push({ source: from, target: was });
  }
  return enters.length + leaves.length > 0 ? { enters, leaves, moves: inTurn(moves) } : null;
}

/** What a loader before this one has put aside is put aside here, too. */
function arrivesAs(to: TableName, from: TableName | null, router: (table: TableName) => TableName | null): TableName | null {
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

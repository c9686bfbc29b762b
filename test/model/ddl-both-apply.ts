/** What the loader of one side makes of the other's log: rows by column name, schema changes, holds. */
import type { BothRules, BothState, Clause, Entry, Here, Side } from './ddl-both-words.js';
import { altered, inShadow, put } from './ddl-both-write.js';
import type { Turn } from './paths.js';

export function applied(state: BothState, side: Side, rules: BothRules): readonly Turn<BothState>[] {
  const here = state[side];
  const from = side === 'A' ? 'B' : 'A';
  const entry = state[from].log[here.applied];
  if (!entry) return [];
  const to = (name: string, next: Here | null): readonly Turn<BothState>[] =>
    next === null ? [] : [{ name: `${from}→${side} ${name}`, state: { ...state, [side]: { ...next, applied: here.applied + 1 } } }];
  if (entry.kind === 'row') return to('row', withRow(here, entry, { side, rules }));
  if (entry.kind === 'ddl') return ofDdl(state, side, { entry, rules });
  if (entry.kind === 'shadow') return to('shadow', { ...here, shadow: { columns: entry.columns, rows: {} } });
  if (here.shadow === null) return [];
  if (entry.kind === 'swap') return to('swap', { ...here, columns: here.shadow.columns, rows: here.shadow.rows, shadow: null });
  return to('shadow row', { ...here, shadow: { ...here.shadow, rows: put(here.shadow.rows, entry.key, entry.values) } });
}

/** Null: it stands. A trigger of pt-osc fires for the loader's writes too, in its marked transaction. */
function withRow(here: Here, entry: Extract<Entry, { kind: 'row' }>, { side, rules }: { side: Side; rules: BothRules }): Here | null {
  const { key, values, seen } = entry;
  const counts = rules.rows === 'seen' || (rules.rows === 'seen of home' && side === 'A');
  const since = here.log.slice(seen).flatMap((own) => (counts && own.kind === 'ddl' ? [own] : []));
  const later = since.flatMap(({ clauses }) => clauses ?? []);
  if (later.some((clause) => 'table' in clause && clause.table === 'drop')) return here;
  if (here.columns === null) return rules.rows === 'names' ? here : null;
  const dropped = later.flatMap((clause) => ('drop' in clause ? [clause.drop] : []));
  // What took the place of the table has left out whatever is not there.
  const isReplaced = since.some(({ isRedefine }) => isRedefine);
  const isDropped = (column: string): boolean => dropped.includes(column) || (isReplaced && here.columns?.includes(column) === false);
  const kept = Object.entries(values ?? {}).filter(([column]) => !isDropped(column));
  const known = kept.filter(([column]) => here.columns!.includes(column));
  if (rules.rows !== 'names' && known.length < kept.length) return null;
  const base = Object.fromEntries(here.columns.map((column) => [column, here.rows[key]?.[column] ?? '']));
  const next = { ...here, rows: put(here.rows, key, values && { ...base, ...Object.fromEntries(known) }) };
  if (rules.tool !== 'pt-osc' || !values) return next;
  return { ...inShadow(next, key, rules), log: here.log };
}

function ofDdl(
  state: BothState,
  side: Side,
  { entry, rules }: { entry: Extract<Entry, { kind: 'ddl' }>; rules: BothRules },
): readonly Turn<BothState>[] {
  const here = state[side];
  const passed = { ...here, applied: here.applied + 1 };
  const turn = (name: string, next: Here): Turn<BothState> => ({ name: `${name} ${side}`, state: { ...state, [side]: next } });
  if (entry.clauses === null) return asSeen(here, entry.becomes ?? []) ? [turn('done', passed)] : [];
  if (isMet(here, entry.clauses, rules)) return [turn('met', passed)];
  const isHeld = rules.home === 'holds' && (side === 'A' || entry.isRedefine);
  if (!isHeld) return [turn('apply', altered(passed, entry.clauses))];
  // At home a person runs it: then it is home's statement. What an online tool redefined, the same tool does there.
  if (side === 'A' && !entry.isRedefine)
    return [turn('run', { ...altered(passed, entry.clauses), log: [...here.log, { kind: 'ddl', clauses: entry.clauses }] })];
  return [];
}

/** A person compares the two definitions, and answers when they are alike. */
function asSeen({ columns }: Here, becomes: readonly string[]): boolean {
  return JSON.stringify(columns) === JSON.stringify(becomes);
}

function isMet({ columns }: Here, clauses: readonly Clause[], { met }: BothRules): boolean {
  const added = clauses.flatMap((clause) => ('add' in clause ? [clause.add] : []));
  const dropped = clauses.flatMap((clause) => ('drop' in clause ? [clause.drop] : []));
  if (columns === null || added.length + dropped.length < clauses.length) return false;
  if (met === 'by definition')
    return added.every((name) => columns.includes(name)) && dropped.every((name) => added.includes(name) || !columns.includes(name));
  if (added.some((name) => dropped.includes(name))) return false;
  return added.every((name) => columns.includes(name)) && dropped.every((name) => !columns.includes(name));
}

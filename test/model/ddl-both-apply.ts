/** What the loader of one side makes of the other's log: rows by column name, schema changes, holds. */
import type { BothRules, BothState, Clause, Entry, Here, Limit, Side } from './ddl-both-words.js';
import { altered, inShadow, isSound, put } from './ddl-both-write.js';
import type { Turn } from './paths.js';

export function applied(state: BothState, side: Side, rules: BothRules): readonly Turn<BothState>[] {
  const here = state[side];
  const from = side === 'A' ? 'B' : 'A';
  const entry = state[from].log[here.applied];
  if (!entry) return [];
  const to = (name: string, next: Here | null): readonly Turn<BothState>[] =>
    next === null ? [] : [{ name: `${from}→${side} ${name}`, state: { ...state, [side]: { ...next, applied: here.applied + 1 } } }];
  if ((entry.kind === 'row' || entry.kind === 'last word') && rules.known === 'when it came' && here.read === null)
    return [{ name: `${from}→${side} row comes`, state: { ...state, [side]: { ...here, read: here.log.length } } }];
  if (entry.kind === 'row' || entry.kind === 'last word') {
    const writing = { side, rules, upTo: here.read ?? here.log.length, other: state[from].log.slice(0, here.applied) };
    return to(entry.kind, withRow({ ...here, read: null }, entry, writing));
  }
  if (entry.kind === 'ddl') return ofDdl(state, side, { entry, rules });
  if (entry.kind === 'shadow') return to('shadow', { ...here, shadow: { columns: entry.columns, rows: {} } });
  if (here.shadow === null) return [];
  if (entry.kind === 'swap') return to('swap', { ...here, columns: here.shadow.columns, rows: here.shadow.rows, shadow: null });
  return to('shadow row', { ...here, shadow: { ...here.shadow, rows: put(here.shadow.rows, entry.key, entry.values) } });
}

interface Writing {
  readonly side: Side;
  readonly rules: BothRules;
  /** So much of the own log is known. */
  readonly upTo: number;
  /** The other's log, as far as it is applied. */
  readonly other: readonly Entry[];
}

type RowEntry = Extract<Entry, { kind: 'row' | 'last word' }>;

/** The policy: a deletion loses, and home wins. */
function withRow(here: Here, entry: RowEntry, writing: Writing): Here | null {
  const written = projected(here, entry, writing);
  if (written === null || written === here || !isConcurrent(here, entry, writing)) return written;
  const { key } = entry;
  if (entry.kind === 'last word') return here;
  const isKept = here.rows[key] !== undefined && (entry.values === null || writing.side === 'A');
  const next = isKept ? here : written;
  if (writing.side === 'B') return next;
  return { ...next, log: [...next.log, { kind: 'last word', key, values: next.rows[key] ?? null, seen: here.applied + 1 }] };
}

function isConcurrent({ log }: Here, { key, seen }: RowEntry, { rules, other }: Writing): boolean {
  const isGone = (own: RowEntry): boolean =>
    other.slice(own.seen).some((entry) => entry.kind === 'ddl' && !entry.isBack && entry.clauses?.some(isDrop) === true);
  return log.slice(seen).some((own) => {
    if (own.kind !== 'row' && own.kind !== 'last word') return false;
    return own.key === key && (rules.gone === 'counts' || !isGone(own));
  });
}

function isDrop(clause: Clause): boolean {
  return 'table' in clause && clause.table === 'drop';
}

/** Null: it stands. A trigger of pt-osc fires for the loader's writes too, in its marked transaction. */
function projected(here: Here, entry: RowEntry, { side, rules, upTo }: Writing): Here | null {
  const { key, values, seen } = entry;
  const counts = rules.rows === 'seen' || (rules.rows === 'seen of home' && side === 'A');
  const isLater = (own: Entry): own is Extract<Entry, { kind: 'ddl' }> =>
    own.kind === 'ddl' && (own.isBack === undefined || rules.drops === 'all');
  const since = counts ? here.log.slice(seen, upTo).filter(isLater) : [];
  const later = since.flatMap(({ clauses }) => clauses ?? []);
  if (later.some(isDrop)) return here;
  if (here.columns === null) return rules.rows === 'names' ? here : null;
  const dropped = later.flatMap((clause) => ('drop' in clause ? [clause.drop] : []));
  // What took the place of the table has left out whatever is not there.
  const isReplaced = since.some(({ isRedefine }) => isRedefine);
  const isDropped = (column: string): boolean => dropped.includes(column) || (isReplaced && here.columns?.includes(column) === false);
  const kept = Object.entries(values ?? {}).filter(([column]) => !isDropped(column));
  const known = kept.filter(([column]) => here.columns!.includes(column));
  if (rules.rows !== 'names' && known.length < kept.length) return null;
  const base = Object.fromEntries(here.columns.map((column) => [column, here.rows[key]?.[column] ?? '']));
  const isRequired = ({ column, is }: Limit): boolean => is === 'required' && !here.rows[key] && values?.[column] === undefined;
  const next = { ...here, rows: put(here.rows, key, values && { ...base, ...Object.fromEntries(known) }) };
  if ((values && here.limits.some(isRequired)) || !isSound(next)) return null;
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
  const { clauses } = entry;
  const turn = (name: string, next: Here): Turn<BothState> => ({ name: `${name} ${side}`, state: { ...state, [side]: next } });
  if (clauses === null) return asSeen(here, entry.becomes ?? []) ? [turn('done', passed)] : [];
  const run = (name: string, more: readonly Entry[] = []): readonly Turn<BothState>[] => {
    const next = altered(passed, clauses);
    return isSound(next) ? [turn(name, { ...next, log: [...here.log, ...more] })] : [];
  };
  if (entry.isBack) return [turn('pass', passed)];
  if (isMet(here, clauses, rules)) return [turn('met', passed)];
  const isHeld = rules.home === 'holds' && (side === 'A' || entry.isRedefine);
  if (!isHeld) return run('apply');
  // At home a person runs it: then it is home's own. What an online tool redefined, the same tool does there.
  if (side !== 'A' || entry.isRedefine) return [];
  const isCrossed = here.log.slice(entry.seen).some((own) => own.kind === 'ddl' && !own.isBack);
  const isBack = rules.own === 'with path' || (rules.own === 'with path unless crossed' && !isCrossed);
  return run('run', [{ kind: 'ddl', clauses, seen: here.applied, ...(isBack && { isBack }) }]);
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

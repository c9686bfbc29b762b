/**
 * What a loader makes of an `r` row. It never wins against a change and never meets a policy. docs/decisions/0032-seeding.md.
 */
import { areStale } from './being-seeded.js';
import type { Incoming, Outcome } from './decision.js';
import { changesBetween, decisions } from './decision.js';
import { comesFromLastWord, hasLastWord } from './links.js';
import type { Pipeline } from './links.js';
import { conflictKeys, touching, unseen } from './recent-changes.js';
import { forced, holders, isSame, replaced } from './rows.js';
import type { Rules } from './rules.js';
import type { Change, Entry, Key, Row, Rows } from './words.js';

type Read = Extract<Entry, { kind: 'read' }>;

export function seeded(incoming: Incoming, entry: Read, rows: Rows): Outcome {
  const { rules } = incoming;
  const { key, row } = entry;
  const existing = rows[key] ?? null;
  if (entry.by === 'probe') return unchanged(rows);
  if (isSame(existing, row) && rules.readWrites === 'difference') return unchanged(rows);
  if (row === null && !isTold(entry, rules)) return unchanged(rows);
  const contested = contestedBy(incoming, entry);
  if (contested === 'nothing') return uncontested(incoming, entry, rows);
  if (rules.readYields === 'by policy') return byPolicy(incoming, entry, rows);
  return contested === 'unique value' && rules.readAgain ? { ...unchanged(rows), isAgain: true } : unchanged(rows);
}

/** That there is no row is applied. */
function isTold({ by }: Read, { oneWay, tombstones }: Rules): boolean {
  return by === 'repair' || (by === 'key' && (oneWay || tombstones === 'both ways'));
}

function contestedBy({ world, pipeline, rules }: Incoming, { key, row, seen }: Read): 'nothing' | 'key' | 'unique value' {
  const known = unseen(world, pipeline, seen, rules.readYields === 'own' ? { ...rules, othersRecentChanges: false } : rules);
  if (touching(known, conflictKeys(key, [], rules), rules).length > 0) return 'key';
  return touching(known, conflictKeys(key, [row], rules), rules).length > 0 ? 'unique value' : 'nothing';
}

function uncontested({ world, pipeline, rules }: Incoming, { by, key, row }: Read, rows: Rows): Outcome {
  const existing = rows[key] ?? null;
  const isRepair = by === 'repair';
  if (existing !== null && row !== null && !isSame(existing, row) && !isRepair && !isWinner(pipeline, rules)) {
    const isSent = rules.keptSent && hasLastWord(pipeline, rules);
    return { ...unchanged(rows), remedied: isSent ? [key] : [] };
  }
  const inTheWay = holders(rows, key, row);
  const isCleared = rules.holder === 'cleared' || areStale({ world, pipeline, rules }, inTheWay);
  if (inTheWay.length > 0 && isRepair && !isCleared) return unchanged(rows);
  if (inTheWay.length > 0 && !isCleared) return { ...unchanged(rows), clashes: [key, ...inTheWay] };
  const result = row === null ? replaced(rows, key, null) : forced(rows, key, row);
  return {
    rows: result,
    changes: rules.readWrites === 'replace' ? replacing(rows, key, row) : changesBetween(rows, result, [key]),
    remedied: [],
  };
}

/** At home the region that is named; elsewhere home, unless it is this one that is named. */
function isWinner(pipeline: Pipeline, rules: Rules): boolean {
  const { onExisting } = rules;
  if (onExisting === 'source' || onExisting === 'target') return onExisting === 'source';
  if (hasLastWord(pipeline, rules)) return onExisting === pipeline.source;
  return comesFromLastWord(pipeline, rules) && onExisting !== pipeline.target;
}

function replacing(rows: Rows, key: Key, row: Row | null): readonly Change[] {
  const gone = rows[key] ? [{ key, before: rows[key], after: null }] : [];
  return row === null ? gone : [...gone, { key, before: null, after: row }];
}

function byPolicy({ pipeline, rules }: Incoming, { key, row }: Read, rows: Rows): Outcome {
  const [result] = decisions(pipeline, { key, before: null, after: row }, rows, rules);
  const sent = hasLastWord(pipeline, rules) ? [...new Set([key, ...holders(rows, key, row)])].sort() : [];
  return { rows: result!, changes: changesBetween(rows, result!, [key]), remedied: sent };
}

function unchanged(rows: Rows): Outcome {
  return { rows, changes: [], remedied: [] };
}

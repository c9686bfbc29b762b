/**
 * What a schema change of the target takes away from rows that have not seen it. Pure.
 *
 * The columns are read from the text: the clauses of a record are none where the statement does something else too. Counter-example for
 * taking any column that the table lacks then for a dropped one: RENAME COLUMN c TO d. The value of c would be thrown away, and is in d at
 * the other side.
 */
import { clauses, keyword } from '@lutra/binlog';
import type { Token } from '@lutra/binlog';
import { shadowKindOf } from '@lutra/model';
import type { DdlRecord, TableName } from '@lutra/model';
import { tokensOf } from '../../ddl/statement-tokens.js';
import { isOther, nameIn } from './column-names.js';
import { defaultsOf } from './defaults.js';
import type { Dropping } from './drops.js';

export interface DroppedTable {
  readonly table: TableName;
  readonly does: Dropping;
}

const takesAway = new Set(['DROP', 'RENAME', 'CHANGE', 'REPLACE']);

/** `isCarried`: of a table of the target, its changes are for this pipeline's source. */
export function droppedBy(record: DdlRecord, isCarried: (table: TableName) => boolean): readonly DroppedTable[] {
  const { statement, tables, doubt } = record;
  const of = (does: Dropping, role = 'subject'): readonly DroppedTable[] =>
    tables.filter((table) => table.role === role).map(({ database, name }) => ({ table: { database, name }, does }));
  if (doubt !== null || tables.some(({ role }) => role === 'mentioned')) return inDoubt(record);
  if (statement === 'DROP TABLE') return of({ kind: 'table' });
  if (statement === 'DROP DATABASE' || statement === 'CREATE OR REPLACE DATABASE') return of({ kind: 'table' }, 'database');
  if (statement === 'CREATE OR REPLACE TABLE') return of({ kind: 'table' });
  if (statement === 'CREATE TABLE') return of({ kind: 'made' });
  if (tables.some(({ role }) => role === 'to')) return renamed(record, isCarried);
  if (statement !== 'ALTER TABLE') return [];
  const tokens = tokensOf(record);
  const does = columnsOf(tokens);
  const columns = does.kind === 'doubt' ? [] : defaultsOf(clausesOf(tokens), record.sql);
  const isNothing = does.kind === 'columns' && does.dropped.length + does.renamed.length === 0 && !does.added;
  return [...(isNothing ? [] : of(does)), ...(columns.length > 0 ? of({ kind: 'defaults', columns }) : [])];
}

/** The text may be none that can be read: so its words are looked for wherever they stand. */
function inDoubt({ sql, tables }: DdlRecord): readonly DroppedTable[] {
  if (!sql.split(/[^A-Za-z]+/).some((word) => takesAway.has(word.toUpperCase()))) return [];
  const does = { kind: 'doubt' } as const;
  return tables.length === 0
    ? [{ table: { database: '*', name: '*' }, does }]
    : tables.map(({ database, name }) => ({ table: { database, name }, does }));
}

/** A tool's table in the place of its own, or that one put aside; else what had the old name is gone, or is where nobody can say it. */
function renamed({ statement, tables }: DdlRecord, isCarried: (table: TableName) => boolean): readonly DroppedTable[] {
  const named = tables.filter(({ role }) => role === 'from' || role === 'to' || (role === 'subject' && statement === 'ALTER TABLE'));
  /** What a table that was there at the beginning is called by now. */
  const now = new Map<string, { readonly first: TableName; readonly last: TableName }>();
  const entered: DroppedTable[] = [];
  for (let i = 0; i + 1 < named.length; i += 2) {
    const [from, to] = [named[i]!, named[i + 1]!];
    const first = now.get(keyOf(from))?.first ?? from;
    now.delete(keyOf(from));
    now.set(keyOf(to), { first, last: to });
    entered.push({ table: nameOf(to), does: { kind: isShadowOf(from, to) ? 'redefine' : 'made' } });
  }
  const left = [...now.values()].flatMap(({ first, last }): DroppedTable[] => {
    if (keyOf(first) === keyOf(last) || isShadowOf(first, last)) return [];
    if (isShadowOf(last, first)) return [{ table: nameOf(first), does: { kind: 'away' } }];
    return [{ table: nameOf(first), does: { kind: isCarried(nameOf(last)) ? 'doubt' : 'table' } }];
  });
  return [...left, ...entered];
}

function isShadowOf(shadow: TableName, { database, name }: TableName): boolean {
  return shadow.database === database && shadowKindOf(shadow.name, name) !== null;
}

function columnsOf(tokens: readonly Token[]): Dropping {
  if (tokens.at(-1)?.kind === 'broken') return { kind: 'doubt' };
  const dropped: string[] = [];
  const old: string[] = [];
  const added: string[] = [];
  for (const clause of clausesOf(tokens)) {
    const [verb, ...rest] = clause;
    if (keyword(verb) === 'DROP' && !isOther(rest)) dropped.push(...nameIn(rest).slice(0, 1));
    const [name, next] = keyword(verb) === 'CHANGE' ? nameIn(rest) : [];
    if (name !== undefined && next !== undefined && name !== next) {
      old.push(name);
      added.push(next);
    }
    if (keyword(verb) === 'RENAME' && keyword(rest[0]) === 'COLUMN') {
      old.push(...nameIn(rest).slice(0, 1));
      added.push(...rest.slice(-1).map(({ text }) => text.toLowerCase()));
    }
    if (keyword(verb) === 'ADD' && !isOther(rest)) added.push(...addedIn(rest));
  }
  return { kind: 'columns', dropped, renamed: old, ...(added.length > 0 && { added }) };
}

function clausesOf(tokens: readonly Token[]): readonly (readonly Token[])[] {
  return clauses(tokens).map((each, i) => (i === 0 ? fromVerb(each) : each));
}

const verbs = new Set(['ADD', 'DROP', 'CHANGE', 'RENAME', 'MODIFY', 'ALTER', 'ENGINE', 'COMMENT', 'CONVERT', 'ORDER']);

/** The first clause begins behind ALTER [ONLINE] [IGNORE] TABLE [IF EXISTS] name [WAIT n | NOWAIT]. */
function fromVerb(clause: readonly Token[]): readonly Token[] {
  const table = clause.findIndex((token) => keyword(token) === 'TABLE');
  const name = keyword(clause[table + 1]) === 'IF' ? table + 3 : table + 1;
  const behind = clause[name + 1]?.text === '.' ? name + 3 : name + 1;
  const verb = clause.findIndex((token, i) => i >= behind && verbs.has(keyword(token)));
  return verb === -1 ? [] : clause.slice(verb);
}

/** `c INT`, or `(c INT, d DECIMAL(5, 2))`. */
function addedIn(tokens: readonly Token[]): readonly string[] {
  const at = keyword(tokens[0]) === 'COLUMN' ? 1 : 0;
  if (tokens[at]?.text !== '(') return nameIn(tokens).slice(0, 1);
  const names: string[] = [];
  let depth = 0;
  for (const [i, { kind, text }] of tokens.entries()) {
    const before = depth;
    if (kind === 'mark') depth += text === '(' ? 1 : text === ')' ? -1 : 0;
    const begins = kind === 'mark' && ((text === '(' && before === 0) || (text === ',' && depth === 1));
    if (begins) names.push(...tokens.slice(i + 1, i + 2).map((token) => token.text.toLowerCase()));
  }
  return names;
}

function nameOf({ database, name }: TableName): TableName {
  return { database, name };
}

function keyOf({ database, name }: TableName): string {
  return `${database}\0${name}`;
}

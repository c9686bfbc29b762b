/**
 * Values that a server makes up for rows that are there, when it adds a column or makes one count: by the order in which it stores them, by
 * its own auto_increment_increment, by the session. No row of them is in the binlog: both sides would differ, and nobody would hear of it.
 */
import { keyword } from '@lutra/binlog';
import type { Token } from '@lutra/binlog';
import { tableName, toSyncError } from '@lutra/model';
import type { DdlRecord } from '@lutra/model';
import { hasRows, quoteName, quoteTable } from '@lutra/mysql';
import type { Queries } from '@lutra/mysql';
import { alterClauses } from './alter-clauses.js';
import type { DdlPlan, DdlRefusal } from './carry-out.js';
import { hasMode, tokensOf } from './statement-tokens.js';
import type { Text } from './statement-tokens.js';

export interface MadeUp {
  /** What fills each row; null: nothing does. */
  readonly all: 'AUTO_INCREMENT' | 'a function of its session' | null;
  /** Columns that number their rows with NULL, and with 0 unless the mode says that 0 is a value. */
  readonly numbered: readonly string[];
}

/** Of the functions that depend on the session, or on the server, those that MySQL takes in a default for rows that are there. */
const ofSession = new Set(['CONNECTION_ID', 'DATABASE', 'SCHEMA', 'CURRENT_ROLE', 'PS_CURRENT_THREAD_ID', 'ROLES_GRAPHML']);

/** Pure. */
export function madeUp({ statement, ...text }: Text & Pick<DdlRecord, 'statement'>): MadeUp {
  if (statement !== 'ALTER TABLE') return { all: null, numbered: [] };
  const tokens = tokensOf(text);
  const counting = alterClauses(tokens).filter(numbers);
  if (counting.some(([first]) => keyword(first) === 'ADD')) return { all: 'AUTO_INCREMENT', numbered: [] };
  const isOfSession = tokens.some((token, i) => ofSession.has(keyword(token)) && tokens[i + 1]?.text === '(');
  const numbered = counting.flatMap(
    (clause) => clause.slice(1).find((token) => !/^(?:COLUMN|IF|EXISTS)$/.test(keyword(token)))?.text ?? [],
  );
  return { all: isOfSession ? 'a function of its session' : null, numbered };
}

const beforeName = /^(?:ADD|MODIFY|CHANGE|COLUMN|EXISTS|AFTER)$/;
const ofIndex = /^(?:INDEX|KEY|UNIQUE|FULLTEXT|SPATIAL|CONSTRAINT)$/;

/** Also of an index behind ADD, and the new one of CHANGE. */
function isName(clause: readonly Token[], at: number): boolean {
  const before = clause[at - 1];
  if (beforeName.test(keyword(before)) || (before?.kind === 'mark' && /^[(,]$/.test(before.text))) return true;
  if (keyword(clause[0]) === 'CHANGE') return at === (keyword(clause[1]) === 'COLUMN' ? 3 : 2);
  return clause.slice(1, at).every((token) => ofIndex.test(keyword(token)));
}

/** Its column is AUTO_INCREMENT, or SERIAL, which is the same. Both words may be names, too. */
function numbers(clause: readonly Token[]): boolean {
  if (!/^(?:ADD|MODIFY|CHANGE)$/.test(keyword(clause[0]))) return false;
  return clause.some((token, i) => /^(?:AUTO_INCREMENT|SERIAL)$/.test(keyword(token)) && !isName(clause, i));
}

const why = 'rows that are there would get other values than at the source';

/** Null: it makes none up, or there are no rows. @throws SyncError TARGET_* */
export async function fillsRows(queries: Queries, record: DdlRecord, { tables: [table] }: DdlPlan): Promise<DdlRefusal | null> {
  const { all } = madeUp(record);
  if (all === null || !table || !(await isThat(hasRows(queries, table)))) return null;
  const recipe = all === 'AUTO_INCREMENT' ? 'Number the rows' : 'Fill a new column';
  return refused(`${all} fills a column of ${tableName(table)}`, recipe);
}

/** The same for rows whose column is there, and has no number yet. It may read the whole table. @throws SyncError TARGET_* */
export async function numbersRows(queries: Queries, record: DdlRecord, { tables: [table] }: DdlPlan): Promise<DdlRefusal | null> {
  const { numbered } = madeUp(record);
  const isValue = hasMode(record, 'noAutoValueOnZero');
  if (!table) return null;
  for (const name of numbered) {
    const column = quoteName(name);
    const without = `${column} IS NULL${isValue ? '' : ` OR ${column} = 0`}`;
    const rows = queries.query(`SELECT 1 AS found FROM ${quoteTable(table)} WHERE ${without} LIMIT 1`);
    if (!(await isThat(rows.then(({ length }) => length > 0)))) continue;
    return refused(`AUTO_INCREMENT numbers rows of ${tableName(table)} whose ${name} has no number`, 'Number the rows');
  }
  return null;
}

/** Where the table or the column is not there, the statement itself says so. */
async function isThat(asked: Promise<boolean>): Promise<boolean> {
  try {
    return await asked;
  } catch (error) {
    const { code } = toSyncError(error);
    if (code === 'TABLE_MISSING' || code === 'COLUMN_MISSING') return false;
    throw error;
  }
}

function refused(what: string, recipe: string): DdlRefusal {
  return { reason: 'unmapped', message: `${what}: ${why} (docs/10-schema-changes.md, "${recipe}")` };
}

/** Why a pipeline holds at a schema change, as people are told. Pure. */
import type { DdlAnswer, DdlHold, DdlHoldReason, DdlRecord, TableName } from '@lutra/model';
import { tableName } from '@lutra/model';
import type { RecordPosition } from '../read/log-reader.js';
import type { DdlPlan } from './carry-out.js';
import type { DdlRule, Elsewhere } from './rule.js';

export interface Held {
  readonly reason: DdlHoldReason;
  readonly message: string;
  /** As it would run here; null: it cannot. */
  readonly plan: DdlPlan | null;
  /** By which that was decided. */
  readonly rule: DdlRule;
  /** Answers that would be taken; left out: see DdlRefusal. */
  readonly ways?: readonly DdlAnswer[] | undefined;
  readonly enters?: readonly TableName[] | undefined;
  /** What an answer met: it is told until the next one. */
  readonly isAnswered?: boolean;
}

const maxTextLength = 4_000;
const maxTables = 200;

export const undecidedText =
  'A loader began to carry it out and ended, and nothing at the target says whether it ran. Compare the table at the target with what the ' +
  'statement makes of it. Answer "done" if it is so there, else "run".';

export function policyText({ statement }: Pick<DdlRecord, 'statement'>): string {
  return `The pipeline does not carry out ${statement || 'such statements'} by itself (its "ddl"; "stop" where something flows both ways, or where another pipeline writes the table that it takes something from).`;
}

/** Of a statement of another region than the one where its tables are at home. */
export function notHomeText({ homes, from, isHere }: Elsewhere): string {
  const what = `It was run in ${from}, and is about a table that is at home in ${homes.join(' and ')}`;
  if (!isHere) return `${what}: answer it there first. What is run there comes here too; "run" carries it out here alone.`;
  return `${what}, which is here. "run" carries it out, and from here it goes to all others; "done" if you do it here in other words. "skip" if it shall not be: then take it back in ${from}.`;
}

export function unknownText({ doubt }: Pick<DdlRecord, 'doubt'>): string {
  const why = doubt === null ? '' : `: ${doubt}`;
  return `Which tables it changes cannot be made out${why}. Do at the target what it does to the tables there, and answer "done"; or "skip".`;
}

/** `since`: ms since 1970 */
export function holdOf({ record, position }: { record: DdlRecord; position: RecordPosition }, held: Held, since: number): DdlHold {
  const { reason, message, plan } = held;
  return {
    log: position.log,
    seq: position.seq,
    record: record.id,
    reason,
    message,
    statement: record.statement,
    sql: cut(record.sql),
    here: plan && cut(plan.sql),
    tables: namesOf(record).slice(0, maxTables),
    ways: held.ways ?? (plan && plan.barred === undefined ? ['run', 'done', 'skip'] : ['done', 'skip']),
    ...(held.enters && { enters: held.enters }),
    since,
  };
}

/** Each once, as they are called at the source. */
export function namesOf({ tables }: { readonly tables: readonly TableName[] }): readonly TableName[] {
  return [...new Map(tables.map(({ database, name }) => [`${database}\0${name}`, { database, name }])).values()];
}

/** "ALTER TABLE shop.t": without values. */
export function titleOf(record: { readonly statement: string; readonly tables: readonly TableName[] }): string {
  const names = namesOf(record).map(tableName);
  const more = names.length > 3 ? ` and ${names.length - 3} more` : '';
  return [record.statement || 'a schema change', `${names.slice(0, 3).join(', ')}${more}`].join(' ').trim();
}

function cut(text: string): string {
  return text.length > maxTextLength ? `${text.slice(0, maxTextLength - 1)}…` : text;
}

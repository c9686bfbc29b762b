/**
 * Triggers of a target's table: they fire for applied rows too. One that runs before a row is written can change it, and the sides differ;
 * counter-example: the same `SET NEW.v = NEW.v + 1` on both sides (a dump carries it over) makes 101 of 100 there and 102 here.
 *
 * Those of pt-online-schema-change are no matter: they write to a table that it made, whose rows are carried with their table, or never.
 */
import { tableName } from '@lutra/model';
import { quoteName, quoteTable, quoteText } from './literal.js';
import { problem } from './problem.js';
import type { Problem } from './problem.js';
import { textOf } from './server-facts.js';
import type { Queries, ResultRow } from './session-options.js';
import type { TargetTable } from './target-definition.js';

export async function checkTriggers(target: Queries, table: TargetTable): Promise<readonly Problem[]> {
  const told: Problem[] = [];
  for (const { id, severity, what, triggers } of triggerProblems(table))
    told.push(problem(severity, id, what, triggers.length === 0 ? null : await guarding(target, table, triggers)));
  return told;
}

interface TriggerProblem {
  readonly id: 'trigger-unguarded' | 'table-triggers';
  readonly severity: 'error' | 'warning';
  readonly what: string;
  /** Those that do not say what they do for applied rows. */
  readonly triggers: readonly string[];
}

export function triggerProblems(table: TargetTable): readonly TriggerProblem[] {
  const { unguardedTriggers: unguarded, firingTriggers: firing, triggers, toolTriggers = 0 } = table;
  const name = tableName(table);
  const told: TriggerProblem[] = [];
  if (unguarded.length > 0) {
    const what = `${name}: triggers ${unguarded.join(', ')} can change applied rows, so that both sides differ, and do not say what they do where @lutra_apply is set`;
    told.push({ id: 'trigger-unguarded', severity: 'error', what, triggers: unguarded });
  }
  if (firing.length > 0) {
    const what = `${name}: triggers ${firing.join(', ')} fire for applied rows too; what they write to a routed table comes as a row besides, and stops the pipeline`;
    told.push({ id: 'table-triggers', severity: 'warning', what, triggers: firing });
  } else if (triggers - toolTriggers > unguarded.length)
    told.push({ id: 'table-triggers', severity: 'warning', what: `${name} has triggers: they fire for applied rows too`, triggers: [] });
  return told;
}

/** Each made anew, in its place, so that it does nothing for applied rows. */
async function guarding(target: Queries, table: TargetTable, names: readonly string[]): Promise<string> {
  const rows = await target.query(
    `SELECT TRIGGER_NAME AS name, ACTION_TIMING AS timing, EVENT_MANIPULATION AS event, ACTION_STATEMENT AS body, DEFINER AS definer, SQL_MODE AS mode FROM information_schema.TRIGGERS WHERE EVENT_OBJECT_SCHEMA = ${quoteText(table.database)} AND EVENT_OBJECT_TABLE = ${quoteText(table.name)} ORDER BY ACTION_TIMING, EVENT_MANIPULATION, ACTION_ORDER`,
  );
  return rows.flatMap((row, i) => (names.includes(textOf(row, 'name')) ? [guardedText(table, row, rows[i + 1])] : [])).join('; ');
}

function guardedText(table: TargetTable, row: ResultRow, next: ResultRow | undefined): string {
  const [name, timing, event, mode] = ['name', 'timing', 'event', 'mode'].map((column) => textOf(row, column)) as [
    string,
    string,
    string,
    string,
  ];
  const definer = textOf(row, 'definer');
  const at = definer.lastIndexOf('@');
  const trigger = `${quoteName(table.database)}.${quoteName(name)}`;
  const sameEvent = next && textOf(next, 'timing') === timing && textOf(next, 'event') === event;
  const where = sameEvent ? `PRECEDES ${quoteName(textOf(next, 'name'))} ` : '';
  const body = `IF @lutra_apply IS NULL THEN ${textOf(row, 'body').replace(/[;\s]+$/, '')}; END IF`;
  const create = `CREATE DEFINER = ${quoteName(definer.slice(0, at))}@${quoteName(definer.slice(at + 1))} TRIGGER ${trigger}`;
  return `SET SESSION sql_mode = ${quoteText(mode)}; DROP TRIGGER ${trigger}; ${create} ${timing} ${event} ON ${quoteTable(table)} FOR EACH ROW ${where}${body}`;
}

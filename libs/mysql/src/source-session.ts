/**
 * Under which session a change is written. MySQL's own replica applies a transaction in the session of its BEGIN, without strict mode, and
 * each rows event under its flags; so do we, but only where the target's table has something that depends on it. All else, the fence and
 * the counts above all, runs in our own session, which is strict.
 *
 * What is not passed on, and why:
 * - STRICT_*: what the source has stored by then was a warning there (INSERT IGNORE), and an error would stop us. That a value fits its
 *   column is seen to by match-tables.ts.
 * - unique_checks = 0: it changes no value; it lets InnoDB take a duplicate unseen.
 * - modes that only change how a statement is read: ours mean the same in all of them.
 */
import { rowsFlags, SyncError, tableName } from '@lutra/model';
import type { Row, SourceSession } from '@lutra/model';
import { hasZeros, isDay } from '@lutra/rows';
import { ownSession } from './session-options.js';
import { joined } from './sql-text.js';
import type { SqlText } from './sql-text.js';
import { written } from './table-plan.js';
import type { TablePlan } from './table-plan.js';
import type { TargetTable } from './target-definition.js';

/** How a change ran at its source. */
export interface Under {
  /** Null: nobody knows. */
  readonly session: SourceSession | null;
  /** Bits of rowsFlags. */
  readonly flags: number;
}

/** Statements around changes. */
export interface SessionText {
  readonly set: string;
  readonly reset: string;
}

/** Those that change what an expression gives. */
const modes: readonly (readonly [number, string])[] = [
  [2 ** 6, 'NO_UNSIGNED_SUBTRACTION'],
  [2 ** 20, 'NO_BACKSLASH_ESCAPES'],
  [2 ** 23, 'NO_ZERO_IN_DATE'],
  [2 ** 24, 'NO_ZERO_DATE'],
  [2 ** 25, 'ALLOW_INVALID_DATES'],
  [2 ** 26, 'ERROR_FOR_DIVISION_BY_ZERO'],
  [2 ** 31, 'PAD_CHAR_TO_FULL_LENGTH'],
  [2 ** 32, 'TIME_TRUNCATE_FRACTIONAL'],
];
const noZeroInDate = 2 ** 23;
const allowInvalidDates = 2 ** 25;

const texts = new WeakMap<TablePlan, WeakMap<SourceSession, Map<number, SessionText | null>>>();
const unknown: SourceSession = { sqlMode: 0, timeZone: '', lcTimeNames: 0, collation: 0 };

/**
 * Null: our own session.
 * @param options.safe the session does not check foreign keys anyway
 * @throws SyncError SESSION_UNSUPPORTED; VALUE_UNSUPPORTED for a date that the source's session would not have stored
 */
export function sessionTextOf(
  plan: TablePlan,
  change: { readonly under?: Under; readonly before: Row | null; readonly after: Row | null },
  { safe = false } = {},
): SessionText | null {
  const { under } = change;
  if (under === undefined || (under.flags === 0 && !plan.computes)) return null;
  const session = (plan.computes ? under.session : null) ?? unknown;
  if (session !== unknown && change.after !== null)
    requireDates(plan, { before: safe ? null : change.before, after: change.after }, session);
  // Whatever we know about the table: a foreign key of a schema that our user may not see has effects too.
  const flags = under.flags & (rowsFlags.noCheckConstraints | (safe ? 0 : rowsFlags.noForeignKeyChecks));
  let byFlags = texts.get(plan);
  if (!byFlags) texts.set(plan, (byFlags = new WeakMap()));
  let known = byFlags.get(session);
  if (!known) byFlags.set(session, (known = new Map()));
  let text = known.get(flags);
  if (text === undefined) known.set(flags, (text = textOf(plan.target, session, flags)));
  return text;
}

export function inSession({ set, reset }: SessionText, text: SqlText): SqlText {
  const mark = { does: 'session' } as const;
  return joined([{ sql: set, marks: [mark] }, text, { sql: reset, marks: [mark] }]);
}

function textOf(target: TargetTable, session: SourceSession, flags: number): SessionText | null {
  const values = [
    ...(session === unknown ? [] : settingsOf(target, session)),
    ...((flags & rowsFlags.noForeignKeyChecks) === 0 ? [] : ([['foreign_key_checks', '0']] as const)),
    // MySQL has no such setting; a check that refuses the row stops the pipeline.
    ...((flags & rowsFlags.noCheckConstraints) !== 0 && target.server.flavor === 'mariadb'
      ? ([['check_constraint_checks', '0']] as const)
      : []),
  ];
  if (values.length === 0) return null;
  return {
    set: `SET SESSION ${values.map(([name, value]) => `${name} = ${value}`).join(', ')}`,
    reset: ownSession(values.map(([name]) => name)),
  };
}

function settingsOf(
  target: TargetTable,
  { sqlMode, timeZone, lcTimeNames, collation }: SourceSession,
): readonly (readonly [string, string])[] {
  const names = modes.filter(([bit]) => has(sqlMode, bit)).map(([, name]) => name);
  return [
    ['sql_mode', `'${[...names, 'NO_AUTO_VALUE_ON_ZERO', 'NO_ENGINE_SUBSTITUTION'].join(',')}'`],
    ['time_zone', `'${zoneAt(target, timeZone)}'`],
    ['lc_time_names', String(lcTimeNames)],
    ['collation_connection', String(collation)],
  ];
}

/** A zone of the source's system is known here only if ours is the same. */
function zoneAt(target: TargetTable, zone: string): string {
  if (!zone.startsWith('SYSTEM')) return zone.replaceAll(/[^\w+:/-]/g, '');
  if (zone === target.server.systemZone) return 'SYSTEM';
  const what = `the source's session has time_zone = 'SYSTEM', whose offset changes, and the target's system has another zone`;
  throw new SyncError('SESSION_UNSUPPORTED', `${tableName(target)}: ${what}`, {
    details: { database: target.database, table: target.name },
  });
}

/** Bits beyond 31. */
function has(bits: number, bit: number): boolean {
  return Math.floor(bits / bit) % 2 === 1;
}

/** Without strict mode the server would store 0000-00-00 in the place of a date that the session does not take. */
function requireDates(plan: TablePlan, images: { readonly before: Row | null; readonly after: Row }, { sqlMode }: SourceSession): void {
  const zeroInDate = !has(sqlMode, noZeroInDate);
  const invalid = has(sqlMode, allowInvalidDates);
  if (zeroInDate && invalid) return;
  for (const { name, schema, quoted } of written(plan, images)) {
    if (schema.type !== 'date' && schema.type !== 'datetime') continue;
    const value = images.after[name];
    if (typeof value !== 'string' || value.startsWith('0000-00-00')) continue;
    if ((zeroInDate || !hasZeros(value)) && (invalid || isDay(value))) continue;
    throw new SyncError(
      'VALUE_UNSUPPORTED',
      `${tableName(plan.target)}.${quoted}: a date that the sql_mode of the source's session does not take`,
      {
        details: { column: `${tableName(plan.target)}.${name}` },
      },
    );
  }
}

/**
 * Rows of the target inside an open transaction: read and locked, and made what they are to be, other rows that hold their unique values
 * out of the way.
 */
import type { Row } from '@lutra/model';
import { rowsFlags, SyncError } from '@lutra/model';
import {
  conflictKind,
  deleteRow,
  holdersQueries,
  identicalRows,
  insertRow,
  keyOfRow,
  makeReady,
  readRowQuery,
  sessionTextOf,
  toRowBeside,
  updateRow,
} from '@lutra/mysql';
import type { ApplyConnection, ResultRow, RowPlan, SessionText, SqlText, Under } from '@lutra/mysql';

type Connection = Pick<ApplyConnection, 'within' | 'attempt'>;

export interface RowChange {
  /** As it is now. */
  readonly existing: Row | null;
  /** As it is to be. */
  readonly row: Row | null;
  /** Other rows that are deleted first. */
  readonly displaced: readonly Row[];
  /** Of these the one that moves, if it does. */
  readonly moved?: Row | null;
  /** How what comes ran at its source. Left out: our own session. */
  readonly under?: Under | undefined;
}

/** What is to be read. */
export interface Assignment {
  readonly plan: RowPlan;
  /** The row with the key of this one. */
  readonly key: Row | null;
  /** And the other rows that hold a unique value of this one. */
  readonly values: Row | null;
}

export interface Found {
  readonly existing: Row | null;
  readonly holders: readonly Row[];
}

/** Of statements in one text. */
const maxReads = 500;

/** All are locked, in their order; in one round trip if they are not too many. */
export async function readRows(connection: Pick<ApplyConnection, 'within'>, requests: readonly Assignment[]): Promise<readonly Found[]> {
  const queries = requests.map(({ plan, key, values }) => [
    ...(key ? [readRowQuery(plan, keyOfRow(plan, key), true)] : []),
    ...(values ? holdersQueries(plan, values) : []),
  ]);
  const all = queries.flat();
  const tables = [...new Set(requests.map(({ plan }) => plan.table.target))];
  const results: (readonly ResultRow[])[] = [];
  for (let from = 0; from < all.length; from += maxReads)
    results.push(...(await connection.within(all.slice(from, from + maxReads).join(';\n'), tables)));
  const found: Found[] = [];
  let at = 0;
  for (const [i, { plan, key }] of requests.entries()) {
    const given = results.slice(at, (at += queries[i]?.length ?? 0));
    const [row] = (key && given.shift()) ?? [];
    const holders = new Map<string, Row>();
    for (const each of given.flat()) {
      const holder = await toRowBeside(plan, each);
      holders.set(keyText(plan, holder), holder);
    }
    found.push({ existing: row ? await toRowBeside(plan, row) : null, holders: [...holders.values()] });
  }
  return found;
}

/**
 * The primary key as a text, for maps and messages: another text for each key. A value that could be taken for more than itself is quoted.
 */
export function keyText(plan: RowPlan, row: Row): string {
  return Object.entries(keyOfRow(plan, row))
    .map(([column, value]) => {
      const text = Buffer.isBuffer(value) ? value.toString('hex') : String(value);
      return `${column}=${/, |^"/.test(text) ? JSON.stringify(text) : text}`;
    })
    .join(', ');
}

/**
 * Null when written; else why not, and everything is as it was before. Rows that give way are none that the source has changed: its foreign
 * key checks are not theirs.
 * @throws SyncError as ApplyConnection.attempt
 */
export async function writeRow(connection: Connection, plan: RowPlan, change: RowChange): Promise<SyncError | null> {
  return write(connection, plan, change, change.under && { ...change.under, flags: change.under.flags & ~rowsFlags.noForeignKeyChecks });
}

/** `aside`: under what rows give way. */
async function write(connection: Connection, plan: RowPlan, change: RowChange, aside?: Under): Promise<SyncError | null> {
  const sessionOf = (after: Row | null, under?: Under): SessionText | null =>
    sessionTextOf(plan.table, { before: null, after, ...(under && { under }) });
  const steps = change.displaced.map((holder) => ({
    text: deleteRow(plan, keyOfRow(plan, holder)),
    session: sessionOf(null, holder === change.moved ? change.under : aside),
  }));
  const text = await textOf(plan, change);
  if (text) steps.push({ text, session: sessionOf(change.row, change.under) });
  const [only, ...more] = steps;
  // What refuses a single statement has undone it.
  if (!only || more.length === 0) return only ? connection.attempt(only.text, only.session) : null;
  await connection.within('SAVEPOINT lutra_row');
  for (const step of steps) {
    const refused = await connection.attempt(step.text, step.session);
    if (!refused) continue;
    await connection.within('ROLLBACK TO SAVEPOINT lutra_row');
    return refused;
  }
  return null;
}

/** The same where home's rows are taken: foreign keys that refuse it are not checked. */
export async function forceRow(connection: Connection, plan: RowPlan, change: RowChange): Promise<SyncError | null> {
  const refused = await writeRow(connection, plan, change);
  const kind = refused && conflictKind(refused);
  if (kind !== 'parent missing' && kind !== 'child exists') return refused;
  const { session = null, flags = 0 } = change.under ?? {};
  const under = { session, flags: flags | rowsFlags.noForeignKeyChecks };
  return write(connection, plan, { ...change, under }, under);
}

async function textOf(plan: RowPlan, { existing, row }: RowChange): Promise<SqlText | null> {
  if (row === null) return existing === null ? null : deleteRow(plan, keyOfRow(plan, existing));
  if (existing !== null && (await identicalRows(plan, existing, row))) return null;
  await makeReady(plan.table, row);
  return existing === null ? insertRow(plan, row) : updateRow(plan, keyOfRow(plan, existing), row);
}

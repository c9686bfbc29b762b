/**
 * A table that comes with rows which are not in the log: why its pipeline holds, and the answer `seed`. What the target has under that
 * name is put aside, never dropped, each table by a statement of its own under its own witness (part 1, 2, …). With the record's own row
 * (part 0) it is written that nothing of the table is applied until its seed begins. Decision 0034, rule 21.
 */
import { asideName, tableName } from '@lutra/model';
import type { Checkpoint } from '@lutra/marker';
import type { DdlActivity, DdlRecord, Route, Router, TableName } from '@lutra/model';
import { asideDefinition, asideObstacles, awaitSeed, ddlEnd, hasLeft, hasRows, hasRun, isThere, quoteTable, readDdl } from '@lutra/mysql';
import type { DdlConnection, DdlOf, Queries, SqlText } from '@lutra/mysql';
import { carryOutOnce } from './carry-out-once.js';
import type { OnceOptions } from './carry-out-once.js';
import type { DdlAt, DdlRefusal } from './carry-out.js';
import type { Entering } from './entering.js';
import { hasGtids, isMariadb } from './server-facts.js';
import { isWrittenBy } from './shared-tables.js';

interface Setting {
  /** What is written here goes to the source too. */
  readonly bothWays: boolean;
  /** Routes of each other pipeline to the same target. */
  others(): readonly (readonly Route[])[];
}

interface EnteredOptions extends Setting {
  readonly record: DdlRecord;
  readonly entering: Entering;
}

/** @throws SyncError TARGET_* */
export async function enteredRefusal(connection: DdlConnection, options: EnteredOptions): Promise<DdlRefusal> {
  const { enters, leaves } = options.entering;
  const names = (tables: readonly { readonly source: TableName }[]): string => tables.map(({ source }) => tableName(source)).join(', ');
  if (enters.length === 0) return leftRefusal(names(leaves), options);
  const why = await obstacle(connection, options);
  const rows = `${names(enters)}: behind it the table has rows at the source that are not in the log, and the target has others or none.`;
  const left = leaves.length > 0 ? ` ${names(leaves)}: no row of what was under that name comes any more.` : '';
  const way = why === null ? seedText : `It cannot be seeded by itself: ${why}. ${byHand}`;
  return {
    reason: 'entered',
    message: `${rows}${left} ${way}`,
    ways: why === null ? ['seed', 'done', 'skip'] : ['done', 'skip'],
    enters: enters.map(({ source }) => source),
  };
}

const seedText =
  'Answer "seed": what the target has of it is put aside under another name, and the table is made and copied as it is at the source. ' +
  'Or make it equal yourself, and answer "done".';
const byHand = 'Make the table at the target as it is at the source, and answer "done" (docs/10-schema-changes.md, entered)';

function leftRefusal(names: string, { bothWays, entering }: EnteredOptions): DdlRefusal {
  const what = `it gives ${names} a name that the pipeline does not carry`;
  const message = `${what}: the table stays at the target under its old name, and no row of it comes any more. Answer "skip", or do at the target what it means there and answer "done"`;
  return { reason: 'unmapped', message, isLeft: !bothWays && entering.moves?.length === 0 };
}

/**
 * Of a table that is created if it is not there. Counter-example for taking it as met, or running it: the source has given the table
 * another name, and makes an empty one with IF NOT EXISTS. Here that finds the table of before, with its rows. Null: there is none.
 * @throws SyncError TARGET_*
 */
export async function besideLeft(
  queries: Queries,
  record: DdlRecord,
  { pipeline, router }: { readonly pipeline: string; readonly router: Router },
): Promise<DdlRefusal | null> {
  const table = record.tables.find(({ role }) => role === 'subject');
  const target = table ? router({ database: table.database, name: table.name }) : null;
  if (!target || !(await hasLeft(queries, pipeline, target))) return null;
  if (!(await isThere(queries, target)) || !(await hasRows(queries, target))) return null;
  const message = `${tableName(target)} is still here, with its rows: the source has given that table another name, and now makes one anew. Rename or drop the one that is here, create the new one, and answer "done"; or "skip", and its rows stay in the new one`;
  return { reason: 'unmapped', message, ways: ['done', 'skip'] };
}

/** Why a seed is no way out; null: it is one. */
async function obstacle(connection: DdlConnection, { record, entering, bothWays, others }: EnteredOptions): Promise<string | null> {
  const { enters, moves } = entering;
  if (record.flavor === 'mariadb' || (await isMariadb(connection))) return 'one of the two servers is MariaDB';
  if (bothWays) return 'something flows both ways, and what the target has written to the table may not have arrived at the source';
  const other = enters.find(({ target }) => isWrittenBy(others(), target));
  if (other) return `another pipeline writes ${tableName(other.target)} too, and its rows would be put aside with the others`;
  if (moves === null) return 'it changes names in a circle';
  if (moves.length > 0 && !(await hasGtids(connection))) return 'it gives other tables new names too, and the target has no GTIDs';
  const tables = [...new Map(enters.map(({ target }) => [tableName(target), target])).values()];
  if (tables.length < enters.length) return 'the rows of several tables that enter would come into one';
  for (const target of tables) {
    const why = isMoved(target, entering) ? null : await asideObstacles(connection, target);
    if (why !== null) return why;
  }
  return null;
}

function isMoved(target: TableName, { moves }: Entering): boolean {
  return moves?.some(({ from }) => tableName(from) === tableName(target)) ?? false;
}

export interface SeedingEntered extends Setting, Omit<OnceOptions, 'key' | 'answer' | 'onLook'> {
  readonly checkpoint: Checkpoint;
  readonly entering: Entering | null;
  onActivity(activity: DdlActivity | undefined): void;
  /** Of one statement. */
  of(part: number, sql: string, tables: readonly TableName[]): DdlOf;
}

/**
 * What is to be written with its end; or why it cannot be. The connection holds the pipeline's lock.
 * @throws SyncError as carryOutOnce()
 */
export async function seedEntered(
  record: DdlRecord,
  { position: { seq } }: DdlAt,
  options: SeedingEntered,
): Promise<DdlRefusal | { readonly tables: readonly TableName[]; readonly waits: readonly SqlText[] }> {
  const { connection, checkpoint, entering } = options;
  if (!entering) return { reason: 'unmapped', message: 'it brings no table into the pipeline any more' };
  const refusal = await enteredRefusal(connection, { ...options, record, entering });
  if (!refusal.ways?.includes('seed')) return refusal;
  for (const part of partsOf(connection, entering, seq)) {
    const failure = await once(part, record, options);
    if (failure) return { ...refusal, message: `${failure.message}. ${refusal.message}` };
  }
  const { pipeline } = checkpoint;
  const waits = entering.enters.map(({ source, target }) => awaitSeed({ pipeline, table: source, target }));
  return { tables: entering.enters.map(({ target }) => target), waits };
}

interface Part {
  readonly part: number;
  readonly tables: readonly TableName[];
  /** Of an intent without a witness. */
  hasRun(): Promise<boolean>;
  /** Null: there is nothing to do. */
  sql(): Promise<string | null>;
}

function partsOf(connection: DdlConnection, entering: Entering, seq: number): readonly Part[] {
  const asides = entering.enters.map(({ target }, i): Part => {
    const aside = { database: target.database, name: asideName(target.name, seq) };
    return {
      part: i + 1,
      tables: [target],
      hasRun: async () => (await isThere(connection, aside)) && !(await isThere(connection, target)),
      sql: async () => {
        const drops = isMoved(target, entering) ? null : await asideDefinition(connection, target);
        return drops && `ALTER TABLE ${quoteTable(target)} ${[...drops, `RENAME TO ${quoteTable(aside)}`].join(', ')}`;
      },
    };
  });
  const { moves } = entering;
  if (!moves || moves.length === 0) return asides;
  const pairs = moves.map(({ from, to }) => `${quoteTable(from)} TO ${quoteTable(to)}`);
  const renames = {
    part: asides.length + 1,
    tables: moves.map(({ from }) => from),
    hasRun: async () => false,
    sql: async () => `RENAME TABLE ${pairs.join(', ')}`,
  };
  return [...asides, renames];
}

/** As SHOW CREATE TABLE prints definitions. */
const settings = ["sql_mode = 'STRICT_ALL_TABLES'", 'foreign_key_checks = 0'];

async function once({ part, tables, ...about }: Part, record: DdlRecord, options: SeedingEntered): Promise<DdlRefusal | null> {
  const { connection, marks, of, checkpoint, onActivity } = options;
  const known = of(part, '', tables);
  const row = await readDdl(connection, known);
  if (row?.state === 'done') return null;
  const isOver = row?.state === 'intent' && (await (row.witness ? hasRun(connection, row.witness) : about.hasRun()));
  if (!isOver) {
    const sql = await about.sql();
    if (sql === null) return null;
    const { log, seq } = known;
    const activity = { log, seq, statement: record.statement, here: sql, since: Date.now(), progress: null, blockers: [] };
    onActivity(activity);
    const onLook = (seen: Pick<DdlActivity, 'progress' | 'blockers'>): void => onActivity({ ...activity, ...seen });
    const failure = await carryOutOnce(of(part, sql, tables), settings, { ...options, onLook, key: checkpoint, answer: null }).finally(() =>
      onActivity(undefined),
    );
    if (failure) return failure;
  }
  await marks.write(ddlEnd(known, 'done', null), known);
  return null;
}

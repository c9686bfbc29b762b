/**
 * One statement at the target, once: intent, statement under its witness. Decision 0034, rules 2 to 7. That it is done is written by who
 * asked for it.
 */
import { ddlEnd, ddlIntent, definitionsOf, hasRun, nextWitness, ofStore, readDdl } from '@lutra/mysql';
import type { DdlConnection, DdlOf, DdlWitness, Queries } from '@lutra/mysql';
import type { Checkpoint } from '@lutra/marker';
import { throwIfAborted } from '@lutra/runtime';
import type { During } from '@lutra/runtime';
import type { DdlRefusal } from './carry-out.js';
import type { Marks } from './marks.js';
import { hasGtids } from './server-facts.js';
import { runStatement, tooLong, wordsOf } from './run-statement.js';
import type { StatementOptions } from './run-statement.js';

export interface OnceOptions extends Omit<StatementOptions, 'tables'> {
  readonly key: Pick<Checkpoint, 'pipeline' | 'part' | 'epoch'>;
  readonly connection: DdlConnection;
  readonly marks: Marks;
  /** JSON of what a person said; null: nobody was asked. */
  readonly answer: string | null;
}

/** Null: it ran, now or before. The connection holds the pipeline's lock. @throws SyncError as runStatement(), Marks.write() */
export async function carryOutOnce(of: DdlOf, settings: readonly string[], options: OnceOptions): Promise<DdlRefusal | null> {
  const { connection, marks, key } = options;
  const witness = await witnessFor(connection, of);
  if (witness === 'ran') return null;
  const before = witness === null ? JSON.stringify(await definitionsOf(connection, of.tables)) : null;
  await marks.write(ddlIntent(of, { witness, before }), of).catch((error: unknown) => {
    throw ofStore(error);
  });
  const failure = await runStatement(connection, { key, witness, settings, sql: of.sql }, { ...options, tables: of.tables });
  const isExecuted = witness !== null && (await hasRun(connection, witness));
  if (failure === null) return witness === null || isExecuted ? null : unseen;
  await marks.write(ddlEnd(of, 'failed', options.answer), of);
  const words = wordsOf(failure, options.maxSeconds());
  if (isExecuted) return { reason: 'undecided', message: `the target carried out a part of it: ${words}. ${compare}` };
  const isDenied = failure !== tooLong && failure.error.code === 'TARGET_DENIED';
  return { reason: 'failed', message: isDenied ? `${words}. ${rights}` : words };
}

const compare = 'Compare the tables with those of the source';
const unseen: DdlRefusal = {
  reason: 'undecided',
  message: `the target says that it ran, and has no trace of it in gtid_executed. ${compare}`,
};
export const rights = 'docs/10-schema-changes.md has the rights that the user needs (GRANT … SESSION_VARIABLES_ADMIN, CREATE, ALTER, DROP)';

/** The one of an open intent that did not run stays: if its statement runs late all the same, the server skips the second. */
async function witnessFor(queries: Queries, of: DdlOf): Promise<DdlWitness | 'ran' | null> {
  if (!(await hasGtids(queries))) return null;
  const row = await readDdl(queries, of);
  if (row?.state !== 'intent' || row.witness === null) return nextWitness(queries, of.pipeline);
  return (await hasRun(queries, row.witness)) ? 'ran' : row.witness;
}

/** Until a statement of a loader before this one has ended: its session holds the lock as long as it runs. */
export async function takeLock(
  connection: DdlConnection,
  pipeline: string,
  { signal, during }: { readonly signal: AbortSignal; readonly during: During },
): Promise<void> {
  await during('a schema change of the loader before this one, which still runs at the target', async () => {
    while (!(await connection.lock(pipeline, 2))) throwIfAborted(signal);
  });
  throwIfAborted(signal);
}

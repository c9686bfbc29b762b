/** What an operator does where the pipeline holds at a schema change: docs/10-schema-changes.md. */
import { createConnection } from 'mysql2/promise';
import type { DdlHold } from '@lutra/model';
import type { Field, Stop } from './field.js';
import type { Step } from './script.js';
import { collations } from './sender.js';
import { quoted } from './table.js';

const path = '/api/v1/channels/one/pipelines/a-b/ddl';

/** Everything before the statement has arrived: the pipeline holds at it. It is run at the target in the same session, and answered. */
export async function passByHand(field: Field, step: Step, settings: string): Promise<Stop | undefined> {
  const { hold } = await field.stack.api.request<{ hold: DdlHold | null }>('GET', path);
  await runAtTarget(field, step, settings);
  if (hold) await answered(field, hold);
  return field.goesOn('DDL_HELD');
}

/** What the target shows by now is met by itself, and needs no answer. */
async function answered({ stack: { api } }: Field, { log, seq }: DdlHold): Promise<void> {
  const body = { log, seq, answer: 'done', by: 'the differ', reason: 'it ran at the target in the same session' };
  await api.request('POST', path, body).catch(async (error: unknown) => {
    const now = await api.request<{ hold: DdlHold | null }>('GET', path);
    if (now.hold?.seq === seq) throw error;
  });
}

/** The table as it is at the source: then the pipeline goes on by itself. */
export async function createAtTarget(
  field: Field,
  { definition, database }: Pick<Step, 'definition'> & { readonly database: string },
): Promise<void> {
  const table = `${quoted(database)}.${quoted(definition?.tables[0] ?? '')}`;
  const [shown] = await field.rows('a', `SHOW CREATE TABLE ${table}`);
  await field.rows('b', `USE ${quoted(database)}; SET SESSION sql_mode = ''; ${String(shown?.['Create Table'])}`);
}

/** `settings`: of the session that ran it at the source. */
export async function runAtTarget(
  field: Field,
  { sql, definition, session }: Pick<Step, 'sql' | 'definition' | 'session'>,
  settings: string,
): Promise<void> {
  const connection = await createConnection({
    ...field.stack.connection('b'),
    charset: collations[session], // a text in a definition keeps it
    ...(definition?.database === undefined ? {} : { database: definition.database }),
  });
  try {
    for (const before of definition?.before ?? []) await connection.query(before);
    await connection.query(settings);
    await connection.query(sql);
  } catch (error) {
    throw new Error(`by hand at the target (session ${session}): ${sql}`, { cause: error });
  } finally {
    connection.destroy();
  }
}

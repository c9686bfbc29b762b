/** What an operator does when capture stopped at a DDL statement: docs/02-setup.md, DDL. */
import { setTimeout as sleep } from 'node:timers/promises';
import { createConnection } from 'mysql2/promise';
import type { Field, Stop } from './field.js';
import type { Step } from './script.js';
import { collations } from './sender.js';
import { quoted } from './table.js';

const boundMs = 60_000;

/** Everything before the statement has arrived; it is run at the target in the same session, ignored, and nothing is ignored any more. */
export async function passByHand(field: Field, step: Step, settings: string): Promise<Stop | undefined> {
  await caughtUp(field);
  await runAtTarget(field, step, settings);
  const endpoint = `endpoints/${field.stack.endpoints.a}`;
  await field.change(endpoint, { ddl: 'ignore' });
  const stop = await field.goesOn('DDL_UNSUPPORTED');
  if (stop) return stop;
  await field.change(endpoint, { ddl: 'stop' });
  await field.runs('one');
  return undefined;
}

/** As the help of TABLE_MISSING says: the table as it is at the source, then a retry. */
export async function createAtTarget(
  field: Field,
  { definition, database }: Pick<Step, 'definition'> & { readonly database: string },
): Promise<void> {
  const table = `${quoted(database)}.${quoted(definition?.tables[0] ?? '')}`;
  const [shown] = await field.rows('a', `SHOW CREATE TABLE ${table}`);
  await field.rows('b', `USE ${quoted(database)}; SET SESSION sql_mode = ''; ${String(shown?.['Create Table'])}`);
  await field.stack.api.channelAction('one', 'retry');
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

async function caughtUp(field: Field): Promise<void> {
  let last = '';
  for (const deadline = Date.now() + boundMs; Date.now() < deadline; await sleep(100)) {
    const position = await field.stack.api.request<{ recordsBehind: number | null }>('GET', '/api/v1/channels/one/pipelines/a-b/position');
    if (position.recordsBehind === 0) return;
    last = JSON.stringify(position);
  }
  throw new Error(`the loader does not catch up with what was published before the statement: ${last}`);
}

/** What a person does when capture stopped at a DDL statement: docs/02-setup.md, DDL. */
import { setTimeout as sleep } from 'node:timers/promises';
import { createConnection } from 'mysql2/promise';
import type { Field, Stop } from './field.js';
import type { Step } from './script.js';

const boundMs = 60_000;

/** Everything before the statement has arrived; it is run at the target, ignored, and nothing is ignored any more. */
export async function passByHand(field: Field, step: Step): Promise<Stop | undefined> {
  await caughtUp(field);
  await runAtTarget(field, step);
  const endpoint = `endpoints/${field.stack.endpoints.a}`;
  await field.change(endpoint, { ddl: 'ignore' });
  const stop = await goesOn(field);
  if (stop) return stop;
  await field.change(endpoint, { ddl: 'stop' });
  await field.runs('one');
  return undefined;
}

export async function runAtTarget(field: Field, { sql, definition, session }: Pick<Step, 'sql' | 'definition' | 'session'>): Promise<void> {
  const connection = await createConnection({
    ...field.stack.connection('b'),
    ...(definition?.database === undefined ? {} : { database: definition.database }),
  });
  try {
    for (const before of definition?.before ?? []) await connection.query(before);
    // The session's, as far as a person knows it: the statement means the same in utf8mb4.
    const [row] = await field.rows('a', 'SELECT @@GLOBAL.sql_mode AS mode');
    await connection.query(`SET SESSION sql_mode = '${String(row?.['mode'])}'`);
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

/** The probe behind the statement arrives; the stop itself may still be shown for a moment. */
async function goesOn(field: Field): Promise<Stop | undefined> {
  const deadline = Date.now() + boundMs;
  for (;;) {
    const stop = await field.passes('one', 'a');
    if (!stop || Date.now() > deadline) return stop;
    if (stop.code !== 'DDL_UNSUPPORTED') return stop;
    await sleep(200);
  }
}

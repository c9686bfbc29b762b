/** Whether a statement, said in the names of the target, can be run there: the two flavours, what it leaves open, and its text. */
import { ddlSettings, defaultCollation } from '@lutra/mysql';
import type { DdlConnection } from '@lutra/mysql';
import type { DdlRecord } from '@lutra/model';
import { rights } from './carry-out-once.js';
import { fillsRows } from './made-up.js';
import type { DdlPlan, DdlRefusal } from './carry-out.js';
import { isMariadb } from './server-facts.js';

const notPrepared = 1295;

/** Null: it can. The connection is of no other use behind it. @throws SyncError TARGET_* */
export async function refusalOf(connection: DdlConnection, record: DdlRecord, plan: DdlPlan): Promise<DdlRefusal | null> {
  const differs = (await leftOpen(connection, record, plan)) ?? (await fillsRows(connection, record, plan));
  const refusal = await notRunnable(connection, record, plan);
  // What has the right names may have the wrong collation, or wrong values: that it is there would not show that it is done.
  return differs ?? (refusal && { ...refusal, here: plan });
}

async function notRunnable(connection: DdlConnection, record: DdlRecord, plan: DdlPlan): Promise<DdlRefusal | null> {
  if (await isMariadb(connection)) return unmapped('Lutra does not run schema changes on MariaDB yet');
  if (record.flavor === 'mariadb') return unmapped('it was run on MariaDB, and the target is MySQL: the two read statements differently');
  const settings = await ddlSettings(connection, record.session);
  if ('problem' in settings) return unmapped(settings.problem);
  const failure = await connection.prepare(settings.set, plan.sql);
  if (failure === null || failure.errno === notPrepared) return null;
  if (failure.error.outcome === 'retry') throw failure.error;
  if (failure.error.code === 'TARGET_DENIED') return { reason: 'failed', message: `${failure.words}. ${rights}` };
  return unmapped(`the target does not take its text: ${failure.words}`);
}

function unmapped(message: string): DdlRefusal {
  return { reason: 'unmapped', message };
}

/** A CREATE TABLE without a character set takes that of its database; the record says what its table got at the source. */
async function leftOpen(connection: DdlConnection, record: DdlRecord, { tables: [table] }: DdlPlan): Promise<DdlRefusal | null> {
  const { collationDatabase: there } = record.session;
  if (there === null || !table) return null;
  if (record.statement === 'ALTER TABLE' && /\bconvert\b/i.test(record.sql))
    return { reason: 'defaults', message: 'it converts to the default of the database of its session, and no session has one here' };
  const here = await defaultCollation(connection, table.database);
  if (here === null || there === here.id) return null;
  const [known] = await connection.query(`SELECT COLLATION_NAME AS name FROM information_schema.COLLATIONS WHERE ID = ${there}`);
  const name = String(known?.['name'] ?? `the collation ${there}`);
  return {
    reason: 'defaults',
    message: `it names no character set: at the source the table has ${name}, here it would have ${here.name}, the default of ${table.database}`,
  };
}

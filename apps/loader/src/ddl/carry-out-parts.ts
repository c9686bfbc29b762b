/**
 * Several statements for one record, each once, under a witness of its own. Who comes behind a kill goes on behind the last one that ran:
 * it is known by its number (`part`, from 1 on; 0 is the record).
 */
import { ddlEnd, ddlSettings, definitionsOf, readDdl } from '@lutra/mysql';
import type { DdlConnection, DdlOf, DdlRow } from '@lutra/mysql';
import type { DdlRecord } from '@lutra/model';
import type { DdlPart, DdlRefusal } from './carry-out.js';
import { carryOutOnce } from './carry-out-once.js';
import type { OnceOptions } from './carry-out-once.js';
import { numbersRows } from './made-up.js';

/** Null: all of them have run, now or before. The connection holds the pipeline's lock. @throws SyncError as carryOutOnce() */
export async function carryOutParts(whole: DdlOf, parts: readonly DdlPart[], once: OnceOptions): Promise<DdlRefusal | null> {
  for (const [i, part] of parts.entries()) {
    const of = { ...whole, part: i + 1, statement: part.record.statement, sql: part.sql, kept: undefined };
    const refusal = await carryOutPart(of, part, once);
    if (refusal === null) continue;
    const behind = i === 0 ? '' : ` (statement ${i + 1} of ${parts.length}; what comes before it has run)`;
    return { ...refusal, message: `${refusal.message}${behind}` };
  }
  return null;
}

async function carryOutPart(of: DdlOf, { record }: DdlPart, once: OnceOptions): Promise<DdlRefusal | null> {
  const { connection, marks, answer } = once;
  const row = await readDdl(connection, of);
  if (row?.state === 'done') return null;
  const refusal = row !== null && (await hasChanged(connection, of, row)) ? null : await carryOut(of, record, once);
  if (refusal === null) await marks.write(ddlEnd(of, 'done', answer), of);
  return refusal;
}

/** In the session of the record, unless a server would make up values. Null: it ran. */
export async function carryOut(of: DdlOf, record: DdlRecord, once: OnceOptions): Promise<DdlRefusal | null> {
  const { connection } = once;
  const settings = await ddlSettings(connection, record.session);
  if ('problem' in settings) return { reason: 'unmapped', message: settings.problem };
  return (await numbersRows(connection, record, of)) ?? carryOutOnce(of, settings.set, once);
}

/** Without a witness: an ALTER is all or nothing on MySQL 8.0 and newer. */
async function hasChanged(connection: DdlConnection, { tables }: DdlOf, { state, witness, before }: DdlRow): Promise<boolean> {
  if (state !== 'intent' || witness !== null) return false;
  return JSON.stringify(await definitionsOf(connection, tables)) !== before;
}

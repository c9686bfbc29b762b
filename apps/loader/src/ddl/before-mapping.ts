/** What a schema change is before anybody asks how it is said at the target: a step of an online tool, or the way in of a table. */
import type { DdlRecord } from '@lutra/model';
import type { Queries } from '@lutra/mysql';
import { isRefusal } from './carry-out.js';
import type { DdlRefusal } from './carry-out.js';
import { enteringOf } from './entering.js';
import type { Entering } from './entering.js';
import { apartRouter } from './online-change.js';
import { besideLeft } from './entered.js';
import { mayExist } from './record-facts.js';
import { lacksRows, mayBeOfTool, onlinePlan, swapOf } from './online-plan.js';
import type { OnlineOptions, OnlinePlan } from './online-plan.js';

interface BeforeMapping {
  readonly online: OnlinePlan | null;
  readonly entering: Entering | null;
}

/**
 * A shadow of which nobody knows how it was made enters as any other table does. It is not carried then, whatever the routes say of it.
 * @throws SyncError CHECKPOINT_INVALID, TARGET_*
 */
export async function beforeMapping(queries: Queries, record: DdlRecord, options: OnlineOptions): Promise<BeforeMapping> {
  const { router } = options;
  const online = mayBeOfTool(record, router) ? await onlinePlan(queries, record, options) : null;
  if (online === null) {
    const refusal = await asked(queries, record, options);
    return { online: refusal, entering: refusal ? null : enteringOf(record, router) };
  }
  const isEntered = online !== 'shadows' && isRefusal(online) && online.reason === 'entered';
  return { online, entering: isEntered ? enteringOf(record, apartRouter(router)) : null };
}

/** What could be run as it is, and would leave the target with other rows. */
async function asked(queries: Queries, record: DdlRecord, options: OnlineOptions): Promise<DdlRefusal | null> {
  if (swapOf(record, options.router) !== null) return lacksRows(queries, record, options);
  return record.statement === 'CREATE TABLE' && mayExist(record) ? besideLeft(queries, record, options) : null;
}

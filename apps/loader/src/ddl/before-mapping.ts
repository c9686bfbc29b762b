/** What a schema change is before anybody asks how it is said at the target: a step of an online tool, or the way in of a table. */
import type { DdlRecord } from '@lutra/model';
import type { Queries } from '@lutra/mysql';
import { isRefusal } from './carry-out.js';
import { enteringOf } from './entering.js';
import type { Entering } from './entering.js';
import { apartRouter } from './online-change.js';
import { mayBeOfTool, onlinePlan } from './online-plan.js';
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
  if (online === null) return { online, entering: enteringOf(record, router) };
  const isEntered = online !== 'shadows' && isRefusal(online) && online.reason === 'entered';
  return { online, entering: isEntered ? enteringOf(record, apartRouter(router)) : null };
}

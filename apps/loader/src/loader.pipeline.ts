/**
 * ★ The table of contents of the loader: one pipeline, topic → target.
 *
 *   take over   in the database (fence)
 *   prepare     the newest routes, suspended tables, conflict detection, a skip that an operator ordered
 *   apply       read the topic from the checkpoint → epoch and seq rule, whole transactions → route, build statements → one target
 *               transaction: checkpoint (marker, fence) first, then the rows; where the target takes writes of its own, see that nobody
 *               changed them meanwhile, or resolve the conflict (conflict/conflict-detector.ts) → COMMIT
 *               schema changes stand alone: all before is committed; carried out, or held (ddl/ddl-stage.ts)
 *
 * The checkpoint row is committed with the data, so a restart, at any instant, goes on exactly after what was applied. Any failure
 * ends the run; the next one starts from the checkpoint again. An edit of the configuration does not: the stages are made anew (edits.ts).
 * Nor does a large transaction that meets a conflict: it is read again, and resolved (read/apply-log.ts).
 */
import type { SyncError } from '@lutra/model';
import type { LiveWork } from '@lutra/runtime';
import { applyLog } from './read/apply-log.js';
import { LoaderRun } from './loader-run.js';
import type { LoaderDeps } from './loader-run.js';
import { withRecovery } from './recover/recovery.js';
import type { Ownership } from './recover/recovery.js';
import { prepare } from './stages.js';
import type { LoaderWork } from './assignments.js';

/** One ownership: works until the signal aborts or something fails that is not tried again. */
export function runLoader(deps: LoaderDeps, live: LiveWork<LoaderWork>, ownership: Ownership): Promise<void> {
  const onChanged = ({ message, details }: SyncError): void =>
    deps.logger.info(details, `${message}; the definitions of the target's tables are read again`);
  return withRecovery((attempt) => load(new LoaderRun(deps, live, attempt)), { ownership, live, onChanged });
}

async function load(run: LoaderRun): Promise<void> {
  const { status } = run.deps;
  try {
    const owned = await run.takeOver();
    const stages = await prepare(run, owned);
    const { epoch, logId: log, seq, nextOffset: offset } = owned.checkpoint;
    status.update({ state: 'running', waitingFor: null, epoch, log, seq, offset, routes: stages.routes.fingerprints });
    await applyLog(run, stages, owned);
  } catch (thrown) {
    throw await run.judged(thrown);
  } finally {
    await run.close();
  }
}

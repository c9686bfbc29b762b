/**
 * ★ The table of contents of capture: one source endpoint → its topic.
 *
 *   connect  source and topic are as they must be
 *   claim    the log is ours (epoch), its tail says where to go on, and the routes are the newest
 *   verify   no other reader under our server id; markers come back; an ordered restart; the source has our position
 *   stream   binlog → transactions (marker, routes, `last`, `seen`, signals) → number and encode → one request in flight → acknowledged
 *
 * The log is the checkpoint: nothing that is kept elsewhere can disagree with it. A restart, at any instant, begins after the last
 * complete transaction in the log. What cannot be replicated faithfully ends the run with a named error; nothing is skipped.
 */
import { without } from '@lutra/model';
import type { Suspension } from '@lutra/model';
import type { LiveWork } from '@lutra/runtime';
import { CaptureRun } from './capture-run.js';
import type { CaptureDeps, Leadership } from './capture-run.js';
import { claim } from './claim/claim.js';
import { whoEvicted } from './claim/eviction.js';
import { BeginAnew } from './stream/edits.js';
import { stream } from './stream/stream.js';
import { suspensionsOf } from './stream/unreadable.js';
import { verify } from './verify/verify.js';
import type { CaptureWork } from './assignments.js';

/**
 * One leadership: works until the signal aborts or something fails. A table that cannot be read, or was suspended here by a loader, costs a
 * claim of the log and no failure where it may be suspended. So does an edit that only a beginning can take.
 */
export async function runCapture(deps: CaptureDeps, live: LiveWork<CaptureWork>, leadership: Leadership): Promise<void> {
  for (let met: readonly Suspension[] = []; ;) {
    const run = new CaptureRun(deps, live, leadership);
    try {
      return await captureOnce(run, met);
    } catch (thrown) {
      if (leadership.signal.aborted) throw thrown;
      met = run.suspended ?? met;
      if (thrown instanceof BeginAnew) continue;
      const found = without(suspensionsOf(thrown, run.work, Date.now()), met);
      // Met although it is left out: then it is another cause.
      if (found.length === 0) throw thrown;
      for (const { database, name, code, where } of found)
        deps.logger.warn({ database, table: name, code, where }, 'a table is left out of the log from here on: it is suspended');
      met = [...met, ...found];
    }
  }
}

async function captureOnce(run: CaptureRun, met: readonly Suspension[]): Promise<void> {
  const { deps, endpoint, leadership } = run;
  try {
    const source = await run.connect();
    const claimed = await claim(run);
    const verified = await verify(run, claimed, source);
    await stream(run, verified, met);
  } catch (thrown) {
    throw await whoEvicted(thrown, { endpoint: endpoint.name, logs: deps.registry.logs, signal: leadership.signal });
  } finally {
    await run.close();
  }
}

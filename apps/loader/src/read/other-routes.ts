/** A `routes` record that names other routes than the run's, or none: may what is behind it be applied, and by which routes? */
import { toSyncError } from '@lutra/model';
import type { ControlRecord } from '@lutra/model';
import { offerWithin } from '@lutra/runtime';
import type { Edits } from '../edits.js';
import type { LoaderRun } from '../loader-run.js';
import type { Stages } from '../stages.js';

/** Until this process is told what ZooKeeper has already; then the run begins anew. */
const patienceMs = 1_000;

interface Following {
  readonly run: LoaderRun;
  readonly edits: Edits;
  /** When an edit has made them anew. */
  onStages(stages: Stages): void;
}

/** All that lies before the record is applied. @throws SyncError as RouteCheck.requireReplicated */
export async function followRoutes(
  { run, edits, onStages }: Following,
  before: Stages,
  control: Extract<ControlRecord, { kind: 'routes' }>,
): Promise<void> {
  const { during, live, signal } = run;
  let stages = before;
  for (const since = performance.now(); ;) {
    const { next } = live;
    try {
      while (edits.reroutes(stages)) onStages((stages = await edits.take(stages)));
      const { routes } = stages;
      if (routes.differs(control)) await during('ZooKeeper, for the newest routes', () => routes.requireReplicated(control));
      return;
    } catch (error) {
      const leftMs = patienceMs - (performance.now() - since);
      if (toSyncError(error).code !== 'CONFIG_BEHIND' || leftMs <= 0) throw error;
      await during('ZooKeeper to tell this process of the newest routes', () => offerWithin(next, leftMs, signal));
    }
  }
}

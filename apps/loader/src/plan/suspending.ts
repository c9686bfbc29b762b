/** Where a run of the loader meets suspended tables: what it does at a record of the log, and who is told. */
import { randomUUID } from 'node:crypto';
import { createRouter, eventVersion } from '@lutra/model';
import type { ControlRecord, RouteFingerprints, TableName } from '@lutra/model';
import type { Applier } from '../assemble/applier.js';
import type { LoaderDeps, LoaderRun, Owned } from '../loader-run.js';
import type { RecordPosition } from '../read/log-reader.js';
import { Suspensions } from './suspensions.js';
import type { TableMatcher } from './table-matcher.js';

interface Suspending extends Pick<LoaderDeps, 'status'> {
  readonly suspensions: Suspensions;
  readonly applier: Applier;
  readonly matcher: TableMatcher;
}

/** What lies before the record is applied in any case. True: a suspension has ended. */
export async function suspend(
  { suspensions, applier, matcher, status }: Suspending,
  control: ControlRecord,
  position: RecordPosition,
): Promise<boolean> {
  const change = suspensions.changeBy(control);
  if (!change) return false;
  await applier.flush();
  await applier.drained();
  await suspensions.follow(change, position);
  matcher.discard();
  status.update({ suspended: suspensions.tables });
  return change.ended.length > 0;
}

/** With those that a person wants. What is wanted is asked anew: who resumes a table takes it back before its seed begins in the log. */
export async function suspensionsOf(run: LoaderRun, owned: Owned, fingerprints: RouteFingerprints): Promise<Suspensions> {
  const { deps, work, during } = run;
  const suspensions = await opened(run, owned, fingerprints);
  if (suspensions.notYet(work.suspended ?? []).length === 0) return suspensions;
  const wanted = await during('ZooKeeper', () => deps.registry.desired.latest(work.channel));
  await suspensions.suspendAsWanted(wanted?.document.suspended?.[work.uid] ?? []);
  return suspensions;
}

/**
 * Whether the seed that begins brings back a table that a person has suspended: it is the order that stands, and says so. One before it may
 * have been cancelled, and its rows are not whole.
 */
export async function isResumedBy({ deps, work, during }: LoaderRun, table: TableName, request: string): Promise<boolean> {
  const order = (await during('ZooKeeper', () => deps.registry.seeds.read(work.uid)))?.document;
  return order?.id === request && (order.resumes ?? []).some(({ database, name }) => database === table.database && name === table.name);
}

/** With what tells of it: log, event, omission. */
function opened({ deps, work, target }: LoaderRun, { checkpoint }: Owned, fingerprints: RouteFingerprints): Promise<Suspensions> {
  const { id, uid, routes, onUnsupported: policy, targetRegion } = work;
  return Suspensions.open({
    port: deps.io.target,
    target,
    checkpoint,
    name: id,
    routes,
    router: createRouter(routes),
    fingerprints,
    policy,
    onBegun: async (tables, { log, seq }) => {
      const facts = tables.map(({ database, name, code }) => `${database}.${name} (${code})`);
      deps.logger.warn({ seq, tables: facts }, 'tables are suspended: nothing behind this position is applied to them');
      const tell = targetRegion && deps.events.of(targetRegion, work.target);
      for (const { database, name, code, message, because = null } of tables) {
        const about = { region: work.target.region, pipeline: id, uid, schema: database, table: name, code, message, because, log, seq };
        tell?.({ type: 'table-suspended', v: eventVersion, id: randomUUID(), at: Date.now(), ...about });
      }
      const omissions = tables.map(({ database, name, code }) => {
        return { kind: 'suspend', what: code, tables: [`${database}.${name}`], where: `seq ${seq}`, at: Date.now(), record: null } as const;
      });
      await deps.registry.omissions.add(`pipeline@${uid}`, omissions);
    },
  });
}

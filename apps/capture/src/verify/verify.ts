/** Before the first record of a leadership: nobody else reads under our server id, markers come back, and the source has our position. */
import type { Position, RevisionMark } from '@lutra/model';
import type { CaptureRun, Source } from '../capture-run.js';
import type { Claim, Claimed } from '../claim/claim.js';
import { requireMarkers } from './markers.js';
import { carryOutRestart } from './restart.js';
import { requirePublishedThrough } from './published-through.js';
import { startOf } from './start-position.js';

/** A claim that may be written under. */
export interface Verified extends Source {
  readonly claim: Claim;
  /** Of the routes that are announced. */
  readonly revision: RevisionMark;
  /** Where reading begins. */
  readonly start: Position;
}

/** @throws SyncError SERVER_ID_TAKEN, SOURCE_*, LOG_EMPTIED; LEASE_LOST; CONFIG_INVALID where a restart that was ordered is impossible */
export async function verify(run: CaptureRun, { claim: claimed, configuration }: Claimed, from: Source): Promise<Verified> {
  const { deps, endpoint, source, publisher, encoder, during, sourceName } = run;
  const { registry, io, logger, status, schemas } = deps;
  const { checkStart } = io.source;
  await run.holdServerId(claimed.log);
  // The probe comes after the claim: its dump cuts off whoever reads under the same server id, which only the lease's holder may do.
  await during(`its probe to come back through the binlog of ${sourceName}`, () => requireMarkers(run, from.state));
  const restarting = { endpoint: endpoint.name, source, checkStart, restarts: registry.restarts, publisher, encoder, logger };
  // An order in a tree that has regressed may be an old one.
  const claim = configuration.isRegressed ? claimed : await carryOutRestart(restarting, claimed);
  const start = startOf(claim, endpoint, from.state);
  // Before the first record: with it the log has a position, and another `start` in the configuration would no longer count.
  if (claim.tail.position === null) await during(sourceName, () => checkStart(source, () => start));
  await during(sourceName, () => requirePublishedThrough({ source, checkStart }, start, claim.tail.publishedThrough));
  logger.info({ epoch: claim.epoch, log: claim.log, nextSeq: claim.nextSeq, from: start }, 'claimed the log');
  status.update({ epoch: claim.epoch, log: claim.log });
  // A table's first row must not wait for a ZooKeeper that is away.
  void schemas.prefetch?.(`${run.topic}-`);
  return { ...from, claim, revision: configuration.revision, start };
}

/**
 * Carries out an operator's order to go on elsewhere in the source. The log itself says that it was done: a control record with the order's
 * id, which stands before all that is read from the new position. A crash before that record leaves the order to the next claim; a crash
 * after it leaves only the order's removal. The position backup does not move past the record before the order is marked as done, so a tail
 * that is read while the order waits always holds the record, if there is one.
 */
import type { RecordEncoder } from '@lutra/avro';
import { restartPosition } from '@lutra/binlog';
import type { RestartPosition, SourceConnection } from '@lutra/binlog';
import { SyncError, toSyncError } from '@lutra/model';
import type { Position, RestartOrder } from '@lutra/model';
import type { RestartStore } from '@lutra/registry';
import type { Logger } from '@lutra/telemetry';
import type { Claim } from '../claim/claim.js';
import type { KafkaPort, SourcePort } from '../io.js';

export interface RestartOptions {
  readonly endpoint: string;
  readonly source: SourceConnection;
  readonly restarts: RestartStore;
  readonly checkStart: SourcePort['checkStart'];
  readonly publisher: Pick<ReturnType<KafkaPort['publisher']>, 'publish'>;
  readonly encoder: RecordEncoder;
  readonly logger: Logger;
}

/**
 * The claim as it is after the order that waits, if one does.
 * @throws SyncError CONFIG_INVALID, SOURCE_PURGED, SOURCE_BEHIND, SOURCE_SETTINGS where the order cannot be carried out: it waits, to be
 * replaced by another; LEASE_LOST
 */
export async function carryOutRestart(options: RestartOptions, claim: Claim): Promise<Claim> {
  const { endpoint, restarts, logger } = options;
  const waiting = await restarts.read(endpoint);
  if (!waiting) return claim;
  const { document: order, version } = waiting;
  if (claim.tail.restarts.includes(order.id)) {
    await restarts.done(endpoint, version);
    return claim;
  }
  const position = await positionOf(options, order, claim.tail.position);
  const next = await publishRestart(options, { order, position }, claim);
  const facts = { id: order.id, reason: order.reason, from: claim.tail.position, to: position.position, leftOut: position.leftOut?.text };
  logger.warn(facts, 'the log goes on elsewhere in the source, as it was ordered');
  await restarts.done(endpoint, version);
  return next;
}

async function positionOf(
  { source, endpoint, checkStart }: RestartOptions,
  order: RestartOrder,
  log: Position | null,
): Promise<RestartPosition> {
  let found: RestartPosition | undefined;
  try {
    await checkStart(source, (state) => (found = restartPosition(order.start, log, state)).position);
  } catch (thrown) {
    const { code, message, details } = toSyncError(thrown);
    throw new SyncError(code, `endpoint ${endpoint}: the restart that was ordered (${order.reason}): ${message}`, {
      cause: thrown,
      details,
    });
  }
  if (!found) throw new SyncError('INTERNAL', 'a start was checked that was not chosen');
  return found;
}

async function publishRestart(
  { endpoint, publisher, encoder }: RestartOptions,
  { order, position: heartbeat }: { order: RestartOrder; position: RestartPosition },
  claim: Claim,
): Promise<Claim> {
  const { log, epoch, nextSeq, nextOffset, tail } = claim;
  const header = { kind: 'restart', log, seq: nextSeq, epoch } as const;
  const { id, reason } = order;
  const { position } = heartbeat;
  // Too little is safe, too much is not.
  const seen = heartbeat.isAhead ? tail.seen : {};
  const record = await encoder.encodeControl(header, { kind: 'restart', endpoint, id, position, seen, reason, tsMs: Date.now() });
  const { firstOffset } = await publisher.publish([record]);
  if (firstOffset !== nextOffset) {
    throw new SyncError('LEASE_LOST', `someone else wrote to the log: our record has offset ${firstOffset}, expected ${nextOffset}`, {
      details: { firstOffset, expected: nextOffset },
    });
  }
  const state = { ...tail.state, log, seq: nextSeq };
  return {
    ...claim,
    nextSeq: nextSeq + 1,
    nextOffset: nextOffset + 1,
    tail: {
      state,
      position,
      seen,
      restarts: [...tail.restarts, id],
      announced: tail.announced,
      announcedAt: tail.announcedAt,
      known: null,
      resolutions: 0,
      publishedThrough: null,
    },
  };
}

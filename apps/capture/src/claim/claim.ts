/**
 * Becoming the writer of a log. A lease alone is not enough: a frozen leader may wake and write. So the new one publishes an epoch
 * record first, then reads the log up to it: whatever an older epoch writes after it is void for every reader.
 */
import { randomUUID } from 'node:crypto';
import type { RecordDecoder, RecordEncoder } from '@lutra/avro';
import type { BusOptions } from '@lutra/bus';
import { SyncError, toSyncError } from '@lutra/model';
import type { PositionBackup, PositionBackupStore } from '@lutra/registry';
import { throwIfAborted } from '@lutra/runtime';
import type { CaptureRun } from '../capture-run.js';
import type { KafkaPort } from '../io.js';
import { requireCurrentRoutes } from './routes-check.js';
import type { CurrentRoutes } from './routes-check.js';
import { TailReader, tailStart } from './tail.js';
import type { Tail } from './tail.js';

export interface ClaimOptions {
  readonly endpoint: string;
  readonly topic: string;
  readonly leader: string;
  readonly leaseNumber: number;
  readonly bus: BusOptions;
  readonly admin: Pick<ReturnType<KafkaPort['admin']>, 'offsets'>;
  readonly publisher: Pick<ReturnType<KafkaPort['publisher']>, 'publish'>;
  readonly readRange: KafkaPort['readRange'];
  readonly encoder: RecordEncoder;
  readonly decoder: RecordDecoder;
  readonly logs: PositionBackupStore;
  readonly signal: AbortSignal;
  /** The log cannot be read to its end: what was read may say why. */
  onUnread?(tail: Tail): Promise<unknown>;
}

export interface Claim {
  readonly epoch: number;
  readonly log: string;
  /** seq and offset of our next record. */
  readonly nextSeq: number;
  readonly nextOffset: number;
  readonly tail: Tail;
  /** The position backup that the log was held against. */
  readonly backup: PositionBackup | null;
  /** Version of the position backup, which only we may write now; null while there is none. */
  readonly backupVersion: number | null;
}

/** A claim, and the configuration whose routes may be announced under it. */
export interface Claimed {
  readonly claim: Claim;
  readonly configuration: CurrentRoutes;
}

/** How often another leader may come between before we give up the attempt. */
const maxTries = 10;

/** @throws SyncError LEASE_LOST, LOG_*; CONFIG_BEHIND, CONFIG_REGRESSED; KAFKA_*, ZOOKEEPER_UNAVAILABLE */
export async function claim(run: CaptureRun): Promise<Claimed> {
  const { deps, work, leadership, during, topic, bus, admin, publisher, encoder, decoder, signal } = run;
  const { registry, tree, instance, io } = deps;
  const { leaseNumber } = leadership;
  const parts = { bus, admin, publisher, readRange: io.kafka.readRange, encoder, decoder, logs: registry.logs, signal };
  const claiming = { endpoint: run.endpoint.name, topic, leader: `${instance}:${leaseNumber}`, leaseNumber, ...parts };
  // A ZooKeeper that was restored lacks schemas too: what the log knows of the configuration comes first.
  const onUnread = (tail: Tail): Promise<unknown> => requireCurrentRoutes(tree, work, tail);
  const claimed = await during(`${run.kafkaName} or ZooKeeper, to claim the log`, () => claimLog({ ...claiming, onUnread }));
  // The routes are read after the claim: a later claimer reads them later, so routes never go back to an older version.
  const configuration = await during('ZooKeeper, for the newest routes', () => requireCurrentRoutes(tree, work, claimed.tail));
  return { claim: claimed, configuration };
}

export async function claimLog(options: ClaimOptions): Promise<Claim> {
  // One lease may see several claims. Without a name of its own, the second would take the epoch record of the first for its own: what the
  // first had sent and not seen acknowledged could still arrive, and be valid.
  const leader = `${options.leader}:${randomUUID()}`;
  let atLeast = options.leaseNumber;
  for (let attempt = 0; attempt < maxTries; attempt += 1) {
    // The copy first: another leader may still be writing, and its newest copy would lie beyond an end that was asked for before.
    const before = await options.logs.read(options.endpoint);
    // ZooKeeper answers, so by now we know whether the lease is still ours. One that was replaced while it slept would end its successor's
    // epoch.
    throwIfAborted(options.signal);
    const offsets = await options.admin.offsets(options.topic);
    tailStart(options.topic, offsets, before?.document ?? null);
    const epoch = Math.max(atLeast, before?.document.epoch ?? 0) + 1;
    const offset = await publishEpoch(options, { epoch, leader });
    // A leader that woke late may have written the copy meanwhile: raising its version makes that leader's next write fail.
    const backup = await raiseBackup(options);
    // A copy at or after our epoch record was written by a leader that is void by now: it proves nothing.
    const proof = backup && backup.document.offset < offset ? backup : before;
    const reader = await readUpTo(options, { offset, backup: proof?.document ?? null, oldStart: offsets.start });
    if (reader.leader === leader && reader.tail.state.epoch === epoch) {
      requireRecords(options.topic, reader.tail, { written: before !== null || offsets.start > 0 });
      return settle(reader.tail, { epoch, offset, backup: proof?.document ?? null, backupVersion: backup?.version ?? null });
    }
    atLeast = reader.tail.state.epoch;
  }
  throw new SyncError('LEASE_LOST', `${options.topic}: other leaders kept claiming the log`);
}

function settle(tail: Tail, claim: Pick<Claim, 'epoch' | 'backup' | 'backupVersion'> & { offset: number }): Claim {
  const { log, seq } = tail.state;
  const nextSeq = seq === null ? 0 : seq + 1;
  return {
    epoch: claim.epoch,
    log: log === '' ? randomUUID() : log,
    nextSeq,
    nextOffset: claim.offset + 1,
    tail,
    backup: claim.backup,
    backupVersion: claim.backupVersion,
  };
}

/** Epoch records alone do not make a log new: each claim that fails leaves one, while retention removes what was before it. */
function requireRecords(topic: string, tail: Tail, log: { written: boolean }): void {
  if (log.written && tail.state.seq === null) throw new SyncError('LOG_EMPTIED', `${topic}: only epoch records are left`);
}

async function publishEpoch(options: ClaimOptions, claim: { epoch: number; leader: string }): Promise<number> {
  const { epoch, leader } = claim;
  const header = { kind: 'epoch', log: '', seq: -1, epoch } as const;
  const record = await options.encoder.encodeControl(header, {
    kind: 'epoch',
    endpoint: options.endpoint,
    leader,
    tsMs: Date.now(),
  });
  const { firstOffset } = await options.publisher.publish([record]);
  return firstOffset;
}

async function raiseBackup(options: ClaimOptions): Promise<{ document: PositionBackup; version: number } | null> {
  for (;;) {
    const backup = await options.logs.read(options.endpoint);
    if (!backup) return null;
    try {
      return { document: backup.document, version: await options.logs.write(options.endpoint, backup.document, backup.version) };
    } catch (error) {
      if (!(error instanceof SyncError) || error.code !== 'CONFIG_CONFLICT') throw error;
    }
  }
}

async function readUpTo(
  options: ClaimOptions,
  at: { offset: number; backup: PositionBackup | null; oldStart: number },
): Promise<TailReader> {
  const from = Math.max(at.oldStart, at.backup?.offset ?? 0);
  const reader = new TailReader(options.topic, options.decoder, at.backup);
  const { bus, topic, signal, readRange } = options;
  for await (const batch of readRange({ ...bus, topic, from, to: at.offset + 1, signal })) {
    for (const raw of batch)
      await reader.read(raw).catch(async (error: unknown) => {
        if (toSyncError(error).code === 'SCHEMA_UNKNOWN') await options.onUnread?.(reader.tail);
        throw error;
      });
  }
  return reader;
}

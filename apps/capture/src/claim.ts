/**
 * Becoming the writer of a log. A lease alone is not enough: a frozen leader may wake and write. So the new one publishes an epoch
 * record first, then reads the log up to it: whatever an older epoch writes after it is void for every reader.
 */
import { randomUUID } from 'node:crypto';
import type { RecordDecoder, RecordEncoder } from '@lutra/avro';
import { readRange } from '@lutra/bus';
import type { BusAdmin, BusOptions, Publisher } from '@lutra/bus';
import { SyncError } from '@lutra/model';
import type { LogCopy, LogCopyStore } from '@lutra/registry';
import { TailReader, tailStart } from './tail.js';
import type { Tail } from './tail.js';

export interface ClaimOptions {
  readonly endpoint: string;
  readonly topic: string;
  readonly leader: string;
  readonly leaseNumber: number;
  readonly bus: BusOptions;
  readonly admin: BusAdmin;
  readonly publisher: Publisher;
  readonly encoder: RecordEncoder;
  readonly decoder: RecordDecoder;
  readonly logs: LogCopyStore;
  readonly signal: AbortSignal;
}

export interface Claim {
  readonly epoch: number;
  readonly log: string;
  /** seq and offset of our next record. */
  readonly nextSeq: number;
  readonly nextOffset: number;
  readonly tail: Tail;
  /** Version of ZooKeeper's copy, which only we may write now; null while there is none. */
  readonly copyVersion: number | null;
}

/** How often another leader may come between before we give up the attempt. */
const maxTries = 10;

export async function claimLog(options: ClaimOptions): Promise<Claim> {
  let atLeast = options.leaseNumber;
  for (let attempt = 0; attempt < maxTries; attempt += 1) {
    const offsets = await options.admin.offsets(options.topic);
    const before = await options.logs.read(options.endpoint);
    tailStart(options.topic, offsets, before?.document ?? null);
    const epoch = Math.max(atLeast, before?.document.epoch ?? 0) + 1;
    const offset = await publishEpoch(options, epoch);
    // A leader that woke late may have written the copy meanwhile: raising its version makes that leader's next write fail.
    const copy = await raiseCopy(options);
    const reader = await readUpTo(options, { offset, copy: copy?.document ?? null, oldStart: offsets.start });
    if (reader.leader === options.leader && reader.tail.state.epoch === epoch)
      return settle(reader.tail, { epoch, offset, copyVersion: copy?.version ?? null });
    atLeast = reader.tail.state.epoch;
  }
  throw new SyncError('LEASE_LOST', `${options.topic}: other leaders kept claiming the log`);
}

function settle(tail: Tail, claim: { epoch: number; offset: number; copyVersion: number | null }): Claim {
  const { log, seq } = tail.state;
  const nextSeq = seq === null ? 0 : seq + 1;
  return {
    epoch: claim.epoch,
    log: log === '' ? randomUUID() : log,
    nextSeq,
    nextOffset: claim.offset + 1,
    tail,
    copyVersion: claim.copyVersion,
  };
}

async function publishEpoch(options: ClaimOptions, epoch: number): Promise<number> {
  const header = { kind: 'epoch', log: '', seq: -1, epoch } as const;
  const record = await options.encoder.encodeControl(header, {
    kind: 'epoch',
    endpoint: options.endpoint,
    leader: options.leader,
    tsMs: Date.now(),
  });
  const { firstOffset } = await options.publisher.publish([record]);
  return firstOffset;
}

async function raiseCopy(options: ClaimOptions): Promise<{ document: LogCopy; version: number } | null> {
  for (;;) {
    const copy = await options.logs.read(options.endpoint);
    if (!copy) return null;
    try {
      return { document: copy.document, version: await options.logs.write(options.endpoint, copy.document, copy.version) };
    } catch (error) {
      if (!(error instanceof SyncError) || error.code !== 'CONFIG_CONFLICT') throw error;
    }
  }
}

async function readUpTo(options: ClaimOptions, at: { offset: number; copy: LogCopy | null; oldStart: number }): Promise<TailReader> {
  // A copy at or after our epoch record was written by a leader that is void by now: it proves nothing.
  const copy = at.copy && at.copy.offset < at.offset ? at.copy : null;
  const from = Math.max(at.oldStart, copy?.offset ?? 0);
  const reader = new TailReader(options.topic, options.decoder, copy);
  const { bus, topic, signal } = options;
  for await (const batch of readRange({ ...bus, topic, from, to: at.offset + 1, signal })) {
    for (const raw of batch) await reader.read(raw);
  }
  return reader;
}

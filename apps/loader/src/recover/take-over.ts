/**
 * Becoming the writer of a pipeline: raises the epoch of its checkpoint row, so that a loader that was replaced while it slept fails at its
 * fence.
 */
import type { AppliedRoutes, Checkpoint } from '@lutra/marker';
import type { PipelineUid } from '@lutra/model';
import type { ConnectionOptions } from '@lutra/mysql';
import type { PipelineFacts, Registry } from '@lutra/registry';
import { throwIfAborted } from '@lutra/runtime';
import type { KafkaPort, TargetPort } from '../io.js';
import type { Skip } from '../assemble/skip.js';

/**
 * Two witnesses: ZooKeeper's entry, and the offset of the consumer group, which outlives ZooKeeper. Neither was there before the row was.
 */
interface Witnesses {
  readonly uids: Pick<Registry['uids'], 'read' | 'all' | 'begin' | 'fenced'>;
  readonly admin: Pick<ReturnType<KafkaPort['admin']>, 'groupOffset'>;
}

interface TakeOverParts extends Witnesses, Pick<TargetPort, 'takeOver' | 'fence'> {
  /** False: the tree in ZooKeeper is not followed, so nothing is written into it. */
  isFollowed(): Promise<boolean>;
}

interface TakeOverOf {
  readonly uid: PipelineUid;
  /** `<channel>.<pipeline>`, for messages. */
  readonly name: string;
  readonly facts: PipelineFacts;
  readonly topic: string;
  readonly leaseNumber: number;
  readonly signal: AbortSignal;
}

/** @throws SyncError CHECKPOINT_MISSING when the row is gone although the pipeline had one: it alone says what was applied. */
export async function takeOverTarget(parts: TakeOverParts, target: ConnectionOptions, of: TakeOverOf): Promise<Checkpoint> {
  const { uids, admin, takeOver } = parts;
  const { uid, name, facts, topic, signal } = of;
  const marked = (await uids.read(uid))?.begunAt !== undefined;
  const known = marked || (await admin.groupOffset(groupOf(uid), topic)) !== null;
  if (!known) await fenceRemoved(parts, target, facts.target);
  // ZooKeeper answers, so by now we know whether the lease is still ours. One that was replaced while it slept would fence its successor.
  throwIfAborted(signal);
  const { checkpoint } = await takeOver(target, { pipeline: uid, name, part: 0, lease: of.leaseNumber, mayCreate: !known });
  if (!marked && (await parts.isFollowed())) await uids.begin(uid, facts);
  return checkpoint;
}

/**
 * Before the first row of a new pipeline: the loaders of pipelines that were removed from its target cannot write there any more. Control
 * fences them at the removal where it reaches the target. Counter-example for leaving it at that: a loader sleeps in front of its COMMIT,
 * its pipeline is removed while control cannot reach the target, another one brings newer rows, and then the sleeper commits older ones.
 */
async function fenceRemoved(
  { uids, fence, isFollowed }: Pick<TakeOverParts, 'uids' | 'fence' | 'isFollowed'>,
  target: ConnectionOptions,
  endpoint: string,
): Promise<void> {
  for (const [uid, entry] of await uids.all()) {
    if (entry.target !== endpoint || entry.removedAt === undefined || entry.fencedAt !== undefined) continue;
    await fence(target, uid);
    if (await isFollowed()) await uids.fenced(uid);
  }
}

/** The consumer group of a pipeline: only lag tools read what it commits, and a take-over asks whether it ever did. */
export function groupOf(uid: PipelineUid): string {
  return `lutra.${uid}`;
}

/**
 * Stores with the position the routes by which it was reached. Before the first row, so that no older configuration passes it later.
 */
export async function sayApplied(
  sayRoutes: TargetPort['sayRoutes'],
  target: ConnectionOptions,
  { checkpoint, routes }: { readonly checkpoint: Checkpoint; readonly routes: AppliedRoutes },
): Promise<void> {
  const known = checkpoint.routes;
  if (known?.revision === routes.revision && known.write === routes.write && known.fingerprint === routes.fingerprint) return;
  await sayRoutes(target, { pipeline: checkpoint.pipeline, part: checkpoint.part, epoch: checkpoint.epoch, routes });
}

/** What an operator told this pipeline to skip, if it lies ahead. */
export async function skipOf(registry: Pick<Registry, 'skips'>, uid: PipelineUid, checkpoint: Checkpoint): Promise<Skip | null> {
  const order = await registry.skips.read(uid);
  // A pipeline that has applied nothing yet does not know its log; the first record will tell.
  if (!order || order.seq <= checkpoint.seq || (checkpoint.logId !== '' && order.log !== checkpoint.logId)) return null;
  return order;
}

/**
 * Becoming the writer of a pipeline: raises the epoch of its checkpoint row, so that a loader that was replaced while it slept fails at its
 * fence.
 */
import type { AppliedRoutes, Checkpoint } from '@lutra/marker';
import type { ConnectionOptions } from '@lutra/mysql';
import type { Registry } from '@lutra/registry';
import { throwIfAborted } from '@lutra/runtime';
import type { KafkaPort, TargetPort } from '../io.js';
import type { Skip } from '../assemble/skip.js';

/**
 * Two witnesses: ZooKeeper's mark, and the offset of the consumer group, which outlives ZooKeeper. Neither was there before the row was.
 */
interface Witnesses {
  readonly pipelines: Registry['pipelines'];
  readonly admin: Pick<ReturnType<KafkaPort['admin']>, 'groupOffset'>;
}

interface TakeOverParts extends Witnesses {
  /** False: the tree in ZooKeeper is not followed, so nothing is written into it. */
  isFollowed(): Promise<boolean>;
  readonly takeOver: TargetPort['takeOver'];
}

/** @throws SyncError CHECKPOINT_MISSING when the row is gone although the pipeline had one: it alone says what was applied. */
export async function takeOverTarget(
  { pipelines, admin, takeOver, isFollowed }: TakeOverParts,
  target: ConnectionOptions,
  of: { pipeline: string; topic: string; leaseNumber: number; signal: AbortSignal },
): Promise<Checkpoint> {
  const marked = (await pipelines.read(of.pipeline)) !== null;
  const known = marked || (await admin.groupOffset(groupOf(of.pipeline), of.topic)) !== null;
  // ZooKeeper answers, so by now we know whether the lease is still ours. One that was replaced while it slept would fence its successor.
  throwIfAborted(of.signal);
  const { checkpoint } = await takeOver(target, { pipeline: of.pipeline, part: 0, lease: of.leaseNumber, mayCreate: !known });
  if (!marked && (await isFollowed())) await pipelines.mark(of.pipeline);
  return checkpoint;
}

/** The consumer group of a pipeline: only lag tools read what it commits, and a take-over asks whether it ever did. */
export function groupOf(pipeline: string): string {
  return `lutra.${pipeline}`;
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
export async function skipOf(registry: Pick<Registry, 'skips'>, pipeline: string, checkpoint: Checkpoint): Promise<Skip | null> {
  const order = await registry.skips.read(pipeline);
  // A pipeline that has applied nothing yet does not know its log; the first record will tell.
  if (!order || order.seq <= checkpoint.seq || (checkpoint.logId !== '' && order.log !== checkpoint.logId)) return null;
  return order;
}

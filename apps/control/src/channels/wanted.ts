/** What the channel is when somebody wants something else of it, or of one of its pipelines. Pure. */
import { isHigher, SyncError, wantedOf } from '@lutra/model';
import type { ChannelDocument, DesiredState, PipelineDocument, Wishes } from '@lutra/model';

/** A channel, or one pipeline of it. */
export interface ActionSubject {
  readonly channel: string;
  readonly pipeline?: string;
}

/** @throws SyncError CONFIG_CONFLICT */
export function requireLifeLevel(current: number): void {
  if (current >= 5) return;
  const what = `the cluster is at level ${current}, and what is wanted of a pipeline on its own is of level 5`;
  throw new SyncError('CONFIG_CONFLICT', `${what}: raise it first (POST /api/v1/level; docs/02-setup.md, Upgrading)`);
}

/** @throws SyncError CONFIG_MISSING */
export function pipelineOf({ name: channel, pipelines }: ChannelDocument, name: string): PipelineDocument {
  const pipeline = pipelines.find((candidate) => candidate.name === name);
  if (!pipeline) throw new SyncError('CONFIG_MISSING', `channel ${channel} has no pipeline ${name}`);
  return pipeline;
}

/** @throws SyncError CONFIG_MISSING */
export function withWanted(channel: ChannelDocument, of: ActionSubject, state: DesiredState): ChannelDocument {
  if (of.pipeline === undefined) return { ...channel, state };
  const { [pipelineOf(channel, of.pipeline).uid]: _, ...others } = channel.wishes?.pipelines ?? {};
  const pipelines = state === 'running' ? others : { ...others, [pipelineOf(channel, of.pipeline).uid]: state };
  return withWishes(channel, { ...channel.wishes, pipelines });
}

/** @throws SyncError CONFIG_MISSING */
export function withRetry(channel: ChannelDocument, of: ActionSubject): ChannelDocument {
  if (of.pipeline === undefined) return { ...channel, attempt: channel.attempt + 1 };
  const { uid } = pipelineOf(channel, of.pipeline);
  const { attempts = {} } = channel.wishes ?? {};
  return withWishes(channel, { ...channel.wishes, attempts: { ...attempts, [uid]: (attempts[uid] ?? 0) + 1 } });
}

/** Without what is empty. */
export function withWishes(channel: ChannelDocument, wishes: Wishes): ChannelDocument {
  const { wishes: _, ...others } = channel;
  const said = Object.entries(wishes).filter(([, of]) => of !== undefined && Object.keys(of).length > 0);
  return said.length === 0 ? others : { ...others, wishes: Object.fromEntries(said) };
}

/** Pipelines of which more is wanted than before: those that go on, or do less, work already and are not checked like a start. */
export function risingOf(before: ChannelDocument, after: ChannelDocument): readonly PipelineDocument[] {
  return before.pipelines.filter(({ uid }) => isHigher(wantedOf(after, uid), wantedOf(before, uid)));
}

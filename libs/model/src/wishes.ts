/** What is wanted of a channel's pipelines: the lower one of what is wanted of the channel and of the pipeline. */
import type { ChannelDocument, DesiredState, PipelineDocument, SuspendedByPerson, Wishes } from './config.js';
import type { PipelineUid } from './pipeline-uid.js';

/** The lowest last. */
const byHeight: readonly DesiredState[] = ['running', 'paused', 'stopped'];

export function isHigher(one: DesiredState, other: DesiredState): boolean {
  return byHeight.indexOf(one) < byHeight.indexOf(other);
}

type Wanted = Pick<ChannelDocument, 'state' | 'wishes'>;
type Ends = Pick<PipelineDocument, 'source' | 'target'>;

export function wantedOf({ state, wishes }: Wanted, uid: PipelineUid): DesiredState {
  const own = wishes?.pipelines?.[uid] ?? 'running';
  return isHigher(state, own) ? own : state;
}

export function suspendedByPerson({ wishes }: Pick<ChannelDocument, 'wishes'>, uid: PipelineUid): readonly SuspendedByPerson[] {
  return wishes?.suspended?.[uid] ?? [];
}

/**
 * The endpoints whose logs a pipeline reads while it works: its source; where its target writes back, those too by which it finds
 * conflicts. Counter-example for its source alone: somebody stops B → A, the capture of B ends, and A → B waits for B's log for ever.
 */
export function logsReadBy(pipeline: Ends, pipelines: readonly Ends[]): ReadonlySet<string> {
  const { source, target } = pipeline;
  if (!pipelines.some((other) => other.source === target && other.target === source)) return new Set([source]);
  return new Set([source, target, ...pipelines.filter((other) => other.target === target).map((other) => other.source)]);
}

/** Somebody reads the endpoint's log, or will go on where a pause has left it. */
export function wantsLogOf(channel: Wanted & Pick<ChannelDocument, 'pipelines'>, endpoint: string): boolean {
  const atWork = channel.pipelines.filter(({ uid }) => wantedOf(channel, uid) !== 'stopped');
  return atWork.some((pipeline) => logsReadBy(pipeline, channel.pipelines).has(endpoint));
}

/** Without those of pipelines that are gone. */
export function wishesFor(pipelines: readonly Pick<PipelineDocument, 'uid'>[], wishes: Wishes = {}): Wishes {
  const kept = new Set<string>(pipelines.map(({ uid }) => uid));
  const without = <T>(of: Readonly<Record<string, T>> | undefined): Record<string, T> | undefined => {
    const left = Object.entries(of ?? {}).filter(([uid]) => kept.has(uid));
    return left.length > 0 ? Object.fromEntries(left) : undefined;
  };
  const { pipelines: states, attempts, suspended } = wishes;
  const all = { pipelines: without(states), attempts: without(attempts), suspended: without(suspended) };
  return Object.fromEntries(Object.entries(all).filter(([, of]) => of !== undefined));
}

/**
 * Says where nobody works although processes are there: they do not know the cluster's level, and perhaps cannot even read which work there
 * is.
 */
import { toSyncError } from '@lutra/model';
import type { LevelStore, WorkerStore } from '@lutra/registry';
import type { ChannelStatus, EndStatus, PipelineStatus } from '../http/schemas.js';

interface Cluster {
  readonly level: Pick<LevelStore, 'latest'>;
  readonly workers: WorkerStore;
}

/** How many processes of each app do not know the level. */
type Outdated = Readonly<Record<'capture' | 'loader', number>>;

/** The same, unless somebody is missed whose process is there. */
export async function tellOutdated(cluster: Cluster, channels: readonly ChannelStatus[]): Promise<ChannelStatus[]> {
  const isMissed = ({ source, target }: PipelineStatus): boolean => [source, target].some(({ state }) => state === 'absent');
  if (!channels.some(({ pipelines }) => pipelines.some(isMissed))) return [...channels];
  const outdated = await outdatedIn(cluster);
  if (outdated.capture + outdated.loader === 0) return [...channels];
  return channels.map((channel) => ({ ...channel, pipelines: channel.pipelines.map((pipeline) => told(pipeline, outdated)) }));
}

async function outdatedIn(cluster: Cluster): Promise<Outdated> {
  const level = (await cluster.level.latest())?.level ?? 1;
  // A node that cannot be read is named by /api/v1/level; a status says what it knows all the same.
  const workers = await cluster.workers.list().catch((error: unknown) => {
    if (toSyncError(error).code !== 'CONFIG_INVALID') throw error;
    return [];
  });
  const count = (app: string): number => workers.filter((worker) => worker.app === app && worker.levels[1] < level).length;
  return { capture: count('capture'), loader: count('loader') };
}

function told(pipeline: PipelineStatus, { capture, loader }: Outdated): PipelineStatus {
  const source = toldEnd(pipeline.source, 'capture', capture);
  const target = toldEnd(pipeline.target, 'loader', loader);
  const reason = [source, target].find(({ state }) => state === pipeline.state)?.reason ?? pipeline.reason;
  return { ...pipeline, source, target, reason };
}

function toldEnd(end: EndStatus, app: string, outdated: number): EndStatus {
  if (end.state !== 'absent' || outdated === 0) return end;
  const what = `${outdated} ${app} process${outdated === 1 ? ' does' : 'es do'} not know the cluster's level (LEVEL_TOO_NEW)`;
  return { ...end, reason: `${end.reason}; ${what}: GET /api/v1/level` };
}

/** From the configuration documents to the pipelines that this process works on. */
import { pipelineId } from '@lutra/model';
import type { ChannelDocument, ConflictsDocument, EndpointDocument, PipelineDocument, RegionDocument, Route } from '@lutra/model';
import type { Configuration } from '@lutra/registry';
import type { Wanted } from '@lutra/runtime';

export interface LoaderWork {
  /** `<channel>.<pipeline>` */
  readonly id: string;
  readonly source: EndpointDocument;
  /** Of the source: its Kafka is where the topic is. */
  readonly sourceRegion: RegionDocument;
  readonly target: EndpointDocument;
  readonly routes: readonly Route[];
  /** It carries on what loaders wrote at the source. */
  readonly forwards: boolean;
  readonly paused: boolean;
  readonly guard: GuardWork | null;
}

/** What a pipeline must know where its target takes writes of its own, or has rules for rows that are not as they must be. */
export interface GuardWork {
  readonly conflicts: ConflictsDocument;
  /** Of the target: its Kafka has the target's own topic. */
  readonly targetRegion: RegionDocument;
  /** Of the pipeline that carries the target's changes back; null: none does. */
  readonly back: readonly Route[] | null;
  /** Other pipelines to the same target, of regions that bring their changes to the source too. Where the target forwards them instead, they are in its own log. */
  readonly thirds: readonly Third[];
}

export interface Third {
  readonly id: string;
  readonly source: EndpointDocument;
  readonly region: RegionDocument;
  readonly routes: readonly Route[];
}

/** Pure: a pipeline is wanted while its channel is not stopped and its target is in our region. */
export function wantedPipelines(
  documents: Configuration,
  of: { region: string; only: readonly string[] | null },
): Map<string, Wanted<LoaderWork>> {
  const wanted = new Map<string, Wanted<LoaderWork>>();
  for (const channel of documents.channels.values()) {
    if (channel.state === 'stopped') continue;
    for (const pipeline of channel.pipelines) {
      const id = pipelineId(channel.name, pipeline.name);
      const source = documents.endpoints.get(pipeline.source);
      const target = documents.endpoints.get(pipeline.target);
      const sourceRegion = source && documents.regions.get(source.region);
      if (!source || !target || !sourceRegion || target.region !== of.region || (of.only && !of.only.includes(id))) continue;
      const { routes, forwards } = pipeline;
      const paused = channel.state === 'paused';
      const value: LoaderWork = {
        id,
        source,
        sourceRegion,
        target,
        routes,
        forwards,
        paused,
        guard: guardOf(documents, channel, pipeline),
      };
      wanted.set(id, { fingerprint: fingerprint(value, channel.attempt), value });
    }
  }
  return wanted;
}

function guardOf(documents: Configuration, { name, pipelines, conflicts }: ChannelDocument, pipeline: PipelineDocument): GuardWork | null {
  const region = (endpoint: string): RegionDocument | undefined => documents.regions.get(documents.endpoints.get(endpoint)?.region ?? '');
  const targetRegion = region(pipeline.target);
  const back = pipelines.find(({ source, target }) => source === pipeline.target && target === pipeline.source)?.routes ?? null;
  if (!targetRegion || (back === null && conflicts.rules.length === 0)) return null;
  const reachSource = new Set(pipelines.filter(({ target }) => target === pipeline.source).map(({ source }) => source));
  const others = back === null ? [] : pipelines.filter(({ source, target }) => target === pipeline.target && reachSource.has(source));
  const thirds = others.flatMap((other): Third[] => {
    const [source, from] = [documents.endpoints.get(other.source), region(other.source)];
    return source && from ? [{ id: pipelineId(name, other.name), source, region: from, routes: other.routes }] : [];
  });
  return { conflicts, targetRegion, back, thirds };
}

/** What a running loader depends on; `attempt` is in it so that "retry now" starts it again. */
function fingerprint(work: LoaderWork, attempt: number): string {
  return JSON.stringify([
    work.source.name,
    work.sourceRegion.kafka,
    { ...work.target, description: '', topic: null, start: null },
    work.routes,
    work.forwards,
    work.paused,
    work.guard && {
      conflicts: { ...work.guard.conflicts, retentionDays: 0 },
      kafka: work.guard.targetRegion.kafka,
      back: work.guard.back,
      thirds: work.guard.thirds.map(({ id, source, region, routes }) => [id, source.name, region.kafka, routes]),
    },
    attempt,
  ]);
}

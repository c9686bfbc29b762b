/** From the configuration documents to the pipelines that this process works on. */
import { pipelineId } from '@lutra/model';
import type { EndpointDocument, RegionDocument, Route } from '@lutra/model';
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
      const value: LoaderWork = { id, source, sourceRegion, target, routes, forwards, paused: channel.state === 'paused' };
      wanted.set(id, { fingerprint: fingerprint(value, channel.attempt), value });
    }
  }
  return wanted;
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
    attempt,
  ]);
}

/** From the configuration documents to the pipelines that this process works on. */
import { comesBack, isMesh, pipelineName, pipelineRoutes, sealedAsId, suspendedByPerson, unsupportedPolicy, wantedOf } from '@lutra/model';
import type {
  ChannelDocument,
  ConflictsDocument,
  DdlSettings,
  EndpointDocument,
  ErrorCode,
  PipelineDocument,
  PipelineUid,
  RegionDocument,
  Route,
  SchemaHome,
  SuspendedByPerson,
  UnsupportedPolicy,
} from '@lutra/model';
import { factsOf } from '@lutra/registry';
import type { Configuration, PipelineFacts } from '@lutra/registry';
import type { Assignment } from '@lutra/runtime';

export interface LoaderWork {
  /** `<channel>.<pipeline>`, for people. */
  readonly id: string;
  /** What it keeps, it keeps under this. */
  readonly uid: PipelineUid;
  readonly channel: string;
  readonly source: EndpointDocument;
  /** Of the source: its Kafka is where the topic is. */
  readonly sourceRegion: RegionDocument;
  readonly target: EndpointDocument;
  readonly routes: readonly Route[];
  /** It forwards what loaders wrote at the source. */
  readonly forwards: boolean;
  /** Some pipeline forwards from the target what this one writes there. */
  readonly forwarded: boolean;
  readonly paused: boolean;
  /** Of its channel; absent: none. */
  readonly autoRestart?: readonly ErrorCode[] | undefined;
  readonly onUnsupported: UnsupportedPolicy;
  /** By a person, in the names of the source; absent: none. */
  readonly suspended?: readonly SuspendedByPerson[];
  /** What it does with schema changes; absent: it holds at each. */
  readonly ddl?: DdlWork;
  /** Its Kafka gets the events. */
  readonly targetRegion: RegionDocument | null;
  readonly detector: DetectionWork | null;
}

export interface DdlWork {
  readonly settings: DdlSettings | undefined;
  readonly bothWays: boolean;
  /** Of its channel, by names at the target; the first that matches, else `home`: createHomeFinder(). */
  readonly homes: readonly SchemaHome[];
  readonly home: string | null;
  /** Both ways nothing is applied by itself there: isMesh(). */
  readonly isMesh: boolean;
  /** Of each other pipeline to the same target, of whatever channel; of one that is stopped its rows are there still. */
  readonly others?: readonly (readonly Route[])[];
}

/** What a pipeline must know where its target takes writes of its own, or has rules for rows that are not as they must be. */
export interface DetectionWork {
  readonly conflicts: ConflictsDocument;
  /** Of the target: its Kafka has the target's own topic. */
  readonly targetRegion: RegionDocument;
  /** The pipelines that carry the target's changes back, of the same channel. */
  readonly back: readonly ReverseRoutes[];
  /**
   * Other pipelines to the same target, of regions that bring their changes to the source too. Where the target forwards them instead, they
   * are in its own log.
   */
  readonly otherWriters: readonly OtherWriter[];
}

/** One pipeline, and what it carries. */
export interface ReverseRoutes {
  readonly uid: PipelineUid;
  readonly routes: readonly Route[];
}

export interface OtherWriter extends ReverseRoutes {
  readonly source: EndpointDocument;
  readonly region: RegionDocument;
  /** Those that tell our source what its source writes. */
  readonly toSource: readonly ReverseRoutes[];
}

/** Pure: a pipeline is wanted while neither it nor its channel is stopped, and its target is in our region. */
export function assignedPipelines(
  documents: Configuration,
  of: { region: string; only: readonly string[] | null },
): Map<string, Assignment<LoaderWork>> {
  const assignments = new Map<string, Assignment<LoaderWork>>();
  for (const channel of documents.channels.values()) {
    for (const pipeline of channel.pipelines) {
      const wanted = wantedOf(channel, pipeline.uid);
      if (wanted === 'stopped') continue;
      const id = pipelineName(channel.name, pipeline.name);
      const source = documents.endpoints.get(pipeline.source);
      const target = documents.endpoints.get(pipeline.target);
      const sourceRegion = source && documents.regions.get(source.region);
      if (!source || !target || !sourceRegion || target.region !== of.region || (of.only && !of.only.includes(id))) continue;
      const { uid, forwards } = pipeline;
      const suspended = suspendedByPerson(channel, uid);
      const value: LoaderWork = {
        id,
        uid,
        channel: channel.name,
        source,
        sourceRegion,
        target,
        routes: pipelineRoutes(pipeline),
        forwards,
        forwarded: forwardsFrom(documents, pipeline.target),
        paused: wanted === 'paused',
        ...(channel.autoRestart && { autoRestart: channel.autoRestart }),
        onUnsupported: unsupportedPolicy(channel),
        ...(suspended.length > 0 && { suspended }),
        ddl: ddlOf(documents, channel, pipeline),
        targetRegion: documents.regions.get(target.region) ?? null,
        detector: detectionOf(documents, channel, pipeline),
      };
      const attempts = { [channel.name]: channel.attempt, [uid]: channel.wishes?.attempts?.[uid] ?? 0 };
      assignments.set(id, { fingerprint: fingerprint(value), live: liveOf(value), attempts, value });
    }
  }
  return assignments;
}

function ddlOf(documents: Configuration, { pipelines, schemaHomes, conflicts }: ChannelDocument, pipeline: PipelineDocument): DdlWork {
  return {
    settings: pipeline.ddl,
    bothWays: comesBack(pipeline, pipelines),
    homes: schemaHomes ?? [],
    home: conflicts.home ?? null,
    isMesh: isMesh(pipeline, pipelines),
    others: othersTo(documents, pipeline),
  };
}

function othersTo(documents: Configuration, { uid, target }: PipelineDocument): readonly (readonly Route[])[] {
  const all = [...documents.channels.values()].flatMap(({ pipelines }) => pipelines);
  return all.filter((other) => other.target === target && other.uid !== uid).map(pipelineRoutes);
}

/** Also of a channel that is stopped: its capture may read later what is written now. */
function forwardsFrom(documents: Configuration, endpoint: string): boolean {
  return [...documents.channels.values()].some(({ pipelines }) =>
    pipelines.some(({ source, forwards }) => forwards && source === endpoint),
  );
}

function detectionOf(
  documents: Configuration,
  { pipelines, conflicts }: ChannelDocument,
  pipeline: PipelineDocument,
): DetectionWork | null {
  const region = (endpoint: string): RegionDocument | undefined => documents.regions.get(documents.endpoints.get(endpoint)?.region ?? '');
  const targetRegion = region(pipeline.target);
  const ways = (from: string, to: string): readonly ReverseRoutes[] =>
    pipelines
      .filter(({ source, target }) => source === from && target === to)
      .map((way) => ({ uid: way.uid, routes: pipelineRoutes(way) }));
  const back = ways(pipeline.target, pipeline.source);
  if (!targetRegion || (back.length === 0 && conflicts.rules.length === 0)) return null;
  const others = back.length === 0 ? [] : pipelines.filter(({ target }) => target === pipeline.target);
  const otherWriters = others.flatMap((other): OtherWriter[] => {
    const [source, from] = [documents.endpoints.get(other.source), region(other.source)];
    const toSource = ways(other.source, pipeline.source);
    if (!source || !from || toSource.length === 0) return [];
    return [{ uid: other.uid, source, region: from, routes: pipelineRoutes(other), toSource }];
  });
  return { conflicts, targetRegion, back, otherWriters };
}

/** As ZooKeeper keeps it beside the uid. */
export function factsOfWork({ id, channel, source, target, routes, forwards }: LoaderWork): PipelineFacts {
  const name = id.slice(channel.length + 1);
  return factsOf(channel, { name, source: source.name, target: target.name, routes: [...routes], forwards });
}

/** What the connections of a running loader depend on, and whether it works at all. */
function fingerprint({ uid, source, sourceRegion, target, paused }: LoaderWork): string {
  const { description: _, start: __, topic: ___, serverId: ____, autoRestart: _____, ...identity } = target;
  return JSON.stringify([uid, source.name, source.region, sourceRegion.kafka, identity, paused], sealedAsId);
}

/** What it takes while it runs. */
function liveOf(work: LoaderWork): string {
  return JSON.stringify(
    [
      work.routes,
      work.forwards,
      work.forwarded,
      work.onUnsupported,
      work.autoRestart,
      work.suspended,
      work.ddl,
      work.targetRegion?.kafka,
      work.detector && {
        conflicts: { ...work.detector.conflicts, retentionDays: 0 },
        kafka: work.detector.targetRegion.kafka,
        back: work.detector.back,
        otherWriters: work.detector.otherWriters.map(({ source, region, ...third }) => [source.name, region.kafka, third]),
      },
    ],
    sealedAsId,
  );
}

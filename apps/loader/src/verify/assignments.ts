/** From the configuration documents to the channels that this process verifies: those whose first pipeline writes to our region. */
import { comesBack, followedRoutes, pipelineName, pipelineRoutes, sealedAsId } from '@lutra/model';
import type { ChannelDocument, ConflictRule, EndpointDocument, FollowedRoute, RegionDocument, Route } from '@lutra/model';
import type { Configuration } from '@lutra/registry';
import type { Assignment } from '@lutra/runtime';

export interface VerifyWork {
  readonly channel: string;
  readonly pipelines: readonly VerifiedPipeline[];
  readonly rules: readonly ConflictRule[];
  /** Region; null: the channel names none. */
  readonly home: string | null;
  readonly roots: readonly SearchedRoot[];
}

/** A root that a pipeline of the channel places files in, and everybody whose rows may name them. */
export interface SearchedRoot {
  /** By name. */
  readonly pipeline: string;
  readonly root: string;
  /** Where it is. */
  readonly region: string;
  readonly users: readonly RootUser[];
}

export interface RootUser {
  readonly endpoint: EndpointDocument;
  /** A pipeline writes to it. */
  readonly isTarget: boolean;
  /** Of all pipelines from and to the endpoint that have rules of the root, by their names there. */
  readonly routes: readonly Route[];
}

export interface VerifiedPipeline {
  readonly name: string;
  readonly uid: string;
  readonly source: EndpointDocument;
  readonly target: EndpointDocument;
  /** Of the target: its Kafka gets the events. */
  readonly targetRegion: RegionDocument;
  readonly routes: readonly FollowedRoute[];
  /** Routes of other pipelines, of any channel, into the same target. */
  readonly others: readonly (readonly Route[])[];
  /** Routes of other channels' pipelines from the target to the source. */
  readonly backElsewhere: readonly (readonly Route[])[];
}

export function assignedVerifications(
  documents: Configuration,
  of: { readonly region: string; readonly only: readonly string[] | null },
): Map<string, Assignment<VerifyWork>> {
  const assignments = new Map<string, Assignment<VerifyWork>>();
  for (const channel of documents.channels.values()) {
    const [first] = channel.pipelines;
    const target = first && documents.endpoints.get(first.target);
    if (!first || target?.region !== of.region || (of.only && !of.only.includes(pipelineName(channel.name, first.name)))) continue;
    const pipelines = pipelinesOf(documents, channel);
    if (pipelines.length < channel.pipelines.length) continue; // an endpoint or region of it is not there yet
    const { rules, home = null } = channel.conflicts;
    const value: VerifyWork = { channel: channel.name, pipelines, rules, home, roots: searchedRoots(documents, pipelines) };
    assignments.set(channel.name, { fingerprint: JSON.stringify(value, sealedAsId), live: '', attempts: {}, value });
  }
  return assignments;
}

function pipelinesOf(documents: Configuration, channel: ChannelDocument): readonly VerifiedPipeline[] {
  const all = [...documents.channels.values()].flatMap((each) => each.pipelines);
  return channel.pipelines.flatMap((pipeline): VerifiedPipeline[] => {
    const [source, target] = [documents.endpoints.get(pipeline.source), documents.endpoints.get(pipeline.target)];
    const targetRegion = target && documents.regions.get(target.region);
    if (!source || !target || !targetRegion) return [];
    const others = all.filter((other) => other.target === pipeline.target && other.uid !== pipeline.uid).map(pipelineRoutes);
    const back = all.filter((other) => other.source === pipeline.target && other.target === pipeline.source);
    const backElsewhere = back.filter((other) => !channel.pipelines.includes(other)).map(pipelineRoutes);
    const { name, uid } = pipeline;
    const routes = followedRoutes(pipelineRoutes(pipeline), { uid, bothWays: comesBack(pipeline, channel.pipelines) });
    return [{ name, uid, source, target, targetRegion, routes, others, backElsewhere }];
  });
}

/** A root that several pipelines of the channel fill is searched for the first of them. */
function searchedRoots(documents: Configuration, pipelines: readonly VerifiedPipeline[]): readonly SearchedRoot[] {
  const found = new Map<string, SearchedRoot>();
  for (const { name, target, routes } of pipelines)
    for (const { root } of routes.flatMap(({ files = [] }) => files)) {
      const key = `${target.region} ${root}`;
      if (found.has(key)) continue;
      found.set(key, { pipeline: name, root, region: target.region, users: usersOf(documents, { root, region: target.region }) });
    }
  return [...found.values()];
}

function usersOf(documents: Configuration, { root, region }: Pick<SearchedRoot, 'root' | 'region'>): readonly RootUser[] {
  const pipelines = [...documents.channels.values()].flatMap((each) => each.pipelines);
  return [...documents.endpoints.values()].flatMap((endpoint): RootUser[] => {
    if (endpoint.region !== region) return [];
    const into = pipelines.filter(({ target }) => target === endpoint.name).flatMap(pipelineRoutes);
    const from = pipelines.filter(({ source }) => source === endpoint.name).flatMap(pipelineRoutes);
    const named = [...into.map(atTarget), ...from].map(({ schema, table, files = [] }) => ({ schema, table, files }));
    const routes = named.filter(({ files }) => files.some((rule) => rule.root === root));
    return routes.length === 0 ? [] : [{ endpoint, isTarget: into.length > 0, routes }];
  });
}

function atTarget({ to, ...route }: Route): Route {
  return { ...route, schema: to?.schema ?? route.schema, table: to?.table ?? route.table };
}

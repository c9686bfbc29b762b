/** From the configuration documents to the endpoints that this process works on. */
import {
  comesBack,
  followedRoutes,
  replicationFingerprint,
  pipelineName,
  pipelineRoutes,
  sealedAsId,
  unsupportedPolicy,
  wantedOf,
  wantsLogOf,
} from '@lutra/model';
import type {
  ChannelDocument,
  StoredChannel,
  EndpointDocument,
  FollowedRoute,
  PipelineDocument,
  RegionDocument,
  Route,
  RouteFingerprints,
} from '@lutra/model';
import type { Configuration } from '@lutra/registry';
import type { Assignment } from '@lutra/runtime';
import type { OtterTables } from './resync/otter-requests.js';
import { writersOf } from './stream/suspended-here.js';
import type { Writer } from './stream/suspended-here.js';
import type { StoppingChannel } from './stream/unreadable.js';

export interface CaptureWork {
  readonly endpoint: EndpointDocument;
  readonly region: RegionDocument;
  /** Of all pipelines that read this endpoint. */
  readonly routes: readonly FollowedRoute[];
  /** Of those that forward what loaders wrote here. */
  readonly forwarded: readonly FollowedRoute[];
  /** What they carry, pipeline by pipeline; and their names. */
  readonly pipelines: RouteFingerprints;
  readonly names: Readonly<Record<string, string>>;
  /** Routes by pipeline: the same that `routes` has together. */
  readonly carried?: Readonly<Record<string, readonly Route[]>>;
  /** Channels at work for which a table that cannot be read stops the endpoint. */
  readonly stopping: readonly StoppingChannel[];
  /** Pipelines that write here, in channels that flow both ways: what they suspend here is left out of the log. */
  readonly writers: readonly Writer[];
  /** A loader writes to it too: what it wrote must be known by its marker. */
  readonly isTarget: boolean;
  /** `schema.table` by the id that otter's manager gave the table: one for each channel that reads the endpoint and says it. */
  readonly otterTables: OtterTables;
}

/** Pure: an endpoint is wanted while a pipeline that is not stopped reads its log. One that is paused only pauses its loader. */
export function assignedEndpoints(
  documents: Configuration,
  of: { region: string; only: readonly string[] | null },
): Map<string, Assignment<CaptureWork>> {
  const assignments = new Map<string, Assignment<CaptureWork>>();
  const channels = [...documents.channels.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const endpoint of documents.endpoints.values()) {
    const region = documents.regions.get(endpoint.region);
    if (endpoint.region !== of.region || !region || (of.only && !of.only.includes(endpoint.name))) continue;
    const readers = channels.filter((channel) => channel.pipelines.some((pipeline) => pipeline.source === endpoint.name));
    if (!readers.some((channel) => wantsLogOf(channel, endpoint.name))) continue;
    // Those of stopped channels and pipelines too. Without them a capture that another pipeline keeps running would leave their rows out of
    // the log, and a loader that starts again at its checkpoint would miss them, with no hole in seq to tell.
    const read = readers.flatMap((channel) =>
      reading(endpoint.name, channel).map((pipeline) => ({ ...pipeline, followed: followed(channel, pipeline) })),
    );
    const routes = read.flatMap((pipeline) => pipeline.followed);
    const forwarded = read.filter(({ forwards }) => forwards).flatMap((pipeline) => pipeline.followed);
    const stopping = readers.flatMap((channel) => stoppingChannel(endpoint.name, channel));
    const { pipelines, names } = routesOf(endpoint.name, readers);
    const writing = channels.filter((channel) => atWork(channel).some(({ target }) => target === endpoint.name));
    const writers = writersOf(endpoint.name, channels);
    const carried = Object.fromEntries(read.map((pipeline) => [pipeline.uid, pipelineRoutes(pipeline)]));
    const otterTables = otterTablesOf(readers);
    const reads = { routes, forwarded, carried, pipelines, names, stopping, otterTables };
    const value = { endpoint, region, ...reads, writers, isTarget: writing.length > 0 };
    const attempts = Object.fromEntries([...new Set([...readers, ...writing])].flatMap(attemptsOf));
    assignments.set(endpoint.name, { fingerprint: fingerprint(value), live: liveOf(value), attempts, value });
  }
  return assignments;
}

function atWork(channel: ChannelDocument): readonly PipelineDocument[] {
  return channel.pipelines.filter(({ uid }) => wantedOf(channel, uid) !== 'stopped');
}

function attemptsOf({ name, attempt, pipelines, wishes }: ChannelDocument): readonly (readonly [string, number])[] {
  return [[name, attempt], ...pipelines.map(({ uid }) => [uid, wishes?.attempts?.[uid] ?? 0] as const)];
}

/** None of a pipeline that is stopped: when it starts, its loader meets what is suspended in the log. */
function stoppingChannel(endpoint: string, channel: ChannelDocument): readonly StoppingChannel[] {
  const stopping = atWork(channel).filter(({ source }) => source === endpoint);
  if (stopping.length === 0 || unsupportedPolicy(channel) === 'suspend') return [];
  return [{ channel: channel.name, routes: stopping.flatMap(pipelineRoutes) }];
}

/** The routes of all pipelines that read an endpoint, and their names, by uid. */
export function routesOf(endpoint: string, channels: readonly StoredChannel[]): Pick<CaptureWork, 'pipelines' | 'names'> {
  const found = channels
    .flatMap((channel) => reading(endpoint, channel).map((pipeline) => ({ channel: channel.name, pipeline })))
    .toSorted((one, other) => (one.pipeline.uid < other.pipeline.uid ? -1 : 1));
  return {
    pipelines: Object.fromEntries(found.map(({ pipeline }) => [pipeline.uid, replicationFingerprint(pipeline)])),
    names: Object.fromEntries(found.map(({ channel, pipeline }) => [pipeline.uid, pipelineName(channel, pipeline.name)])),
  };
}

function followed({ pipelines }: StoredChannel, pipeline: PipelineDocument): readonly FollowedRoute[] {
  return followedRoutes(pipelineRoutes(pipeline), { uid: pipeline.uid, bothWays: comesBack(pipeline, pipelines) });
}

function otterTablesOf(readers: readonly StoredChannel[]): OtterTables {
  const named = readers.flatMap(({ otterTables = {} }) => Object.entries(otterTables));
  return Object.fromEntries(named.map(([id]) => [id, named.flatMap(([other, table]) => (other === id ? [table] : []))]));
}

function reading(endpoint: string, channel: StoredChannel): readonly PipelineDocument[] {
  return channel.pipelines.filter((pipeline) => pipeline.source === endpoint);
}

/** What the connections of a running capture depend on, and the log that it writes. */
function fingerprint({ endpoint, region }: CaptureWork): string {
  const { description: _, start: __, topic, autoRestart: ___, ...identity } = endpoint;
  return JSON.stringify([identity, topic.maxMessageBytes, region.kafka], sealedAsId);
}

/**
 * What it takes while it runs. By pipeline, not as one list of tables: one pipeline may take a table over from another, and the log must
 * say where that begins.
 */
function liveOf({ endpoint, routes, pipelines, names, stopping, writers, isTarget, otterTables }: CaptureWork): string {
  const { start, topic, autoRestart } = endpoint;
  const shadows = routes.flatMap((route) => (route.shadows ? [route.shadows] : []));
  // Before anything is written to an endpoint for the first time, its capture must have seen that markers come back.
  const channels = stopping.map(({ channel }) => channel);
  return JSON.stringify([start, topic, autoRestart, pipelines, names, shadows, isTarget, channels, writers, otterTables]);
}

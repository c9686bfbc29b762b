/** From the configuration documents to the endpoints that this process works on. */
import type { ChannelDocument, EndpointDocument, RegionDocument, Route } from '@lutra/model';
import type { Configuration } from '@lutra/registry';
import type { Wanted } from '@lutra/runtime';
import type { CaptureWork } from './capture.pipeline.js';

/** Pure: an endpoint is wanted while a channel that is not stopped reads it. Paused channels only pause their loaders. */
export function wantedEndpoints(
  documents: Configuration,
  of: { region: string; only: readonly string[] | null },
): Map<string, Wanted<CaptureWork>> {
  const wanted = new Map<string, Wanted<CaptureWork>>();
  const channels = [...documents.channels.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const endpoint of documents.endpoints.values()) {
    const region = documents.regions.get(endpoint.region);
    if (endpoint.region !== of.region || !region || (of.only && !of.only.includes(endpoint.name))) continue;
    const readers = channels.filter((channel) => channel.pipelines.some((pipeline) => pipeline.source === endpoint.name));
    if (readers.every((channel) => channel.state === 'stopped')) continue;
    // Those of stopped channels too. Without them a capture that another channel keeps running would leave their rows out of the log, and a
    // loader that starts again at its checkpoint would miss them, with no hole in seq to tell.
    const routes = readers.flatMap((channel) =>
      channel.pipelines.filter((pipeline) => pipeline.source === endpoint.name).flatMap((pipeline) => pipeline.routes),
    );
    const writers = channels.filter(
      (channel) => channel.state !== 'stopped' && channel.pipelines.some(({ target }) => target === endpoint.name),
    );
    wanted.set(endpoint.name, {
      fingerprint: fingerprint(endpoint, region, { routes, readers, writers }),
      value: { endpoint, region, routes, isTarget: writers.length > 0 },
    });
  }
  return wanted;
}

/** What a running capture depends on; `attempt` is in it so that "retry now" starts it again. */
function fingerprint(
  endpoint: EndpointDocument,
  region: RegionDocument,
  use: { routes: readonly Route[]; readers: readonly ChannelDocument[]; writers: readonly ChannelDocument[] },
): string {
  const sources = use.routes.map((route) => `${route.schema}.${route.table}`);
  const attempts = [...new Set([...use.readers, ...use.writers])].map((channel) => [channel.name, channel.attempt]);
  // Before anything is written to an endpoint for the first time, its capture must have seen that markers come back.
  return JSON.stringify([{ ...endpoint, description: '' }, region.kafka, sources, attempts, use.writers.length > 0]);
}

/** From the configuration documents to the endpoints that this process works on. */
import type { ChannelDocument, EndpointDocument, RegionDocument, Route, SyncError } from '@lutra/model';
import type { Registry } from '@lutra/registry';
import type { Wanted } from '@lutra/runtime';
import type { CaptureWork } from './capture.pipeline.js';
import type { Environment } from './environment.js';

interface Documents {
  readonly regions: ReadonlyMap<string, RegionDocument>;
  readonly endpoints: ReadonlyMap<string, EndpointDocument>;
  readonly channels: ReadonlyMap<string, ChannelDocument>;
}

/** Pure: an endpoint is wanted while a channel that is not stopped reads it. Paused channels only pause their loaders. */
export function wantedEndpoints(
  documents: Documents,
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
    wanted.set(endpoint.name, { fingerprint: fingerprint(endpoint, region, { routes, readers }), value: { endpoint, region, routes } });
  }
  return wanted;
}

/** What a running capture depends on; `attempt` is in it so that "retry now" starts it again. */
function fingerprint(
  endpoint: EndpointDocument,
  region: RegionDocument,
  use: { routes: readonly Route[]; readers: readonly ChannelDocument[] },
): string {
  const sources = use.routes.map((route) => `${route.schema}.${route.table}`);
  const attempts = use.readers.map((channel) => [channel.name, channel.attempt]);
  return JSON.stringify([{ ...endpoint, description: '' }, region.kafka, sources, attempts]);
}

export interface WantedEvents {
  onChange(wanted: Map<string, Wanted<CaptureWork>>): void;
  onInvalid(name: string, error: SyncError): void;
}

/** Follows the documents by watches; says nothing before all three kinds have been read once. */
export class WantedEndpoints {
  readonly #ends: (() => void)[];

  constructor(registry: Registry, environment: Environment, events: WantedEvents) {
    const only = environment.LUTRA_ENDPOINTS?.split(',').map((name) => name.trim()) ?? null;
    const known: Partial<{ -readonly [K in keyof Documents]: Documents[K] }> = {};
    const changed = (): void => {
      const { regions, endpoints, channels } = known;
      if (regions && endpoints && channels)
        events.onChange(wantedEndpoints({ regions, endpoints, channels }, { region: environment.LUTRA_REGION, only }));
    };
    const onInvalid = (name: string, error: SyncError): void => events.onInvalid(name, error);
    this.#ends = [
      registry.regions.watch((map) => ((known.regions = map), changed()), onInvalid),
      registry.endpoints.watch((map) => ((known.endpoints = map), changed()), onInvalid),
      registry.channels.watch((map) => ((known.channels = map), changed()), onInvalid),
    ];
  }

  close(): void {
    for (const end of this.#ends) end();
  }
}

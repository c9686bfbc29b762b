/**
 * All configuration documents as one picture that follows their changes. Says nothing before all kinds have been read once. Whether the
 * tree is the right one is another question: tree-follower.ts.
 */
import { withDesired } from '@lutra/model';
import type { ChannelDocument, EndpointDocument, RegionDocument, SyncError } from '@lutra/model';
import type { DocumentTypes } from './document-kinds.js';
import type { Registry } from './registry.js';

export interface Configuration {
  readonly regions: ReadonlyMap<string, RegionDocument>;
  readonly endpoints: ReadonlyMap<string, EndpointDocument>;
  readonly channels: ReadonlyMap<string, ChannelDocument>;
}

export interface ConfigurationEvents {
  onChange(configuration: Configuration): void;
  /** A document cannot be read; its last good version stays in force. */
  onInvalid(name: string, error: SyncError): void;
}

type Known = { -readonly [K in keyof DocumentTypes]?: ReadonlyMap<string, DocumentTypes[K]> };

/** Returns a function that ends it. */
export function watchConfiguration(registry: Pick<Registry, keyof DocumentTypes>, events: ConfigurationEvents): () => void {
  const known: Known = {};
  const follow =
    <K extends keyof DocumentTypes>(kind: K) =>
    (documents: Known[K]): void => {
      known[kind] = documents;
      const { regions, endpoints, channels, desired } = known;
      if (!regions || !endpoints || !channels || !desired) return;
      const shown = [...channels].map(([name, channel]) => [name, withDesired(channel, desired.get(name))] as const);
      events.onChange({ regions, endpoints, channels: new Map(shown) });
    };
  const onInvalid = (name: string, error: SyncError): void => events.onInvalid(name, error);
  const ends = [
    registry.regions.watch(follow('regions'), onInvalid),
    registry.endpoints.watch(follow('endpoints'), onInvalid),
    registry.channels.watch(follow('channels'), onInvalid),
    registry.desired.watch(follow('desired'), onInvalid),
  ];
  return () => ends.forEach((end) => end());
}

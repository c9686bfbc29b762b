/**
 * All configuration documents as one picture that follows their changes. Says nothing before all three kinds have been read once. Whether
 * the tree is the right one is another question: tree-follower.ts.
 */
import type { ChannelDocument, EndpointDocument, RegionDocument, SyncError } from '@lutra/model';
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

/** Returns a function that ends it. */
export function watchConfiguration(
  registry: Pick<Registry, 'regions' | 'endpoints' | 'channels'>,
  events: ConfigurationEvents,
): () => void {
  const known: { -readonly [K in keyof Configuration]?: Configuration[K] } = {};
  const follow =
    <K extends keyof Configuration>(kind: K) =>
    (documents: Configuration[K]): void => {
      known[kind] = documents;
      const { regions, endpoints, channels } = known;
      if (regions && endpoints && channels) events.onChange({ regions, endpoints, channels });
    };
  const onInvalid = (name: string, error: SyncError): void => events.onInvalid(name, error);
  const ends = [
    registry.regions.watch(follow('regions'), onInvalid),
    registry.endpoints.watch(follow('endpoints'), onInvalid),
    registry.channels.watch(follow('channels'), onInvalid),
  ];
  return () => ends.forEach((end) => end());
}

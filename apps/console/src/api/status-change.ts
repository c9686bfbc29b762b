/** What the stream tells after the first whole status: the channels that changed, and the names of those that are there. */
import type { Answer } from '@lutra/client';

type Status = Answer<'GET /api/v1/status'>;

export interface StatusChange extends Omit<Status, 'channels'> {
  /** Those that changed, whole. */
  readonly channels: Status['channels'];
  /** All that are there, in order. */
  readonly names: readonly string[];
}

export function changed(known: Status, { names, channels, ...rest }: StatusChange): Status {
  const byName = new Map([...known.channels, ...channels].map((channel) => [channel.name, channel]));
  return { ...rest, channels: names.flatMap((name) => byName.get(name) ?? []) };
}

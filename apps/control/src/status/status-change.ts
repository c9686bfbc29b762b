/** What one listener of the stream has not been told yet: of the channels that he may see, those that changed. */
import type { Status } from '../http/schemas.js';

const ofChannel = 'channel ';

/** Of one moment, with each channel as text: made once for all listeners. */
export interface Moment {
  readonly status: Omit<Status, 'channels'>;
  /** JSON by name, in order. */
  readonly channels: ReadonlyMap<string, string>;
}

export interface Told {
  readonly head: string;
  readonly channels: ReadonlyMap<string, string>;
}

export interface StreamEvent {
  readonly event: 'status' | 'change';
  readonly data: string;
}

export function momentOf({ channels, ...status }: Status): Moment {
  return { status, channels: new Map(channels.map((channel) => [channel.name, JSON.stringify(channel)])) };
}

/** @param told null: nothing yet. @returns event null: nothing has changed */
export function tell(
  { status, channels }: Moment,
  told: Told | null,
  sees: (channel: string) => boolean,
): { readonly told: Told; readonly event: StreamEvent | null } {
  const seen = new Map([...channels].filter(([name]) => sees(name)));
  const head = JSON.stringify({ ...status, invalid: seenInvalid(status.invalid, sees) });
  const now = { head, channels: seen };
  if (!told) return { told: now, event: { event: 'status', data: withChannels(head, [...seen.values()]) } };
  const changed = [...seen].filter(([name, text]) => told.channels.get(name) !== text).map(([, text]) => text);
  if (changed.length === 0 && head === told.head && seen.size === told.channels.size) return { told: now, event: null };
  return { told: now, event: { event: 'change', data: withChannels(head, changed, [...seen.keys()]) } };
}

/** Into the text of an object: the channels are text already. */
function withChannels(head: string, channels: readonly string[], names?: readonly string[]): string {
  const more = names ? `,"names":${JSON.stringify(names)}` : '';
  return `${head.slice(0, -1)},"channels":[${channels.join(',')}]${more}}`;
}

/** Regions and endpoints everybody sees. */
export function seenInvalid(invalid: readonly string[], sees: (channel: string) => boolean): string[] {
  return invalid.filter((name) => !name.startsWith(ofChannel) || sees(name.slice(ofChannel.length)));
}

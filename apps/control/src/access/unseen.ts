/**
 * What rules and refusals say to somebody who may not see all channels. The rules look at all of them, and their words name the other one:
 * a table has one writer, an endpoint is in use. Such a name is replaced; that another channel is in the way stays said. Names are replaced
 * where a channel or a pipeline is meant, for a table may have the name of a channel.
 */
import { isAllowed, pipelineName } from '@lutra/model';
import type { Person } from '@lutra/model';
import type { Snapshot } from '@lutra/registry';

type Unseen = <T>(said: T) => T;

const other = '(one that you may not see)';
const name = '[a-z0-9][a-z0-9-]*';
const channels = new RegExp(`\\b(channels?[ /])(${name}(?:(?:, | and )${name})*)(?![\\w.-])`, 'g');
const pipelines = new RegExp(`(?<![\\w./-])(pipelines? )?(${name})\\.(${name})(?![\\w.-])`, 'g');

/** Every text in it, at any depth. */
export function withoutUnseen(person: Person | null | undefined, { channels: all }: Pick<Snapshot, 'channels'>): Unseen {
  const maySee = (channel: string): boolean => person !== null && person !== undefined && isAllowed(person, 'channel.read', channel);
  const hidden = new Set([...all.keys()].filter((channel) => !maySee(channel)));
  const ids = new Set(
    [...hidden].flatMap((channel) => (all.get(channel)?.document?.pipelines ?? []).map((one) => pipelineName(channel, one.name))),
  );
  const without = (text: string): string =>
    text
      .replaceAll(
        channels,
        (_, noun: string, list: string) => noun + list.replaceAll(/[a-z0-9-]+/g, (one) => (hidden.has(one) ? other : one)),
      )
      // One that was removed is in no snapshot.
      .replaceAll(pipelines, (whole, noun: string | undefined, channel: string) =>
        ids.has(whole.slice(noun?.length ?? 0)) || (noun !== undefined && !maySee(channel)) ? (noun ?? '') + other : whole,
      );
  const isList = (text: string): boolean => text.split(', ').every((one) => hidden.has(one));
  return <T>(said: T): T => mapped(said, (text) => (isList(text) ? other : without(text))) as T;
}

function mapped(value: unknown, of: (text: string) => string): unknown {
  if (typeof value === 'string') return of(value);
  if (Array.isArray(value)) return value.map((element: unknown) => mapped(element, of));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, element]) => [key, mapped(element, of)]));
}

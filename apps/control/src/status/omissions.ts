/**
 * What was not replicated, seen from one channel: that of its source endpoints, of its pipelines, and its own. Pure.
 */
import { omissionKinds, pipelineName } from '@lutra/model';
import type { ChannelDocument, Omissions } from '@lutra/model';
import type { OmissionOwner } from '@lutra/registry';
import type { OmissionsStatus } from './omissions.schema.js';

const mostShown = 20;

type Shown = OmissionsStatus['items'][number];

/** Whose omissions a channel shows. */
export function ownersOf({ name, pipelines }: ChannelDocument): readonly OmissionOwner[] {
  const sources = [...new Set(pipelines.map(({ source }) => `endpoint@${source}` as const))];
  return [...sources, ...pipelines.map(({ uid }) => `pipeline@${uid}` as const), `channel@${name}`];
}

export function omissionsStatus(channel: ChannelDocument, found: ReadonlyMap<OmissionOwner, Omissions>): OmissionsStatus {
  const open = [...found].flatMap(([owner, omissions]) => openOf(channel, owner, omissions));
  const items = open.flatMap(({ shown }) => shown).toSorted((a, b) => a.at - b.at);
  const count = open.reduce((sum, { shown, older }) => sum + shown.length + older, 0);
  const confirmed = [...found.values()].flatMap(({ confirmed: all }) => all[channel.name] ?? []).toSorted((a, b) => b.at - a.at)[0];
  return {
    count,
    summary: summaryOf(items, count),
    items: items.slice(-mostShown),
    confirmed: confirmed ? { by: confirmed.by, reason: confirmed.reason, at: confirmed.at } : null,
  };
}

interface Open {
  readonly shown: readonly Shown[];
  /** So many are not kept one by one any more. */
  readonly older: number;
}

function openOf(channel: ChannelDocument, owner: OmissionOwner, { last, total, confirmed }: Omissions): Open {
  const until = confirmed[channel.name]?.n ?? 0;
  const oldest = last[0]?.n ?? total + 1;
  const shown = last.filter(({ n }) => n > until);
  return {
    shown: shown.map(({ kind, what, tables, where, at }) => ({ kind, what, tables, where, at, of: shownOwner(channel, owner) })),
    older: Math.max(0, oldest - 1 - until),
  };
}

/** People know a pipeline by its name. */
function shownOwner({ name, pipelines }: ChannelDocument, owner: OmissionOwner): string {
  const pipeline = pipelines.find(({ uid }) => owner === `pipeline@${uid}`);
  return pipeline ? `pipeline ${pipelineName(name, pipeline.name)}` : owner.replace('@', ' ');
}

const nouns = {
  ddl: ['schema change ignored', 'schema changes ignored'],
  skip: ['transaction skipped', 'transactions skipped'],
  force: ['start or change in spite of failed checks', 'starts or changes in spite of failed checks'],
  suspend: ['table suspended', 'tables suspended'],
  drop: ['rows without what was dropped here', 'rows without what was dropped here'],
} as const;

function summaryOf(items: readonly Shown[], count: number): string | null {
  const last = items.at(-1);
  if (!last) return count === 0 ? null : `${count} omissions`;
  const kinds = omissionKinds.flatMap((kind) => {
    const number = items.filter((item) => item.kind === kind).length;
    return number === 0 ? [] : [`${number} ${nouns[kind][number === 1 ? 0 : 1]}`];
  });
  const more = count - items.length;
  const on = last.tables.length === 0 ? '' : ` on ${last.tables.join(', ')}`;
  return `${[...kinds, ...(more > 0 ? [`${more} older`] : [])].join(', ')}; last: ${last.what}${on} at ${last.where} (${last.of})`;
}

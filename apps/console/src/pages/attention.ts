/** What needs a person, worst first: one list for the overview and for the channels. */
import type { Status } from '../api/live.js';
import type { Text } from '../text/en.js';

type ChannelStatus = Status['channels'][number];

export interface Matter {
  readonly key: string;
  readonly tone: 'bad' | 'warn';
  readonly subject: string;
  readonly what: string;
  readonly detail: string;
  readonly path: string;
}

const worstFirst = { bad: 0, warn: 1 } as const;

export function mattersOf({ channels, invalid }: Status, t: Text): readonly Matter[] {
  const documents = invalid.map((name) => ({
    key: name,
    tone: 'bad' as const,
    subject: name,
    what: t.overview.attention.invalid,
    detail: '',
    path: '/audit',
  }));
  const matters = [...documents, ...channels.flatMap((channel) => mattersOfChannel(channel, t))];
  return matters.toSorted((one, other) => worstFirst[one.tone] - worstFirst[other.tone]);
}

export function mattersOfChannel(channel: ChannelStatus, t: Text): readonly Matter[] {
  const { attention } = t.overview;
  const path = `/channels/${channel.name}`;
  const { omissions, unequal } = channel;
  const own: readonly (Matter | false)[] = [
    omissions.count > 0 && {
      key: `${path} omissions`,
      tone: 'warn',
      subject: channel.name,
      what: attention.omissions(omissions.count),
      detail: omissions.summary ?? '',
      path: `${path}/tables`,
    },
    unequal !== null &&
      unequal.count > 0 && {
        key: `${path} unequal`,
        tone: 'warn',
        subject: channel.name,
        what: attention.unequal(unequal.count),
        detail: unequal.tables.map(({ table }) => table).join(', '),
        path: `/equality?channel=${channel.name}`,
      },
  ];
  return [
    ...channel.pipelines.flatMap((pipeline) => mattersOfPipeline(channel.name, pipeline, t)),
    ...own.filter((matter) => matter !== false),
  ];
}

function mattersOfPipeline(channel: string, pipeline: ChannelStatus['pipelines'][number], t: Text): readonly Matter[] {
  const { attention } = t.overview;
  const { id, state, lastError, held, suspended, reason } = pipeline;
  const base = { subject: id, path: `/channels/${channel}` };
  const matters: readonly (Matter | false)[] = [
    state === 'failed' && {
      ...base,
      key: `${id} failed`,
      tone: 'bad',
      what: attention.failed(lastError?.code ?? '?'),
      detail: lastError?.message ?? reason ?? '',
    },
    state === 'absent' && { ...base, key: `${id} absent`, tone: 'bad', what: attention.absent, detail: reason ?? '' },
    held !== null && {
      ...base,
      key: `${id} held`,
      tone: 'warn',
      what: attention.held,
      detail: held.statement,
      path: `/schema?pipeline=${encodeURIComponent(id)}`,
    },
    suspended.length > 0 && {
      ...base,
      key: `${id} suspended`,
      tone: 'warn',
      what: attention.suspended(suspended.length),
      detail: suspended.map(({ database, name }) => `${database}.${name}`).join(', '),
      path: `/channels/${channel}/tables`,
    },
  ];
  return matters.filter((matter) => matter !== false);
}

/** What the status of channels says, for people: a line for each pipeline, then what needs somebody. */
import type { ChannelStatus, Status } from '@lutra/client';
import { count, duration, time, toneOfState } from './output/format.js';
import type { Output } from './output/output.js';
import type { Column } from './output/table.js';

type Pipeline = ChannelStatus['pipelines'][number];

interface Row {
  readonly channel: string;
  readonly state: string;
  readonly pipeline: Pipeline | null;
}

const columns: readonly Column<Row>[] = [
  { title: 'channel', of: ({ channel }) => channel, whole: true },
  { title: 'pipeline', of: ({ pipeline }) => pipeline?.name, whole: true },
  { title: 'state', of: ({ state }) => state, tone: ({ state }) => toneOfState(state), whole: true },
  { title: 'lag', of: ({ pipeline }) => duration(pipeline?.lagMs) },
  { title: 'rows/s', of: ({ pipeline }) => pipeline && count(Math.round(pipeline.rowsPerSecond)) },
  { title: 'rows', of: ({ pipeline }) => pipeline && count(pipeline.rows) },
  { title: 'from', of: ({ pipeline }) => pipeline?.source.endpoint, wide: true },
  { title: 'to', of: ({ pipeline }) => pipeline?.target.endpoint, wide: true },
  { title: 'routes', of: ({ pipeline }) => pipeline?.routes, wide: true },
  { title: 'capture', of: ({ pipeline }) => pipeline?.source.worker?.instance, wide: true },
  { title: 'loader', of: ({ pipeline }) => pipeline?.target.worker?.instance, wide: true },
  { title: 'what', of: ({ pipeline }) => (pipeline ? whatOf(pipeline) : 'no pipelines') },
];

/** Why it is not simply running. */
function whatOf({ lastError, reason, routes, routesReason, suspended, held, state }: Pipeline): string {
  if (held) return `holds at a schema change: ${held.statement}`;
  if (lastError && state !== 'running') return `${lastError.code}: ${lastError.message}`;
  if (reason !== null) return reason;
  if (suspended.length > 0) return `${suspended.length} tables suspended`;
  return routes === 'pending' && state !== 'stopped' ? `routes pending: ${routesReason ?? ''}` : '';
}

export function showStatus(out: Output, { zooKeeper, invalid, channels }: Status): void {
  if (zooKeeper !== 'connected') out.toned(out.tone('ZooKeeper does not answer: this is what control knew last. Data goes on.', 'bad'));
  for (const document of invalid) out.toned(out.tone(`${document} cannot be read: apps keep their last good version`, 'bad'));
  showChannels(out, channels);
}

export function showChannels(out: Output, channels: readonly ChannelStatus[]): void {
  const rows = channels.flatMap(rowsOf);
  out.table(columns, rows, 'no channels');
  for (const channel of channels) showConcerns(out, channel);
}

function rowsOf({ name, state, pipelines }: ChannelStatus): readonly Row[] {
  if (pipelines.length === 0) return [{ channel: name, state, pipeline: null }];
  return pipelines.map((pipeline) => ({ channel: name, state: pipeline.state, pipeline }));
}

/** What a person should read, and what to do. */
function showConcerns(out: Output, channel: ChannelStatus): void {
  const concerns = [...channel.pipelines.flatMap(concernsOf), ...ofChannel(channel)];
  if (concerns.length === 0) return;
  out.line();
  for (const { mark, text, help } of concerns) {
    out.paragraph(`${mark} ${text}`, '', '  ');
    if (help) out.paragraph(help, '  ');
  }
}

interface Concern {
  readonly mark: '✗' | '!';
  readonly text: string;
  readonly help?: string;
}

function concernsOf({ id, lastError, state, suspended, held }: Pipeline): readonly Concern[] {
  const failed = lastError && (state === 'failed' || state === 'waiting');
  return [
    ...(held ? [{ mark: '✗' as const, text: `${id} holds: ${held.message}`, help: `lutra ddl show ${id.replace('.', ' ')}` }] : []),
    ...(failed
      ? [{ mark: '✗' as const, text: `${id}: ${lastError.code} ${lastError.message} (${time(lastError.at)})`, help: lastError.help }]
      : []),
    ...suspended.slice(0, 5).map((table) => ({ mark: '!' as const, text: `${id}: ${tableName(table)} is suspended` })),
  ];
}

function tableName(table: Readonly<Record<string, unknown>>): string {
  return [table['database'] ?? table['schema'], table['table'] ?? table['name']].filter(Boolean).join('.');
}

function ofChannel({ name, omissions, verification, unequal }: ChannelStatus): readonly Concern[] {
  const different = verification ? verification.tables.different + verification.tables.unsettled : 0;
  return [
    ...(omissions.summary === null
      ? []
      : [{ mark: '!' as const, text: `${name}: ${omissions.summary}`, help: `lutra omissions show ${name}` }]),
    ...(different > 0
      ? [{ mark: '!' as const, text: `${name}: ${different} tables were found to differ`, help: `lutra verify show ${name}` }]
      : []),
    ...(unequal && unequal.count > 0
      ? [{ mark: '!' as const, text: `${name}: ${unequal.count} tables are not known to be equal`, help: `lutra verify start ${name}` }]
      : []),
  ];
}

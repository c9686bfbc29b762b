/** What a plan does to what runs, in words and in numbers. Pure. */
import { pipelineName } from '@lutra/model';
import type { ChannelDocument } from '@lutra/model';
import type { Configuration } from '../configuration/configuration.js';
import type { Dropped } from './dropped-tables.service.js';
import { subjectOf } from './lutra-document.js';
import type { PlanAnswer } from './plan.schemas.js';
import type { ChannelStep, Steps } from './steps.js';

type Consequence = PlanAnswer['consequences'][number];

export interface Weighed {
  readonly consequences: readonly Consequence[];
  readonly counts: PlanAnswer['counts'];
  readonly confirm: PlanAnswer['confirm'];
}

export interface Facts {
  readonly before: Configuration;
  readonly after: Configuration;
  readonly dropped: Dropped;
  /** Endpoints that are removed while records of theirs are not applied, or nobody can say. */
  readonly unapplied: readonly string[];
}

/** Of what runs: a plan that stops or drops more needs a second look. */
const guardedShare = 0.2;

export function weigh(steps: Steps, { before, after, dropped, unapplied }: Facts): Weighed {
  const perChannel = steps.channels.flatMap((step) => ofChannel(step, dropped));
  const restarts = restartsBy(steps, before, after);
  const ofEndpoints = unapplied.map((name): Consequence => {
    const what = 'removes an endpoint of which not all records are known to be applied';
    return { id: 'records-unapplied', what, subject: subjectOf('endpoints', name) };
  });
  const running = before.channels.filter(({ state }) => state !== 'stopped').flatMap(({ pipelines }) => pipelines).length;
  const sum = (of: (step: ChannelStep) => number): number => steps.channels.reduce((total, step) => total + of(step), 0);
  const counts = {
    created: countOf(steps, 'create'),
    changed: countOf(steps, 'change'),
    removed: countOf(steps, 'remove'),
    pipelinesStarted: sum(({ state, after: channel }) =>
      state.from === 'stopped' && state.to !== 'stopped' ? (channel?.pipelines.length ?? 0) : 0,
    ),
    pipelinesStopped: sum((step) => stoppedBy(step).length),
    tablesDropped: total(dropped.tables),
    tablesUnknown: total(dropped.unknown),
    capturesRestarted: restarts.captures.length,
    loadersRestarted: restarts.loaders.length,
    endpointsUnapplied: unapplied.length,
  };
  const guarded = {
    ...(counts.pipelinesStopped > running * guardedShare && { pipelinesStopped: counts.pipelinesStopped }),
    ...(counts.tablesDropped > dropped.of * guardedShare && { tablesDropped: counts.tablesDropped }),
    ...(counts.tablesUnknown > 0 && { tablesUnknown: counts.tablesUnknown }),
    ...(unapplied.length > 0 && { endpointsUnapplied: unapplied.length }),
  };
  return {
    consequences: [...perChannel, ...restarts.consequences, ...ofEndpoints],
    counts,
    confirm: Object.keys(guarded).length > 0 ? guarded : null,
  };
}

function ofChannel(step: ChannelStep, dropped: Dropped): readonly Consequence[] {
  const subject = subjectOf('channels', step.name);
  const said: Consequence[] = [];
  const say = (id: string, what: string): void => void said.push({ id, what, subject });
  const { from, to } = step.state;
  const all = step.after?.pipelines.length ?? 0;
  if (from === 'stopped' && to !== 'stopped') say('pipelines-started', `starts ${plural(all, 'pipeline')}`);
  if (from === 'running' && to === 'paused') say('pipelines-paused', `pauses ${plural(all, 'pipeline')}`);
  if (from === 'paused' && to === 'running') say('pipelines-resumed', `resumes ${plural(all, 'pipeline')}`);
  const stopped = stoppedBy(step);
  if (stopped.length > 0) say('pipelines-stopped', `stops ${plural(stopped.length, 'pipeline')}: ${some(stopped)}`);
  const removed = removedBy(step);
  if (removed.length > 0) say('pipelines-removed', `removes ${plural(removed.length, 'pipeline')} and their positions: ${some(removed)}`);
  const tables = dropped.tables.get(step.name) ?? 0;
  if (tables > 0) say('tables-dropped', `drops ${plural(tables, 'table')} from routes`);
  if ((dropped.unknown.get(step.name) ?? 0) > 0)
    say('tables-unknown', 'drops tables behind a pattern from routes; how many, the source could not be asked');
  return said;
}

/** Pipelines that ran and do not any more. */
function stoppedBy({ channel, state: { from, to }, after, name }: ChannelStep): readonly string[] {
  if (!channel || from === 'stopped') return [];
  const stays = (pipeline: string): boolean => to !== 'stopped' && after?.pipelines.some((one) => one.name === pipeline) === true;
  return channel.pipelines.filter((pipeline) => !stays(pipeline.name)).map((pipeline) => pipelineName(name, pipeline.name));
}

function removedBy({ channel, after, op, name }: ChannelStep): readonly string[] {
  if (!channel || op === 'keep' || (op !== 'remove' && !after)) return [];
  return channel.pipelines
    .filter((old) => !after?.pipelines.some((one) => one.name === old.name))
    .map((old) => pipelineName(name, old.name));
}

/** Where a database or a Kafka is reached otherwise, its workers connect anew. */
function restartsBy(steps: Steps, before: Configuration, after: Configuration) {
  const regions = new Set(
    steps.regions.filter(({ fields }) => fields.some(({ path }) => path.startsWith('kafka'))).map(({ name }) => name),
  );
  const reaching = /^(region|host|port|user|tls|publicKey|serverId|password)/;
  const servers = new Set(steps.endpoints.filter(({ fields }) => fields.some(({ path }) => reaching.test(path))).map(({ name }) => name));
  const regionOf = new Map(after.endpoints.map(({ name, region }) => [name, region]));
  const isMoved = (endpoint: string): boolean => servers.has(endpoint) || regions.has(regionOf.get(endpoint) ?? '');
  const wasRunning = new Set(before.channels.filter(({ state }) => state !== 'stopped').map(({ name }) => name));
  const running = after.channels.filter(({ name, state }) => state !== 'stopped' && wasRunning.has(name));
  const pipelines = running.flatMap((channel: ChannelDocument) =>
    channel.pipelines.map((pipeline) => ({ channel: channel.name, ...pipeline })),
  );
  const captures = [...new Set(pipelines.map(({ source }) => source))].filter(isMoved);
  const loaders = pipelines.filter(({ source, target }) => servers.has(target) || regions.has(regionOf.get(source) ?? ''));
  const consequences = [
    ...captures.map((name): Consequence => ({
      id: 'capture-restarted',
      what: 'restarts its capture',
      subject: subjectOf('endpoints', name),
    })),
    ...[...Map.groupBy(loaders, ({ channel }) => channel)].map(([channel, own]): Consequence => {
      return { id: 'loaders-restarted', what: `restarts ${plural(own.length, 'loader')}`, subject: subjectOf('channels', channel) };
    }),
  ];
  return { captures, loaders, consequences };
}

function countOf({ regions, endpoints, channels }: Steps, wanted: string): number {
  return [...regions, ...endpoints, ...channels].filter(({ op }) => op === wanted).length;
}

function total(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((sum, count) => sum + count, 0);
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

const mostNamed = 10;

function some(names: readonly string[]): string {
  const more = names.length - mostNamed;
  return names.slice(0, mostNamed).join(', ') + (more > 0 ? `, and ${more} more` : '');
}

/**
 * What it means to follow a tree that does not continue what was worked by: old things in it come alive, newer ones end. Pure. The naive
 * way sets the number alone. Counter-example: a channel that was stopped since the copy was taken is `running` in it.
 */
import { pipelineName, replicationFingerprint } from '@lutra/model';
import type { ChannelDocument, PipelineDocument, PipelineUid, WorkStatus } from '@lutra/model';
import type { Problem } from '../configuration/problem.js';

export interface NamedPipeline {
  /** `<channel>.<pipeline>` */
  readonly name: string;
  readonly uid: PipelineUid;
}

/** Orders that wait in the tree, by endpoint and by pipeline. */
export interface Orders {
  readonly restarts: readonly string[];
  readonly skips: readonly NamedPipeline[];
  /** Channels whose verification has rows to repair. */
  readonly repairs: readonly string[];
}

export interface Adopted {
  readonly channels: readonly ChannelDocument[];
  readonly workers: readonly WorkStatus[];
  readonly orders: Orders;
}

export function adoptionConsequences({ channels, workers, orders }: Adopted): readonly Problem[] {
  return [
    ...channels.flatMap(startsWith),
    ...channels.flatMap((channel) => channel.pipelines.flatMap((pipeline) => changesRoutes(channel, pipeline, workers))),
    ...workers.flatMap((worker) => (isWanted(worker, channels) ? [] : [ends(worker)])),
    ...orders.restarts.map((endpoint) => withdrawn('restart', `endpoint ${endpoint}`)),
    ...orders.skips.map(({ name }) => withdrawn('skip', `pipeline ${name}`)),
    ...orders.repairs.map((channel) => withdrawn('repair', `channel ${channel}`)),
  ];
}

/** Pipelines whose log had other routes than the tree has, or where nobody can say: which tables have left it is not known. */
export function withOtherRoutes(channels: readonly ChannelDocument[], workers: readonly WorkStatus[]): readonly PipelineUid[] {
  const all = channels.flatMap(({ pipelines }) => pipelines);
  return all.filter((pipeline) => routesInForce(pipeline, workers) !== replicationFingerprint(pipeline)).map(({ uid }) => uid);
}

function startsWith({ name, state }: ChannelDocument): readonly Problem[] {
  if (state === 'stopped') return [];
  const what = `channel ${name} is ${state} in this tree, with the routes, conflict policies and endpoints that it has here`;
  return [
    warning('channel-goes-on', what, `Compare GET /api/v1/channels/${name} with what you want; stop or change the channel after it.`),
  ];
}

function changesRoutes({ name }: ChannelDocument, pipeline: PipelineDocument, workers: readonly WorkStatus[]): readonly Problem[] {
  const id = pipelineName(name, pipeline.name);
  const inForce = routesInForce(pipeline, workers);
  if (inForce === replicationFingerprint(pipeline)) return [];
  const how = inForce === null ? `nobody can say which routes of pipeline ${id} are in force` : `pipeline ${id} works by other routes`;
  const what = `${how}: tables that this tree does not name leave the log without a trace in it`;
  return [
    warning(
      'routes-change',
      what,
      'Seed a table anew before you add it again: from now on each addition to the pipeline needs ?force=true.',
    ),
  ];
}

/** Fingerprint that capture has written into the log; null: no capture that works says it. */
function routesInForce({ uid, source }: PipelineDocument, workers: readonly WorkStatus[]): string | null {
  const capture = workers.find((worker) => worker.app === 'capture' && worker.name === source && worker.routes !== null);
  return capture?.routes?.[uid] ?? null;
}

function isWanted({ app, name, uid }: WorkStatus, channels: readonly ChannelDocument[]): boolean {
  // It is there for the roots of its own environment.
  if (app === 'files') return true;
  const working = channels.filter(({ state }) => state !== 'stopped');
  return working.some((channel) =>
    channel.pipelines.some((pipeline) => {
      if (app === 'capture') return pipeline.source === name;
      // Another pipeline may have its name in this tree.
      return pipelineName(channel.name, pipeline.name) === name && (uid === null || pipeline.uid === uid);
    }),
  );
}

function ends({ app, name, instance }: WorkStatus): Problem {
  const what = `${app} ${name} (${instance}) ends: no channel at work in this tree has it`;
  return warning('work-ends', what, 'If it must go on, restore the right ZooKeeper or its newest export instead.');
}

function withdrawn(order: 'restart' | 'skip' | 'repair', of: string): Problem {
  const what = `the order to ${order} ${of} that waits in this tree may be an old one: it is withdrawn`;
  return warning('order-withdrawn', what, 'Order it again afterwards, if it is still wanted.');
}

function warning(id: string, what: string, fix: string): Problem {
  return { id, severity: 'warning', what, fix };
}

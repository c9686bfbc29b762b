/**
 * What the processes say about themselves, seen from the channels. Pure. "absent" is said only where work is wanted and nobody does it.
 *
 * The naive way shows the loader's lag. Counter-example: capture hangs, the loader has applied all that is in the topic and says 0 while
 * the target falls behind; hence the greater lag of the two, and none while one of them is unknown.
 */
import { pipelineName, replicationFingerprint, suspendedOf, wantedOf, wantsLogOf, without } from '@lutra/model';
import type { ChannelDocument, DdlHold, DesiredState, PipelineDocument, Suspension, WorkStatus } from '@lutra/model';
import { holdOf, statementOf } from '../ddl/held-pipelines.js';
import type { ChannelStatus, EndStatus, PipelineStatus, ShownState } from '../http/schemas.js';
import type { OmissionsStatus } from './omissions.schema.js';
import { routesStatus } from './routes-status.js';

/** The worst first. */
const gravity: readonly ShownState[] = ['failed', 'absent', 'held', 'waiting', 'starting', 'standby', 'stopped', 'paused', 'running'];

export function channelStatus(channel: ChannelDocument, workers: readonly WorkStatus[], omissions: OmissionsStatus): ChannelStatus {
  const pipelines = channel.pipelines.map((pipeline) => pipelineStatus(channel, pipeline, workers));
  // One of which somebody wants less says nothing of the channel.
  const whole = pipelines.filter(({ desired }) => desired === channel.state);
  const state = worst((whole.length > 0 ? whole : pipelines).map((pipeline) => pipeline.state));
  const routes = pipelines.every((pipeline) => pipeline.routes === 'in force') ? 'in force' : 'pending';
  return { name: channel.name, desired: channel.state, state, routes, omissions, verification: null, unequal: null, pipelines };
}

function pipelineStatus(channel: ChannelDocument, pipeline: PipelineDocument, workers: readonly WorkStatus[]): PipelineStatus {
  const { uid } = pipeline;
  const id = pipelineName(channel.name, pipeline.name);
  // One that worked for an earlier pipeline of this name says nothing of this one.
  const at = (app: WorkStatus['app'], name: string): readonly WorkStatus[] =>
    workers.filter((worker) => worker.app === app && worker.name === name && (worker.uid === null || worker.uid === uid));
  const desired = wantedOf(channel, uid);
  const source = endStatus(pipeline.source, at('capture', pipeline.source), {
    desired: wantsLogOf(channel, pipeline.source) ? 'running' : 'stopped',
    absent: `no capture process for endpoint ${pipeline.source} is connected`,
  });
  const target = endStatus(pipeline.target, at('loader', id), { desired, absent: `no loader process for pipeline ${id} is connected` });
  const state = worst([source.state, target.state]);
  const now = { uid, fingerprint: replicationFingerprint(pipeline) };
  return {
    id,
    uid,
    name: pipeline.name,
    desired,
    state,
    reason: (state === source.state ? source.reason : null) ?? (state === target.state ? target.reason : null),
    ...routesStatus(now, [
      { app: 'capture', worker: source.worker },
      { app: 'loader', worker: target.worker },
    ]),
    lagMs: greater(source.worker?.lagMs ?? null, target.worker?.lagMs ?? null),
    rowsPerSecond: target.worker?.rowsPerSecond ?? 0,
    rows: target.worker?.rows ?? 0,
    transactions: target.worker?.transactions ?? 0,
    position: source.worker?.position ?? null,
    suspended: suspendedIn(pipeline, source, target),
    held: heldAt(target),
    seed: null,
    lastError: latestError(source, target),
    source,
    target,
  };
}

/**
 * What the loader leaves out, and what capture has left out that the loader has not come to. A process of an earlier version says nothing
 * of it.
 */
function suspendedIn(pipeline: PipelineDocument, source: EndStatus, target: EndStatus): Suspension[] {
  const known = target.worker?.suspended ?? [];
  return [...known, ...without(suspendedOf({ suspended: source.worker?.suspended ?? [] }, pipeline), known)];
}

/** Without its text, which may hold values. */
function heldAt({ worker }: EndStatus): PipelineStatus['held'] {
  const hold = holdOf(worker);
  if (!hold) return null;
  const { record: _, sql: __, here: ___, ...shown } = hold;
  return shown;
}

interface Expectation {
  readonly desired: DesiredState;
  /** Why there is nobody. */
  readonly absent: string;
}

function endStatus(endpoint: string, workers: readonly WorkStatus[], { desired, absent }: Expectation): EndStatus {
  const standbys = workers.filter((worker) => worker.state === 'standby');
  const active = workers.filter((worker) => worker.state !== 'standby').toSorted(byLeadership);
  const worker = active[0] ?? standbys[0] ?? null;
  const shown = { endpoint, worker: worker && { ...worker }, standbys: standbys.map((standby) => standby.instance) };
  if (!worker) return desired === 'stopped' ? { ...shown, state: 'stopped', reason: null } : { ...shown, state: 'absent', reason: absent };
  return { ...shown, state: worker.state, reason: reasonOf(worker) };
}

/** During a take-over two may say that they work: the one of the higher epoch does. */
function byLeadership(a: WorkStatus, b: WorkStatus): number {
  return (b.epoch ?? -1) - (a.epoch ?? -1) || b.updatedAt - a.updatedAt;
}

function reasonOf(worker: WorkStatus): string | null {
  const reason = ownReason(worker);
  return reason ?? (worker.configuration?.regressed ? regressed : null);
}

const regressed = 'CONFIG_REGRESSED: it works on with the documents that it has; GET /api/v1/revision';

function ownReason({ state, waitingFor, lastError, hold }: WorkStatus): string | null {
  if (state === 'held') return hold ? holds(hold) : (lastError?.message ?? null);
  if (state === 'waiting') return waitingFor ?? lastError?.message ?? null;
  if (state === 'starting' || state === 'running') return movesNot(waitingFor, lastError);
  if (state === 'failed') return lastError ? `${lastError.code}: ${lastError.message}` : null;
  return state === 'standby' ? 'every process stands by: a take-over is under way' : null;
}

function holds(hold: DdlHold): string {
  return `holds at ${statementOf(hold)} (${hold.reason}): ${hold.message}`;
}

/** A worker that runs may stand still all the same: it waits for somebody, or tries again what failed and has had no success since. */
function movesNot(waitingFor: WorkStatus['waitingFor'], lastError: WorkStatus['lastError']): string | null {
  if (waitingFor !== null) return `waits for ${waitingFor}`;
  return lastError ? `tries again after ${lastError.code}: ${lastError.message}` : null;
}

function latestError(source: EndStatus, target: EndStatus): PipelineStatus['lastError'] {
  const errors = [source.worker?.lastError, target.worker?.lastError].filter((error) => error !== null && error !== undefined);
  return errors.toSorted((a, b) => b.at - a.at)[0] ?? null;
}

function greater(a: number | null, b: number | null): number | null {
  return a === null || b === null ? null : Math.max(a, b);
}

function worst(states: readonly ShownState[]): ShownState {
  return gravity.find((state) => states.includes(state)) ?? 'stopped';
}

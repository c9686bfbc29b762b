/** Pipelines that hold at a schema change, for whoever waits for rows behind it. Pure. */
import { pipelineName, tableName } from '@lutra/model';
import type { ChannelDocument, DdlHold, PipelineDocument, WorkStatus } from '@lutra/model';
import type { Problem } from '../configuration/problem.js';

/** The loader that works, or that says so with the higher epoch during a take-over; null: none does. */
export function loaderOf({ uid }: Pick<PipelineDocument, 'uid'>, workers: readonly WorkStatus[]): WorkStatus | null {
  const own = workers.filter((one) => one.app === 'loader' && one.uid === uid && one.state !== 'standby');
  return own.toSorted((a, b) => (b.epoch ?? -1) - (a.epoch ?? -1) || b.updatedAt - a.updatedAt)[0] ?? null;
}

export function holdOf(worker: Pick<WorkStatus, 'state' | 'hold'> | null): DdlHold | null {
  return worker?.state === 'held' ? (worker.hold ?? null) : null;
}

/** ALTER TABLE on shop.orders */
export function statementOf({ statement, tables }: Pick<DdlHold, 'statement' | 'tables'>): string {
  return tables.length === 0 ? statement : `${statement} on ${tables.map(tableName).join(', ')}`;
}

/** @param names of pipelines of the channel; left out: all of it */
export function heldProblems(channel: ChannelDocument, workers: readonly WorkStatus[], names?: readonly string[]): readonly Problem[] {
  return channel.pipelines
    .filter(({ name }) => names?.includes(name) ?? true)
    .flatMap((pipeline): readonly Problem[] => {
      const hold = holdOf(loaderOf(pipeline, workers));
      if (!hold) return [];
      const id = pipelineName(channel.name, pipeline.name);
      const what = `pipeline ${id} holds at ${statementOf(hold)} (${hold.reason}): what is behind it does not arrive before that is answered`;
      const fix = `GET /api/v1/channels/${channel.name}/pipelines/${pipeline.name}/ddl, then POST an answer to it`;
      return [{ id: 'pipeline-held', severity: 'warning', what, fix }];
    });
}

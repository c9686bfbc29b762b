/**
 * What may lie between the position of a pipeline and the one that it is moved to. Pure. Ahead more is in the way than back: what the
 * loader must have seen, it has to see. Counter-examples: a schema change that is left out, and the rows behind it do not fit; the
 * record that suspends a table, and its rows behind it are taken for rows of a table that is whole; the beginning of a seed, and its end
 * is none.
 */
import type { Checkpoint } from '@lutra/marker';
import { suspendedOf, tableName, without } from '@lutra/model';
import type { PipelineDocument, RecordBody, ResumePosition, Router, Suspension } from '@lutra/model';
import { concerns } from '../ddl/concerns.js';
import { LogRange } from './log-range.js';

export interface Moved {
  readonly pipeline: PipelineDocument;
  /** At the target. */
  readonly suspended: readonly Suspension[];
  /** Without what is suspended. */
  readonly router: Router;
}

export function rangeBack(topic: string, from: ResumePosition, { router }: Moved): LogRange {
  return new LogRange(topic, from, { concerns: (record) => concerns(record, router), carries: (table) => router(table) !== null });
}

export function rangeAhead(topic: string, { logId: log, logEpoch: epoch, seq, nextOffset }: Checkpoint, of: Moved): LogRange {
  const { router } = of;
  return new LogRange(
    topic,
    { log, epoch, seq, nextOffset, source: null },
    {
      concerns: (record) => concerns(record, router),
      carries: (table) => router(table) !== null,
      refuses: (body) => inTheWay(body, of),
      instead: (at) => `skip up to ${at - 1} at most, and let the pipeline pass that record`,
    },
  );
}

function inTheWay(body: RecordBody, { pipeline, suspended }: Moved): string | null {
  if (body.kind === 'routes') {
    const [table] = without(suspendedOf(body, pipeline), suspended);
    return table ? `where ${tableName(table)} is suspended` : null;
  }
  const isSeed = body.kind === 'seed' || body.kind === 'chunk';
  return isSeed && body.pipelines.includes(pipeline.uid) ? `a ${body.kind} record of ${body.database}.${body.table}` : null;
}

/**
 * Tables that left a pipeline and come in again. Pure. Counter-example without it: t leaves, a row is inserted, t comes in again, and the
 * loader goes on where it stands: what was only inserted meanwhile is missing for good, and no later change of it tells.
 */
import { pipelineRoutes } from '@lutra/model';
import type { PipelineInput } from '@lutra/model';
import type { Problem } from '../configuration/problem.js';
import { takenBy } from './flow.js';
import { findTable } from './table-set.js';
import type { TablePattern, TableSet } from './table-set.js';

/** Patterns of a pipeline that a change of its routes takes away. */
export function leaving(before: PipelineInput, after: PipelineInput): readonly TablePattern[] {
  const now = setsOf(after);
  return setsOf(before).flatMap((old) => {
    const same = now.find((set) => isSame(set, old));
    return same ? excludedSince(old, same) : [{ schema: old.schema, table: old.table }];
  });
}

/**
 * Of a route that is there as before, what it excludes that it did not. A pattern more of it than that may be named: what is replicated all
 * the same comes in by no change.
 */
function excludedSince(old: TableSet, { unless = [] }: TableSet): readonly TablePattern[] {
  return unless
    .filter((pattern) => findTable([old, pattern], old.unless) !== null)
    .map(({ schema, table }) => ({ schema: schema === '*' ? old.schema : schema, table: table === '*' ? old.table : table }));
}

/** @param left what has left the pipeline before */
export function comingBack(id: string, left: readonly TablePattern[], before: PipelineInput, after: PipelineInput): readonly Problem[] {
  const replicated = setsOf(before);
  const tables = setsOf(after).flatMap((set) => left.flatMap((old) => findTable([set, old], [...replicated, ...(set.unless ?? [])]) ?? []));
  return [...new Set(tables)].map((table) => ({
    id: 'table-removed',
    severity: 'error',
    what: `${table} was replicated by pipeline ${id} before and left it: what was done to it meanwhile is in no topic`,
    fix: 'Seed the table anew at the target while nobody writes to it (docs/02-setup.md, Tables that come and go), and say ?force=true.',
    table,
  }));
}

function setsOf(pipeline: PipelineInput): readonly TableSet[] {
  return pipelineRoutes(pipeline).map(takenBy);
}

function isSame(one: TablePattern, other: TablePattern): boolean {
  return one.schema === other.schema && one.table === other.table;
}

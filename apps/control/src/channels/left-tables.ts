/**
 * Tables that left a pipeline and come in again. Pure. Counter-example without it: t leaves, a row is inserted, t comes in again, and the loader goes on
 * where it stands: what was only inserted meanwhile is missing for good, and no later change of it tells.
 */
import type { PipelineDocument } from '@lutra/model';
import type { Problem } from '../configuration/problem.js';
import { findTable } from './table-set.js';
import type { TablePattern } from './table-set.js';

/** Patterns of a pipeline that a change of its routes takes away. */
export function leaving(before: PipelineDocument, after: PipelineDocument): readonly TablePattern[] {
  return patternsOf(before).filter((pattern) => !includes(patternsOf(after), pattern));
}

/** @param left what has left the pipeline before */
export function comingBack(
  id: string,
  left: readonly TablePattern[],
  before: PipelineDocument,
  after: PipelineDocument,
): readonly Problem[] {
  const carried = patternsOf(before);
  const added = patternsOf(after).filter((pattern) => !includes(carried, pattern));
  const tables = added.flatMap((pattern) => left.flatMap((old) => findTable([pattern, old], carried) ?? []));
  return [...new Set(tables)].map((table) => ({
    id: 'table-left',
    severity: 'error',
    what: `${table} was carried by pipeline ${id} before and left it: what was done to it meanwhile is in no topic`,
    mend: 'Seed the table anew at the target while nobody writes to it (docs/02-setup.md, Tables that come and go), and say ?force=true.',
  }));
}

function patternsOf({ routes }: PipelineDocument): readonly TablePattern[] {
  return routes.map(({ schema, table }) => ({ schema, table }));
}

function includes(patterns: readonly TablePattern[], { schema, table }: TablePattern): boolean {
  return patterns.some((one) => one.schema === schema && one.table === table);
}

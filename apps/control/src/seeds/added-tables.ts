/** Which tables a change of a channel brings into a pipeline, and how an order of seeding names them. Pure. */
import { createRouter, pipelineRoutes, tableName } from '@lutra/model';
import type { PipelineInput, TableName } from '@lutra/model';
import type { FoundTable } from './seed-tables.js';

type Routed = Pick<PipelineInput, 'routes' | 'exclude'>;

/** @param carried by the pipeline as it is to be; a table that arrives under another name than before is added too */
export function addedTables(before: Routed, carried: readonly FoundTable[]): readonly FoundTable[] {
  const router = createRouter(pipelineRoutes(before));
  return carried.filter(({ source, target }) => {
    const known = router(source);
    return known?.database !== target.database || known.name !== target.name;
  });
}

/**
 * The pattern of a route where all that it takes is added: so a table is copied too that is created before capture carries the order out.
 * Else each table by its name.
 */
export function patternsOf({ routes }: Routed, carried: readonly FoundTable[], added: readonly FoundTable[]): readonly string[] {
  const left = new Set(added.map(({ source }) => tableName(source)));
  const isAdded = new Set(left);
  const patterns: string[] = [];
  for (const { schema, table } of routes) {
    const matches = createRouter([{ schema, table }]);
    const taken = carried.filter(({ source }) => matches(source) !== null);
    const isNew = taken.length > 0 && taken.every(({ source }) => isAdded.has(tableName(source)));
    if (!isNew || [schema, table].some((part) => part.includes('.'))) continue;
    patterns.push(`${schema}.${table}`);
    for (const { source } of taken) left.delete(tableName(source));
  }
  return [...patterns, ...added.filter(({ source }) => left.has(tableName(source))).map(({ source }) => patternOfName(source))];
}

/** What a pattern cannot spell stands as any letter: the order takes what the pipeline carries of it. */
export function patternOfName({ database, name }: TableName): string {
  return [database, name].map((part) => part.replaceAll(/[.*]/g, '?')).join('.');
}

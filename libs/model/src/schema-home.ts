/** Which region is at home of a table's definition, and between which pipelines that can decide. Pure. */
import type { PipelineDocument } from './config.js';
import type { SchemaHome } from './ddl.js';
import { createRouter } from './route.js';
import type { TableName } from './route.js';
import { comesBack } from './suspension.js';

/** The region whose statements about a table of the target run everywhere; null: none is named. */
export function createHomeFinder(homes: readonly SchemaHome[], home: string | undefined): (target: TableName) => string | null {
  const compiled = homes.map(({ schema, table, region }) => ({ region, takes: createRouter([{ schema, table }]) }));
  return (target) => compiled.find(({ takes }) => takes(target) !== null)?.region ?? home ?? null;
}

type Ends = Pick<PipelineDocument, 'source' | 'target'>;

/**
 * Rows of a third endpoint come to the target past the source, or what comes back to the source takes another way than from the target.
 * Then the log of the source does not tell what a row had seen of the target's own schema changes, and none is applied by itself.
 */
export function isMesh({ source, target }: Ends, pipelines: readonly Ends[]): boolean {
  const goes = (from: string, to: string): boolean => pipelines.some((way) => way.source === from && way.target === to);
  if (!goes(target, source)) return comesBack({ source, target }, pipelines);
  return pipelines.some((other) => other.target === target && other.source !== source && goes(other.source, source));
}

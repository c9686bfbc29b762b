/** Which region is at home of a table's definition. Pure. */
import type { SchemaHome } from './ddl.js';
import { createRouter } from './route.js';
import type { TableName } from './route.js';

/** The region whose statements about a table of the target run everywhere; null: none is named. */
export function createHomeFinder(homes: readonly SchemaHome[], home: string | undefined): (target: TableName) => string | null {
  const compiled = homes.map(({ schema, table, region }) => ({ region, takes: createRouter([{ schema, table }]) }));
  return (target) => compiled.find(({ takes }) => takes(target) !== null)?.region ?? home ?? null;
}

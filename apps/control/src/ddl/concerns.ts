/** Whether a schema change is about tables of a pipeline. Pure. */
import type { DdlRecord, DdlRole, Router } from '@lutra/model';

const unchanged: ReadonlySet<DdlRole> = new Set(['like', 'references', 'union']);

/** Where nobody knows what it changes, it concerns each pipeline, or whoever carries a table that it names. */
export function concerns({ tables, doubt }: Pick<DdlRecord, 'tables' | 'doubt'>, router: Router): boolean {
  if (doubt !== null && tables.length === 0) return true;
  return tables
    .filter(({ role }) => doubt !== null || !unchanged.has(role))
    .some((table) => (table.name === '*' ? router.coversDatabase(table.database) : router(table) !== null));
}

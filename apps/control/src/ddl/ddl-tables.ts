/** Which tables of a pipeline a schema change is about. Pure. */
import type { DdlRecord, DdlTable, Router } from '@lutra/model';

/** Those whose definition or rows it may change: another one is only copied, referred to or read through. */
export function changedTables({ tables }: Pick<DdlRecord, 'tables'>): readonly DdlTable[] {
  return tables.filter(({ role }) => role !== 'like' && role !== 'references' && role !== 'union');
}

/** Where nobody knows which tables it changes, it concerns each pipeline. */
export function concerns(record: Pick<DdlRecord, 'tables' | 'doubt'>, router: Router): boolean {
  if (record.doubt !== null && record.tables.length === 0) return true;
  return changedTables(record).some((table) => (table.name === '*' ? router.coversDatabase(table.database) : router(table) !== null));
}

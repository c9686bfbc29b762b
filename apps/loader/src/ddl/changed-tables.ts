/** Which of the tables that a schema change names it changes. Pure. */
import type { DdlRecord, DdlRole, DdlTable } from '@lutra/model';

/** What is named so does not change, as far as the statement is understood. */
const unchanged: ReadonlySet<DdlRole> = new Set(['like', 'references', 'union']);

/** Where readings differ, each role may be wrong. */
export function changedTables({ tables, doubt }: Pick<DdlRecord, 'tables' | 'doubt'>): readonly DdlTable[] {
  return tables.filter(({ role }) => doubt !== null || !unchanged.has(role));
}

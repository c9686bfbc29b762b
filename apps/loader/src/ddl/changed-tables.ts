/** Which of the tables that a schema change names it changes. Pure. */
import type { DdlRecord, DdlRole, DdlTable } from '@lutra/model';

/** Tables that are only read, or referred to: they do not change, as far as the statement is understood. */
export const bystanders: ReadonlySet<DdlRole> = new Set(['like', 'references', 'union']);

/** Where readings differ, each role may be wrong. */
export function changedTables({ tables, doubt }: Pick<DdlRecord, 'tables' | 'doubt'>): readonly DdlTable[] {
  return tables.filter(({ role }) => doubt !== null || !bystanders.has(role));
}

/** What the text of a schema change says about running it once more. Pure. */
import { tableName } from '@lutra/model';
import type { DdlRecord } from '@lutra/model';

/** It was written so that it may be there. */
export function mayExist({ sql, tables }: DdlRecord): boolean {
  return /\bif\s+not\s+exists\b/i.test(sql.slice(0, Math.min(...tables.map(({ offset }) => offset))));
}

/**
 * Definitions are as they were: it did not run, or it changed nothing, or it does what it did once more. Counter-example for any RENAME:
 * two tables that are defined alike change their names, and back.
 */
export function isHarmlessAgain({ statement, clauses, tables }: DdlRecord): boolean {
  const from = tables.filter(({ role }) => role === 'from').map(tableName);
  if (tables.some((table) => table.role === 'to' && from.includes(tableName(table)))) return false;
  return clauses !== null || /^(?:TRUNCATE TABLE|(?:CREATE|DROP) (?:TABLE|INDEX|DATABASE)|ALTER DATABASE|RENAME TABLE)$/.test(statement);
}

/** What a record says of itself: what it is known by, and whether it may run once more. Pure. */
import { tableName } from '@lutra/model';
import type { DdlRecord } from '@lutra/model';

/** Of MySQL, with a tag or without; of MariaDB. Where a source has none, the id of a record is a place in its binlog. */
export const isGtid = /^(?:[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}(?::\w+)?:\d+|\d+-\d+-\d+)$/i;

/**
 * A GTID, or a place in a file, is used again where a source was restored from a backup, or began its binlogs anew. Counter-example for the
 * id alone: the statement that has it then is taken for the one that ran. The second that it ran in is the same wherever it is read.
 */
export function recordKey({ id, session }: DdlRecord): string {
  return `${id}@${Math.floor(session.timestampUs / 1e6)}`;
}

/** It was written so that it may be there. */
export function mayExist({ sql, tables }: Pick<DdlRecord, 'sql' | 'tables'>): boolean {
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

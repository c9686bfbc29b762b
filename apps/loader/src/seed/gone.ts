/** Whether a schema change of the source takes a table away: what is under its name behind it comes by the log. Pure. */
import type { DdlRecord, TableName } from '@lutra/model';

export function isGoneBy(
  { statement, doubt, tables }: Pick<DdlRecord, 'statement' | 'doubt' | 'tables'>,
  { database, name }: TableName,
): boolean {
  if (doubt !== null) return false;
  const isRenamed = statement === 'RENAME TABLE' || (statement === 'ALTER TABLE' && tables.some(({ role }) => role === 'to'));
  return tables.some((one) => {
    if (one.database !== database) return false;
    if (statement === 'DROP DATABASE') return one.role === 'database';
    return (
      one.name === name && ((one.role === 'subject' && statement === 'DROP TABLE') || (isRenamed && /^(?:from|subject)$/.test(one.role)))
    );
  });
}

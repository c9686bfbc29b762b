/**
 * What a CREATE TABLE, or an ALTER TABLE … CHARACTER SET DEFAULT, may leave open: the collation of its table, which is then the default of
 * its database. Neither text nor event tell it, so the source is asked. docs/decisions/0034-ddl.md.
 */
import { keyword, outermost, sqlTokens } from '@lutra/binlog';
import type { SourceConnection } from '@lutra/binlog';
import type { DdlTable, StatementReading, TableName } from '@lutra/model';
import { quoteText, Session } from '@lutra/mysql';

/** Id of the collation that a table got; null: neither it nor its database is there any more. @throws SyncError SOURCE_* */
export type AskCollation = (source: SourceConnection, table: TableName) => Promise<number | null>;

interface Created {
  readonly statement: string;
  readonly tables: readonly DdlTable[];
  readonly reading: StatementReading;
}

/** The table whose collation its text does not tell; null: it tells it, or the statement gives it none. Pure. */
export function leftOpen({ statement, tables, reading }: Created): TableName | null {
  const [subject] = tables;
  if (subject?.role !== 'subject' || tables.some(({ role }) => role === 'like')) return null;
  const named = collationsOf(reading);
  const isOpen = /^CREATE (?:OR REPLACE )?TABLE$/.test(statement)
    ? named.every((name) => name === 'DEFAULT')
    : statement === 'ALTER TABLE' && named.includes('DEFAULT');
  return isOpen ? { database: subject.database, name: subject.name } : null;
}

/** What stands outside of parentheses for a character set or a collation. DEFAULT is that of the database. */
function collationsOf(reading: StatementReading): readonly string[] {
  const words = outermost([...sqlTokens(reading.text, reading)])
    .map((token) => (token === null ? '' : keyword(token) || token.kind))
    .filter((word) => word !== '=');
  const isBefore = (word: string, i: number): boolean =>
    word === 'CHARSET' || word === 'COLLATE' || (word === 'SET' && words[i - 1] === 'CHARACTER');
  return words.flatMap((word, i) => (isBefore(word, i) ? [words[i + 1] ?? ''] : []));
}

/**
 * The table's own, as far as it is there still: it stays when somebody alters the database. Counter-example with that of the database
 * alone: ALTER DATABASE comes before we ask, and the statement holds for a difference that there was not.
 */
export async function askCollation(source: SourceConnection, { database, name }: TableName): Promise<number | null> {
  const of = (column: string, from: string, where: string): string =>
    `(SELECT c.ID FROM information_schema.${from} t JOIN information_schema.COLLATIONS c ON c.COLLATION_NAME = t.${column} WHERE ${where} LIMIT 1)`;
  const table = `t.TABLE_SCHEMA = ${quoteText(database)} AND t.TABLE_NAME = ${quoteText(name)}`;
  const own = of('TABLE_COLLATION', 'TABLES', table);
  const all = of('DEFAULT_COLLATION_NAME', 'SCHEMATA', `t.SCHEMA_NAME = ${quoteText(database)}`);
  const session = await Session.open(source, 'source');
  try {
    const [row] = await session.query(`SELECT COALESCE(${own}, ${all}) AS id`);
    return row?.['id'] === null || row?.['id'] === undefined ? null : Number(row['id']);
  } finally {
    await session.close();
  }
}

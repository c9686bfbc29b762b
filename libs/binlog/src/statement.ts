/**
 * What a query event means. Only what the server itself writes as BEGIN, COMMIT and so on is taken as that; a statement that changes
 * rows can never pass for DDL, whatever comment stands before it.
 */
import { ByteReader } from './byte-reader.js';
import type { BinlogEvent } from './event.js';
import { readStatusVariables } from './status-variables.js';
import type { StatusVariables } from './status-variables.js';

export interface QueryEvent {
  readonly database: string;
  readonly sql: string;
  /** The statement as the client sent it, in the character set of `status.charset.client`. */
  readonly bytes: Buffer;
  readonly status: StatusVariables;
}

/** The text is read as UTF-8, for logs and people; a client that spoke another character set may show replaced characters. */
export function readQueryEvent(event: BinlogEvent, flavor: 'mysql' | 'mariadb'): QueryEvent {
  const reader = new ByteReader(event.body);
  reader.skip(8); // thread id, execution time
  const databaseBytes = reader.u8();
  reader.skip(2); // error code
  const status = readStatusVariables(reader.take(reader.u16()), flavor);
  const database = reader.utf8(databaseBytes);
  reader.skip(1);
  const bytes = reader.rest();
  return { database, sql: bytes.toString('utf8'), bytes, status };
}

export type StatementKind =
  | 'begin'
  | 'commit'
  | 'rollback'
  /** SAVEPOINT, RELEASE SAVEPOINT: change nothing. */
  | 'savepoint'
  /** CREATE or DROP TEMPORARY TABLE: no rows of it are ever logged. */
  | 'temporary'
  /** The CREATE TABLE of a CREATE TABLE … SELECT, whose rows follow in the same transaction. */
  | 'create-select'
  /** Changes rows, or might. */
  | 'change'
  | 'other';

export interface Statement {
  readonly kind: StatementKind;
  /** First word, for messages; never more of the text, which may hold values. */
  readonly keyword: string;
}

const changes = new Set(
  ['INSERT', 'UPDATE', 'DELETE', 'REPLACE', 'LOAD', 'WITH', 'CALL', 'DO', 'SELECT', 'TABLE', 'VALUES', 'XA', 'BINLOG', 'HANDLER'].concat(
    // as texts of their own these come from MySQL's control of transactions that we do not follow
    ['ROLLBACK', 'COMMIT', 'BEGIN', 'START', 'EXECUTE'],
  ),
);

export function classify(sql: string): Statement {
  const text = sql.trim();
  const words = firstWords(text);
  // ROLLBACK TO undoes rows that came before it
  const keyword = words.slice(0, words[0] === 'ROLLBACK' && words[1] === 'TO' ? 2 : 1).join(' ');
  return { keyword, kind: kindOf(text, words) };
}

function kindOf(text: string, [first = '', second = '', third = '']: readonly string[]): StatementKind {
  const control = /^(BEGIN|COMMIT|ROLLBACK)$/i.exec(text)?.[1]?.toLowerCase();
  if (control !== undefined) return control as 'begin' | 'commit' | 'rollback';
  if (first === 'SAVEPOINT' || (first === 'RELEASE' && second === 'SAVEPOINT')) return 'savepoint';
  if ((first === 'CREATE' || first === 'DROP') && second === 'TEMPORARY' && third === 'TABLE') return 'temporary';
  if (first === 'CREATE' && /\bSTART\s+TRANSACTION\s*$/i.test(text)) return 'create-select';
  // MariaDB's SET STATEMENT … FOR runs any statement
  if (first === 'SET' && second === 'STATEMENT') return 'change';
  return changes.has(first) || first === '' ? 'change' : 'other';
}

/** Up to three words in upper case, without the comments before and between them. `/*!50000 INSERT` is an INSERT: the server runs it. */
function firstWords(text: string): string[] {
  const words: string[] = [];
  let rest = text;
  while (words.length < 3) {
    const skipped = rest.replace(/^(?:\s+|\/\*M?!\d*|\*\/|\/\*(?!M?!)[\s\S]*?\*\/|--\s[^\n]*(?:\n|$)|#[^\n]*(?:\n|$)|\()+/, '');
    const word = /^[A-Za-z_]+/.exec(skipped)?.[0];
    if (word === undefined) break;
    words.push(word.toUpperCase());
    rest = skipped.slice(word.length);
  }
  return words;
}

/**
 * What a query event means. Only what the server itself writes as BEGIN, COMMIT and so on is taken as that; a statement that changes
 * rows can never pass for DDL, whatever comment stands before it or amid its words.
 */
import { ByteReader } from '@lutra/bytes';
import type { TableName } from '@lutra/model';
import type { BinlogEvent } from './event.js';
import { eventType } from './event-types.js';
import { sqlTokens } from './sql-tokens.js';
import { readStatusVariables } from './status-variables.js';
import type { StatusVariables } from './status-variables.js';
import { xaStatement } from './xa.js';
import type { XaStatement } from './xa.js';

export interface QueryEvent {
  readonly database: string;
  /** The statement as the client sent it, in the character set of `status.charset.client`. */
  readonly bytes: Buffer;
  readonly status: StatusVariables;
  /** s since 1970: when the statement began. */
  readonly timestamp: number;
  /** Its session used temporary tables for it, or something else that is its own. */
  readonly isOfThread: boolean;
  /** 0: it succeeded. */
  readonly errorCode: number;
}

/** In the header of an event. */
const threadFlag = 0x04;

export function readQueryEvent(event: BinlogEvent, flavor: 'mysql' | 'mariadb'): QueryEvent {
  const reader = new ByteReader(event.body);
  reader.skip(8); // thread id, execution time
  const databaseBytes = reader.u8();
  const errorCode = reader.u16();
  const statusBytes = reader.u16();
  if (event.type === eventType.executeLoadQuery) reader.skip(13); // which file was sent before, and where the text has its name
  const status = readStatusVariables(reader.take(statusBytes), flavor);
  const database = reader.utf8(databaseBytes);
  reader.skip(1);
  return { database, bytes: reader.rest(), status, timestamp: event.timestamp, isOfThread: (event.flags & threadFlag) !== 0, errorCode };
}

export type StatementKind =
  | 'begin'
  | 'commit'
  | 'rollback'
  /** SAVEPOINT, RELEASE SAVEPOINT: change nothing. */
  | 'savepoint'
  /** CREATE or DROP TEMPORARY TABLE: no rows of it are ever logged. */
  | 'temporary'
  /** Amid a transaction it is the first half of a CREATE TABLE … SELECT, whose rows follow. */
  | 'create-table'
  /** Of an XA transaction, as the server itself writes it. */
  | XaStatement['kind']
  /** A change of rows, told as a statement. */
  | 'rows'
  /** Changes rows, or might. */
  | 'change'
  | 'other';

export interface Statement {
  readonly kind: StatementKind;
  /** First word, for messages; never more of the text, which may hold values. */
  readonly keyword: string;
  /** Of an XA transaction only. */
  readonly xid?: string;
}

/** Statements that a session in STATEMENT mode leaves in the binlog. SELECT calls a function. */
const rowChanges = new Set(['INSERT', 'UPDATE', 'DELETE', 'REPLACE', 'LOAD', 'WITH', 'SELECT']);

const changes = new Set(
  ['CALL', 'DO', 'TABLE', 'VALUES', 'XA', 'BINLOG', 'HANDLER'].concat(
    // as texts of their own these come from MySQL's control of transactions that we do not follow
    ['ROLLBACK', 'COMMIT', 'BEGIN', 'START', 'EXECUTE'],
  ),
);

/** What is between these words says nothing about the kind. */
const modifiers = new Set(['OR', 'REPLACE']);
const controls = { BEGIN: 'begin', COMMIT: 'commit', ROLLBACK: 'rollback' } as const;

/**
 * MySQL 8.0 writes these words, and lists no database, when a restarted server empties a MEMORY table; no trigger is fired. Null: it is
 * anything else.
 */
export function emptiedTable({ bytes, status }: QueryEvent): TableName | null {
  const isOwn = status.databases === undefined && status.unknown === null;
  const found = isOwn ? /^DELETE FROM `([^`]+)`\.`([^`]+)`$/.exec(bytes.toString('utf8')) : null;
  return found && { database: found[1]!, name: found[2]! };
}

/** @param sql in any character set, byte by byte: only its first words count, and those are ASCII */
export function classify(sql: string, flavor: 'mysql' | 'mariadb'): Statement {
  const text = sql.trim();
  const control = text.length < 10 ? controls[text.toUpperCase() as keyof typeof controls] : undefined;
  if (control !== undefined) return { keyword: text.toUpperCase(), kind: control };
  const xa = xaStatement(text);
  if (xa) return { keyword: 'XA', ...xa };
  const words = firstWords(sql, flavor);
  // ROLLBACK TO undoes rows that came before it
  const keyword = words.slice(0, words[0] === 'ROLLBACK' && words[1] === 'TO' ? 2 : 1).join(' ');
  return { keyword, kind: kindOf(words) };
}

function kindOf([first = '', ...others]: readonly string[]): StatementKind {
  const [second = '', third = ''] = first === 'CREATE' ? others.filter((word) => !modifiers.has(word)) : others;
  if (first === 'SAVEPOINT' || (first === 'RELEASE' && second === 'SAVEPOINT')) return 'savepoint';
  if ((first === 'CREATE' || first === 'DROP') && second === 'TEMPORARY' && /^TABLES?$/.test(third)) return 'temporary';
  if (first === 'CREATE' && second === 'TABLE') return 'create-table';
  // MariaDB's ANALYZE runs any statement, if no table is to be analysed
  if (first === 'ANALYZE' && !/^(?:TABLES?|LOCAL|NO_WRITE_TO_BINLOG)$/.test(second)) return 'change';
  if (rowChanges.has(first)) return 'rows';
  return changes.has(first) || first === '' ? 'change' : 'other';
}

/** Up to five words in upper case, those of the statement that is run: behind parentheses, and behind MariaDB's SET STATEMENT … FOR. */
function firstWords(sql: string, flavor: 'mysql' | 'mariadb'): string[] {
  const words: string[] = [];
  const mode = { ansiQuotes: false, noBackslashEscapes: false, singleByte: true, flavor };
  let depth = 0;
  for (const { kind, text } of sqlTokens(sql, mode)) {
    if (kind === 'mark' && (text === '(' || text === ')')) {
      depth += text === '(' ? 1 : -1;
      continue;
    }
    const word = kind === 'word' ? text.toUpperCase() : null;
    if (words[0] === 'SET' && words[1] === 'STATEMENT') {
      if (word === 'FOR' && depth === 0) words.length = 0;
      else if (kind === 'broken') break;
      continue;
    }
    if (word === null || words.push(word) === 5) break;
  }
  // nobody knows what it runs
  return words[0] === 'SET' && words[1] === 'STATEMENT' ? [] : words;
}

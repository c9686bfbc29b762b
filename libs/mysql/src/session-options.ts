/** How we connect, and what a session is: every setting on which a literal or a lock depends. */
import { loginOptions, SyncError } from '@lutra/model';
import type { ServerLogin } from '@lutra/model';
import mysql from 'mysql2';

export interface ConnectionOptions extends ServerLogin {
  readonly user: string;
  readonly password: string;
  /** Default 10 s. */
  readonly connectTimeoutMs?: number;
  /** How long the answer to one text may take; default 5 minutes. */
  readonly answerTimeoutMs?: number;
  /** False for safe mode alone: safe-plan.ts says why. Default true. */
  readonly foreignKeyChecks?: boolean;
}

/** Doubles are numbers, exactly; whole numbers of BIGINT and decimals are digits, temporal values text, binary values Buffers. */
export type ResultRow = Readonly<Record<string, string | number | bigint | Buffer | null>>;

/** What one statement of a text gave. */
export interface Result {
  /** None if it reads none. */
  readonly rows: readonly ResultRow[];
  /** How many rows it inserted, found to update, or deleted. */
  readonly matched: number;
}

/** Anything that metadata can be read through. */
export interface Queries {
  /** The rows of one statement. */
  query(sql: string): Promise<readonly ResultRow[]>;
}

/** Where an answer is far away. */
export interface BatchQueries extends Queries {
  /** The rows of each statement, in as few round trips as the size of a text allows. */
  queries(statements: readonly string[]): Promise<readonly (readonly ResultRow[])[]>;
}

/** The rows of each, in one round trip where that is possible. */
export async function askAll(of: Queries | BatchQueries, statements: readonly string[]): Promise<readonly (readonly ResultRow[])[]> {
  if ('queries' in of) return of.queries(statements);
  const found: (readonly ResultRow[])[] = [];
  for (const statement of statements) found.push(await of.query(statement));
  return found;
}

/**
 * Of those that a source's session has its own of (source-session.ts). MySQL has no check_constraint_checks, so it is said only where it
 * was changed.
 */
const own: Readonly<Record<string, string>> = {
  time_zone: "'+00:00'",
  sql_mode: "'STRICT_ALL_TABLES,ALLOW_INVALID_DATES,NO_AUTO_VALUE_ON_ZERO,NO_ENGINE_SUBSTITUTION'",
  lc_time_names: "'en_US'",
  foreign_key_checks: '1',
  check_constraint_checks: '1',
};

/**
 * Makes these settings ours again. collation_connection is the one of SET NAMES; until then '…' is read in the source's character set,
 * which may be UTF-16.
 */
export function ownSession(names: readonly string[]): string {
  const values = names.filter((name) => own[name] !== undefined).map((name) => `SESSION ${name} = ${own[name]?.replace(/^'/, "_latin1'")}`);
  return `SET ${[...(names.includes('collation_connection') ? ['NAMES utf8mb4'] : []), ...values].join(', ')}`;
}

/** Every setting on which a literal or a lock depends is said here, whatever the server's defaults are. */
const settings = [
  ...['time_zone', 'sql_mode', 'lc_time_names'].map((name) => `${name} = ${own[name]}`),
  'autocommit = 1',
  'completion_type = NO_CHAIN',
  // What the server would hide: rows of an answer, quotes of names, a primary key that it made itself.
  'sql_select_limit = 18446744073709551615',
  'sql_big_selects = 1',
  'sql_quote_show_create = 1',
  '/*!80030 show_gipk_in_create_table_and_information_schema = ON, */ @lutra_apply = 1',
  'sql_safe_updates = 0',
  'unique_checks = 1',
  'lock_wait_timeout = 5',
  'innodb_lock_wait_timeout = 3',
];

/** A frozen loader's locks go away when the server gives its connection up. A live one pings more often. */
const waitTimeoutS = 8;
export const pingMs = 2500;

/** The first text of a session; its last statement says how large a text may be. */
export function setUpText({ foreignKeyChecks = true }: Pick<ConnectionOptions, 'foreignKeyChecks'>): string {
  return [
    'SET NAMES utf8mb4',
    `SET SESSION ${settings.join(', ')}, foreign_key_checks = ${foreignKeyChecks ? 1 : 0}, wait_timeout = ${waitTimeoutS}`,
    'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED',
    'SELECT @@max_allowed_packet AS packet',
  ].join('; ');
}

export function driverOptions(options: ConnectionOptions): mysql.ConnectionOptions {
  const { host, port, user, password, connectTimeoutMs = 10_000 } = options;
  const { flags, ...login } = loginOptions(options, mysql.authPlugins);
  return {
    host,
    port,
    user,
    password,
    ...login,
    connectTimeout: connectTimeoutMs,
    charset: 'utf8mb4',
    flags: ['FOUND_ROWS', '-IGNORE_SPACE', ...flags],
    multipleStatements: true,
    supportBigNumbers: true,
    bigNumberStrings: true,
    dateStrings: true,
    jsonStrings: true,
    typeCast,
    queryFormat: (sql) => sql, // texts are whole: nothing in them is a placeholder
  };
}

type FieldType = Parameters<Extract<mysql.TypeCast, (...args: never) => unknown>>[0]['type'];

/**
 * Who reads a field of an answer. The driver's own reading of a DOUBLE is a neighbour of it now and then, and of a geometry it makes an
 * object without its SRID. A FLOAT should be asked for as `f * 1e0`: it is printed in 6 digits. `none`: types inside of a server, which no
 * answer has.
 */
const readers: Readonly<Record<FieldType, 'driver' | 'number' | 'bytes' | 'none'>> = {
  DECIMAL: 'driver',
  TINY: 'driver',
  SHORT: 'driver',
  LONG: 'driver',
  FLOAT: 'number',
  DOUBLE: 'number',
  NULL: 'driver',
  TIMESTAMP: 'driver',
  TIMESTAMP2: 'none',
  LONGLONG: 'driver',
  INT24: 'driver',
  DATE: 'driver',
  TIME: 'driver',
  TIME2: 'none',
  DATETIME: 'driver',
  DATETIME2: 'none',
  YEAR: 'driver',
  NEWDATE: 'none',
  VARCHAR: 'driver',
  BIT: 'driver',
  VECTOR: 'bytes',
  JSON: 'driver',
  NEWDECIMAL: 'driver',
  ENUM: 'driver',
  SET: 'driver',
  TINY_BLOB: 'driver',
  MEDIUM_BLOB: 'driver',
  LONG_BLOB: 'driver',
  BLOB: 'driver',
  VAR_STRING: 'driver',
  STRING: 'driver',
  GEOMETRY: 'bytes',
};

/** The driver would make some text of a type that is not known, and every row would look changed. @throws SyncError COLUMN_UNSUPPORTED */
const typeCast: mysql.TypeCast = (field, next) => {
  const reader: (typeof readers)[FieldType] | undefined = readers[field.type];
  switch (reader) {
    case 'driver':
      return next();
    case 'bytes':
      return field.buffer();
    case 'number': {
      const text = field.string();
      return text === null ? null : Number(text);
    }
    case 'none':
    case undefined: {
      const { db: database, table, name: column } = field;
      const what = `the server answers with a type that is not known (${field.type ?? 'without a name'})`;
      throw new SyncError('COLUMN_UNSUPPORTED', `${database}.${table}, column ${column}: ${what}`, {
        details: { database, table, column },
      });
    }
  }
};

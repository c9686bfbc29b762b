/**
 * The session of a transaction, from the status variables of its BEGIN. What is not said there has the server's default: MySQL leaves the
 * time zone out where the transaction's first statement did not use it, and MariaDB, which begins a transaction by its GTID, says nothing
 * at all.
 */
import { SyncError, systemOffsetsQuery, systemZone } from '@lutra/model';
import type { SourceSession } from '@lutra/model';
import type { RowDataPacket } from 'mysql2/promise';
import type { Query } from './connection.js';
import type { StatusVariables } from './status-variables.js';

export interface SessionDefaults {
  readonly session: SourceSession;
  /** What time_zone = 'SYSTEM' is on this server; see systemZone(). */
  readonly systemZone: string;
}

export async function readSessionDefaults(query: Query): Promise<SessionDefaults> {
  const [offsets] = await query(systemOffsetsQuery());
  const system = systemZone(text(offsets, 'offsets'));
  const [row] = await query('SELECT @@GLOBAL.time_zone AS zone, @@GLOBAL.sql_mode AS mode');
  const timeZone = text(row, 'zone');
  const session = { sqlMode: bitsOf(text(row, 'mode')), timeZone: named(timeZone, system), lcTimeNames: 0, collation: utf8mb4GeneralCi };
  return { session, systemZone: system };
}

const utf8mb4GeneralCi = 45;

/** Those that both flavours have, and that change what an expression gives. */
const modes: Readonly<Record<string, number>> = {
  NO_UNSIGNED_SUBTRACTION: 2 ** 6,
  NO_BACKSLASH_ESCAPES: 2 ** 20,
  STRICT_TRANS_TABLES: 2 ** 21,
  STRICT_ALL_TABLES: 2 ** 22,
  NO_ZERO_IN_DATE: 2 ** 23,
  NO_ZERO_DATE: 2 ** 24,
  ALLOW_INVALID_DATES: 2 ** 25,
  ERROR_FOR_DIVISION_BY_ZERO: 2 ** 26,
  PAD_CHAR_TO_FULL_LENGTH: 2 ** 31,
};

function bitsOf(names: string): number {
  return names.split(',').reduce((bits, name) => bits + (modes[name] ?? 0), 0);
}

/** Servers write what is new behind what is old: with this one, all that we read has been read. @throws SyncError BINLOG_UNSUPPORTED */
export function sessionOf(status: StatusVariables, { session, systemZone: system }: SessionDefaults): SourceSession {
  if (status.unknown !== null && status.defaultCollationForUtf8mb4 === undefined) {
    throw new SyncError(
      'BINLOG_UNSUPPORTED',
      `the binlog holds a BEGIN with a status variable that Lutra does not know (${status.unknown})`,
    );
  }
  return {
    sqlMode: status.sqlMode === undefined ? session.sqlMode : Number(status.sqlMode),
    timeZone: status.timeZone === undefined ? session.timeZone : named(status.timeZone, system),
    lcTimeNames: status.lcTimeNames ?? 0,
    collation: status.charset?.connection ?? session.collation,
  };
}

/** With the server's own zone in the place of SYSTEM, which is another one on another server. */
export function named(zone: string, system: string): string {
  return zone === 'SYSTEM' ? system : zone;
}

function text(row: RowDataPacket | undefined, column: string): string {
  const value = row?.[column] as Buffer | string | undefined;
  return value?.toString() ?? '';
}

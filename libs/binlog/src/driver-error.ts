/**
 * Errors of the driver as SyncErrors, by their number or code. One exception: 1236 ("fatal error while reading the binlog") stands for a
 * dozen causes that the server tells apart by text alone, always in English.
 */
import { refusedLogin, serverErrors, SyncError, tlsFault, tlsTexts } from '@lutra/model';
import type { ErrorCode } from '@lutra/model';

/** What mysql2 puts on its errors. */
interface DriverError extends Error {
  readonly code?: string;
  readonly errno?: number;
  readonly sqlState?: string;
}

const readingBinlog = 1236;

const { unavailable, loginRefused, privilegeMissing } = serverErrors;

const byNumber: ReadonlyMap<number, ErrorCode> = new Map<number, ErrorCode>([
  ...[...loginRefused, ...privilegeMissing].map((errno) => [errno, 'SOURCE_DENIED'] as const),
  ...unavailable.map((errno) => [errno, 'SOURCE_UNAVAILABLE'] as const),
  [1105, 'SOURCE_UNAVAILABLE'], // the dump's network errors
  [1772, 'CONFIG_INVALID'], // not a GTID set
  [1789, 'SOURCE_PURGED'],
  [1945, 'SOURCE_PURGED'], // MariaDB: the GTID is not in the binlog
  [1955, 'SOURCE_BEHIND'], // MariaDB: the GTID is beyond the binlog
]);

/** Texts of 1236, in lower case. */
const readingCauses: readonly (readonly [RegExp, ErrorCode])[] = [
  [/same server_uuid\/server_id/, 'SERVER_ID_TAKEN'],
  [/purged required binary logs|could not find first log file|could not find gtid state requested/, 'SOURCE_PURGED'],
  [/more gtids than|position > file size|which is not in the (?:master|primary)'s binlog/, 'SOURCE_BEHIND'],
  [/binary log is not open|gtid_mode|server_id is 0|checksum that (?:master|source)/, 'SOURCE_SETTINGS'],
  // files taken away under the dump, by RESET: on the next connect the start position tells what became of it
  [/could not find next log|i\/o error reading log event|could not open log file/, 'SOURCE_UNAVAILABLE'],
];

export function toSourceError(error: unknown): SyncError {
  const known = error instanceof SyncError ? error : refusedLogin(error);
  if (known) return known;
  if (!(error instanceof Error)) return new SyncError('INTERNAL', String(error));
  const { errno = 0, code = '' } = error as DriverError;
  const details = { errno: errno > 0 ? errno : undefined, driverCode: code === '' ? undefined : code };
  const fault = errno > 0 ? null : tlsFault({ code, message: error.message });
  if (fault) {
    const { what, help } = tlsTexts[fault];
    return new SyncError(codeOf(error), `source: ${what}. ${help}`, { cause: error, details: { ...details, tls: fault } });
  }
  return new SyncError(codeOf(error), `source: ${error.message}`, { cause: error, details });
}

function codeOf({ errno = 0, code = '', message, sqlState }: DriverError): ErrorCode {
  if (errno === readingBinlog) {
    return readingCauses.find(([pattern]) => pattern.test(message.toLowerCase()))?.[1] ?? 'BINLOG_DECODE';
  }
  const known = byNumber.get(errno);
  if (known !== undefined) return known;
  if (code === 'AUTH_SWITCH_PLUGIN_ERROR') return 'SOURCE_DENIED';
  if (code === 'HANDSHAKE_NO_SSL_SUPPORT') return 'SOURCE_SETTINGS'; // as at the target
  // an answer of the server that we do not know; anything else with a code comes from the network, TLS or the protocol
  if (sqlState !== undefined || code === '') return 'INTERNAL';
  return 'SOURCE_UNAVAILABLE';
}

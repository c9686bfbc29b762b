/**
 * The driver's and the server's errors as ours, by number and never by message text. A server's message may hold values of rows
 * (1062 "Duplicate entry 'alice@…' for key …", 1366 "Incorrect string value: …"): only messages that name nothing but tables,
 * columns, users and settings are passed on, and the driver's error, which carries the whole SQL text, is never kept as cause.
 */
import { refusedLogin, serverErrors, SyncError, tlsFault, tlsTexts } from '@lutra/model';
import type { ErrorCode, ErrorDetails } from '@lutra/model';

export type Side = 'source' | 'target';

interface ServerError {
  readonly code: string;
  readonly errno: number | undefined;
  readonly sqlState: string | undefined;
  readonly message: string;
}

const { unavailable, readOnly, missingTable, full } = serverErrors as Readonly<Record<keyof typeof serverErrors, readonly number[]>>;
const denied: readonly number[] = [...serverErrors.loginRefused, ...serverErrors.privilegeMissing];
/** Larger than max_allowed_packet or max_binlog_cache_size; a row that cannot be logged as the settings say. */
const settings = [1153, 1197, 1665, 1705];
const busy = [1020, 1180, 1205, 1206, 1213, 1637, 3058, 3101, 3572];
const taken = [1022, 1062, 1169, 1557, 1586, 1761, 1762];
/** 1216, 1217: the same for a user who may not see the other table. */
const parentMissing = [1216, 1452];
const childExists = [1217, 1451];
const conflict = [...taken, ...parentMissing, ...childExists];
const engine = [1785];
/** What a server has against the definition of a table: its columns, keys, collations, engine. */
const definitions = [1067, 1071, 1074, 1101, 1115, 1118, 1273, 1286, 1822, 1824, 3780];

/** Their messages name columns, settings or users, never values. */
const harmless = new Set([
  ...denied,
  ...readOnly,
  ...missingTable,
  ...engine,
  ...full,
  1048,
  1054,
  1121,
  1153,
  1197,
  1205,
  1213,
  1264,
  1364,
  1406,
  1451,
  1452,
  1665,
  1705,
  3819,
  4025,
  ...definitions,
]);

const networkCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EHOSTDOWN',
  'ENETDOWN',
  'EADDRNOTAVAIL',
  'ENOTFOUND',
  'EAI_AGAIN',
  'PROTOCOL_CONNECTION_LOST',
  'PROTOCOL_SEQUENCE_TIMEOUT',
  'PROTOCOL_ERROR',
  'PROTOCOL_UNEXPECTED_PACKET',
  'HANDSHAKE_SSL_ERROR', // a certificate that is not accepted, but also a connection lost meanwhile
  'ERR_STREAM_DESTROYED',
  'ERR_STREAM_WRITE_AFTER_END',
]);

/**
 * @param what what was being done, for the message: `apply to shop.orders`
 * @returns its own argument if that is a SyncError already
 */
export function translateError(error: unknown, what: string, side: Side, details: ErrorDetails = {}): SyncError {
  const refused = error instanceof SyncError ? error : refusedLogin(error);
  if (refused) return refused;
  const known = asServerError(error);
  if (known === null) return new SyncError('INTERNAL', `${what}: ${error instanceof Error ? error.name : typeof error}`, { details });
  const fault = known.errno === undefined ? tlsFault(known) : null;
  if (fault) {
    const text = tlsTexts[fault];
    return new SyncError(codeOf(known, side), `${what}: ${text.what}. ${text.help}`, { details: { ...details, side, tls: fault } });
  }
  const names = named(known);
  const facts = { ...details, side, errno: known.errno, sqlState: known.sqlState, driverCode: known.code, ...names };
  const where = ['key', 'column'].flatMap((kind) => (names[kind] === undefined ? [] : [`, ${kind} ${String(names[kind])}`])).join('');
  return new SyncError(codeOf(known, side), `${what}: ${describe(known)}${where}`, {
    details: facts,
    ...(known.errno !== undefined && { refused: { errno: known.errno } }),
  });
}

/** What is in the way of a ROW_CONFLICT's statement. */
export type ConflictKind = 'unique value taken' | 'parent missing' | 'child exists' | 'row missing';

/** @returns null for an error that is no ROW_CONFLICT of a server */
export function conflictKind({ code, refused: { errno, missing } }: SyncError): ConflictKind | null {
  if (code !== 'ROW_CONFLICT' || errno === undefined) return null;
  if (parentMissing.includes(errno)) return 'parent missing';
  if (childExists.includes(errno)) return 'child exists';
  return missing ? 'row missing' : 'unique value taken';
}

function codeOf({ errno, code, sqlState }: ServerError, side: Side): ErrorCode {
  const atSource = side === 'source';
  if (errno === undefined || sqlState === undefined) {
    if (code === 'AUTH_SWITCH_PLUGIN_ERROR') return atSource ? 'SOURCE_DENIED' : 'TARGET_DENIED';
    if (code === 'HANDSHAKE_NO_SSL_SUPPORT') return atSource ? 'SOURCE_SETTINGS' : 'TARGET_SETTINGS';
    return networkCodes.has(code) ? (atSource ? 'SOURCE_UNAVAILABLE' : 'TARGET_UNAVAILABLE') : 'INTERNAL';
  }
  if (!atSource && settings.includes(errno)) return 'TARGET_SETTINGS';
  if (unavailable.includes(errno) || sqlState.startsWith('08')) return atSource ? 'SOURCE_UNAVAILABLE' : 'TARGET_UNAVAILABLE';
  if (denied.includes(errno)) return atSource ? 'SOURCE_DENIED' : 'TARGET_DENIED';
  if (missingTable.includes(errno)) return 'TABLE_MISSING';
  if (errno === 1054) return 'COLUMN_MISSING';
  if (busy.includes(errno)) return atSource ? 'SOURCE_UNAVAILABLE' : 'TARGET_BUSY';
  if (atSource) return 'INTERNAL';
  if (readOnly.includes(errno)) return 'TARGET_READ_ONLY';
  if (full.includes(errno)) return 'TARGET_FULL';
  if (engine.includes(errno)) return 'ENGINE_UNSUPPORTED';
  return conflict.includes(errno) ? 'ROW_CONFLICT' : 'APPLY_REFUSED';
}

function describe({ code, errno, sqlState, message }: ServerError): string {
  if (errno === undefined || sqlState === undefined) return `${code}: ${message}`;
  // above, MySQL and MariaDB give one number to different errors, and the driver knows MySQL's names
  const number = `error ${errno} (${errno < 1900 ? `${sqlState}, ${code}` : sqlState})`;
  return harmless.has(errno) ? `${number}: ${message}` : number;
}

/** The names of key and column end their messages, whatever the value before them contains. */
function named({ errno, message }: ServerError): ErrorDetails {
  if (errno === 1062 || errno === 1586) return { key: /for key '([^']*)'$/.exec(message)?.[1] };
  if (errno === 1451 || errno === 1452) return { constraint: constraintOf(message) };
  if (errno === 1265 || errno === 1292 || errno === 1366) return { column: /for column (\S+) at row \d+$/.exec(message)?.[1] };
  return {};
}

/** "fk of shop.child (parent_id), which references parent (id)". */
function constraintOf(message: string): string | undefined {
  const found = /\((`.+`), CONSTRAINT (`(?:[^`]|``)+`) FOREIGN KEY (\(.+?\)) REFERENCES (`.+?` \(.+?\))/.exec(message);
  if (!found) return undefined;
  const [, child, name, columns, parent] = found.map((part) => part.replaceAll('`', ''));
  return `${name} of ${child} ${columns}, which references ${parent}`;
}

function asServerError(error: unknown): ServerError | null {
  if (!(error instanceof Error)) return null;
  const { code, errno, sqlState, sqlMessage } = error as Error & Record<'code' | 'errno' | 'sqlState' | 'sqlMessage', unknown>;
  if (typeof errno === 'number' && typeof sqlMessage === 'string') {
    const name = typeof code === 'string' ? code : 'unknown';
    return { code: name, errno, sqlState: typeof sqlState === 'string' ? sqlState : '', message: sqlMessage };
  }
  // an error packet that came while nothing was asked (the server shuts down, or has waited too long)
  if (typeof code === 'number') return { code: 'unasked', errno: code, sqlState: '', message: '' };
  return typeof code === 'string' ? { code, errno: undefined, sqlState: undefined, message: error.message } : null;
}

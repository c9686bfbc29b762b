/**
 * Whether a server still has the history that was read from it. GTIDs alone do not tell: after RESET, or a restore from an older backup, a
 * server gives the numbers of what it lost to new transactions, and once it has given as many, its gtid_executed holds all that was read.
 * Going on behind them would skip the new ones silently. But a server writes its files on and on: what was a position between two
 * transactions stays one, in a file that was made when it was.
 *
 * Neither is enough. Position: new transactions may be as long as the old ones. Time: it has whole seconds, and a file may be made anew
 * within one.
 */
import { fileNumber, SyncError } from '@lutra/model';
import type { FilePosition } from '@lutra/model';
import type { RowDataPacket } from 'mysql2/promise';
import type { Query } from './connection.js';
import { EventFraming } from './event.js';
import { eventType } from './event-types.js';
import { gtidContains } from './gtid.js';
import type { KnownPosition, SourceState } from './options.js';
import { fileStart } from './position-tracker.js';
import { shortDump } from './short-dump.js';
import type { ShortDumpOptions } from './short-dump.js';

/**
 * No event begins there: ER_ERROR_WHEN_EXECUTING_COMMAND, and ER_MALFORMED_GTID_SET_ENCODING where what lies there looks like an event with
 * a GTID set.
 */
const wrongOffsets: ReadonlySet<unknown> = new Set([1220, 1773]);
/** What can begin between two transactions, at the start of a file and at its end. */
const between = new Set(['Gtid', 'Gtid_tagged', 'Anonymous_Gtid', 'Rotate', 'Stop', 'Format_desc', 'Previous_gtids']);
/** An event says where it ends modulo this. */
const wrap = 2 ** 32;

/** What is asked of a source about its history. */
export interface HistorySource {
  readonly query: Query;
  readonly state: SourceState;
  /** When one of its binlog's files was made, in s since 1970. */
  fileCreated(file: string): Promise<number>;
}

/**
 * @throws SyncError SOURCE_BEHIND if this is the server of the position and its binlog is another one there, or if it is another one and no
 * GTIDs tell
 */
export async function checkHistory(source: HistorySource, known: KnownPosition): Promise<void> {
  const { query, state } = source;
  if (known.serverUuid !== state.serverUuid) {
    if (known.gtidSet === null) throw anotherServer(known, state);
    return;
  }
  const files = (await query('SHOW BINARY LOGS')).map((row) => ({ name: String(row['Log_name']), size: Number(row['File_size']) }));
  const file = files.find(({ name }) => name === known.file);
  if (file === undefined) {
    // Purged since: whether too much of it is gone, the GTIDs tell.
    if (fileNumber(known.file) < fileNumber(files[0]?.name ?? '')) return;
    throw rewritten(known, `it has no file ${known.file}`);
  }
  if (file.size < known.pos) throw rewritten(known, `${file.name} ends at ${file.size}`);
  await checkEvent(query, known);
  if (known.fileCreated === undefined) return;
  const created = await source.fileCreated(known.file);
  if (created !== known.fileCreated) throw rewritten(known, `the file was made at ${utc(created)}, not at ${utc(known.fileCreated)}`);
}

async function checkEvent(query: Query, known: KnownPosition): Promise<void> {
  const next = await eventAt(query, known);
  if (next === 'none begins') throw rewritten(known, 'no event begins there');
  if (next === 'end of file') return;
  if (!between.has(String(next['Event_type']))) throw rewritten(known, 'no transaction begins there');
  const gtid = /GTID_NEXT\s*=\s*'([^']+:\d+)'/.exec(String(next['Info']))?.[1];
  if (gtid !== undefined && known.gtidSet !== null && gtidContains(known.gtidSet, gtid))
    throw rewritten(known, 'a transaction that was read before begins there');
}

/** Whether a transaction can begin there: no event that is amid one. The file must be there. */
export async function isBetween(query: Query, position: FilePosition): Promise<boolean> {
  const next = await eventAt(query, position);
  return next === 'end of file' || (next !== 'none begins' && between.has(String(next['Event_type'])));
}

/**
 * A server is asked amid an event, too: MySQL 9.7 answers with another event, and 8.0.15 takes one offset in thirty for an event, which
 * ends anywhere but where it says.
 */
async function eventAt(query: Query, { file, pos }: FilePosition): Promise<RowDataPacket | 'none begins' | 'end of file'> {
  try {
    const [event, next] = await query(`SHOW BINLOG EVENTS IN ? FROM ${pos} LIMIT 2`, [file]);
    if (event === undefined) return 'end of file';
    const ends = Number(event['End_log_pos']) % wrap;
    return Number(event['Pos']) === pos && (next === undefined || Number(next['Pos']) % wrap === ends) ? event : 'none begins';
  } catch (error) {
    if (wrongOffsets.has((error as { errno?: unknown }).errno)) return 'none begins';
    throw error;
  }
}

/** Its format event, which comes first, says it. The server need not send more. */
export async function readFileCreated(options: Omit<ShortDumpOptions, 'bufferBytes'>, file: string): Promise<number> {
  const framing = new EventFraming();
  for await (const bytes of shortDump({ ...options, bufferBytes: 1 }, { file, pos: fileStart })) {
    const { type, timestamp } = framing.read(bytes);
    if (type === eventType.format) return timestamp;
  }
  throw new SyncError('BINLOG_DECODE', `${file} has no format event`);
}

/** Files and positions of two servers have nothing to do with each other, though they may look alike. */
function anotherServer({ serverUuid, file, pos }: KnownPosition, { serverUuid: now }: SourceState): SyncError {
  const message = `the log stands at ${file}:${pos} of server ${serverUuid}, and this is server ${now}: without GTIDs nobody can tell which place of it that is`;
  return new SyncError('SOURCE_BEHIND', message, { details: { file, pos } });
}

function rewritten({ file, pos }: KnownPosition, why: string): SyncError {
  const message = `the source has another history than the one that was read from it up to ${file}:${pos}: ${why}; it was reset, or restored from a backup`;
  return new SyncError('SOURCE_BEHIND', message, { details: { file, pos } });
}

function utc(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 19);
}

/**
 * The rows of a prepared XA transaction, read once more at its XA COMMIT by a dump of their own. Where they stand is known of one that was
 * prepared while we read. Of any other the binlog is searched backwards from the XA COMMIT, file by file: it is the last one prepared under
 * that xid, and no outcome of it stands between. Counter-example without the latter: an xid is used again by a session that writes no
 * binlog, and rows of the first use come twice.
 */
import { ByteReader } from '@lutra/bytes';
import { SyncError, toSyncError } from '@lutra/model';
import type { FilePosition, SourceItem } from '@lutra/model';
import { withConnection } from './connection.js';
import { EventFraming } from './event.js';
import type { BinlogEvent } from './event.js';
import { eventType } from './event-types.js';
import type { BinlogOptions, SourceState } from './options.js';
import { fileStart, isBefore, PositionTracker } from './position-tracker.js';
import { shortDump } from './short-dump.js';
import { readQueryEvent } from './statement.js';
import type { TransactionReader } from './transaction-reader.js';
import type { Elsewhere, ReadItem } from './transactions.js';
import { readXaPrepare, xaStatement } from './xa.js';

export interface PreparedSource {
  readonly options: BinlogOptions;
  readonly state: SourceState;
  readonly bufferBytes: number;
  /** A reader that gives out the rows of this XA transaction, which begins at the position. */
  reader(xid: string, start: FilePosition): TransactionReader;
}

/**
 * Its begin and its rows; what stands in their place as a statement, too: nobody may have judged it under the routes of now.
 * @throws SyncError XA_ROWS_MISSING, as readBinlog
 */
export async function* preparedRows(source: PreparedSource, item: Elsewhere): AsyncGenerator<SourceItem, void, void> {
  const { xid, begin } = item;
  const start = item.start ?? (await findPrepared(source, item));
  const reader = source.reader(xid, start);
  for await (const bytes of eventsFrom(source, start, item)) {
    for (const found of await readAt(reader, bytes, item)) {
      if (found.kind === 'begin') yield { ...begin, session: found.session };
      else if (found.kind === 'rows') yield found;
      else if (found.kind === 'statement') yield { ...found, gtid: begin.gtid, at: begin.at };
      else if (found.kind === 'commit') return;
    }
  }
}

/**
 * What cannot be read is told with the XA COMMIT, where the log stands: behind the XA PREPARE it is already, so nobody could go on behind
 * that.
 */
async function readAt(reader: TransactionReader, bytes: Buffer, { xid, begin: { gtid, at } }: Elsewhere): Promise<readonly ReadItem[]> {
  try {
    return await reader.read(bytes);
  } catch (error) {
    const known = toSyncError(error);
    const where = `${at.file}:${at.pos}${gtid === null ? '' : `, in ${gtid}`}`;
    throw known.again(`${known.message}, in force since XA COMMIT ${xid} (${where})`, { cause: error, details: { gtid, ...at } });
  }
}

async function findPrepared(source: PreparedSource, item: Elsewhere): Promise<FilePosition> {
  const { options } = source;
  const { xid, begin } = item;
  options.logger.info({ xid, ...begin.at }, 'looking for the rows of an XA transaction that was prepared before');
  const files = (await withConnection(options, (query) => query('SHOW BINARY LOGS'))).map((row) => String(row['Log_name']));
  for (const file of files.slice(0, files.indexOf(begin.at.file) + 1).toReversed()) {
    const found = await searchFile(source, file, item);
    if (found === 'decided') throw rowsMissing(item, 'no XA PREPARE of it is in the binlog');
    if (found) return found;
  }
  throw rowsMissing(item, `its rows stand before ${files[0] ?? 'the binlog'}, the oldest file that the source has kept`);
}

type Found = FilePosition | 'decided' | null;

/** Where the last one of the file begins. decided: whatever was prepared under the xid has had its outcome. */
async function searchFile(source: PreparedSource, file: string, item: Elsewhere): Promise<Found> {
  const framing = new EventFraming();
  const tracker = new PositionTracker({ gtidMode: false, executed: null, jumpsUntil: null });
  let begin: FilePosition | null = null;
  let found: Found = null;
  for await (const bytes of eventsFrom(source, { file, pos: fileStart }, item)) {
    const event = framing.read(bytes);
    const at = tracker.pass(event, false);
    if (at.file === file && file === item.begin.at.file && !isBefore(at, item.begin.at)) return found;
    if (event.type === eventType.rotate) {
      const next = rotatedTo(event);
      if (next.file !== file) return found;
      tracker.open(next.file, next.pos);
    } else if (gtidTypes.has(event.type)) begin = at;
    else found = outcomeOf(event, source.state.flavor, item.xid)?.(begin) ?? found;
  }
  return found;
}

const gtidTypes: ReadonlySet<number> = new Set([eventType.gtid, eventType.gtidTagged, eventType.anonymousGtid, eventType.mariadbGtid]);

function rotatedTo(event: BinlogEvent): FilePosition {
  const reader = new ByteReader(event.body);
  const pos = Number(reader.u64());
  return { file: reader.utf8(reader.left), pos };
}

/** Undefined: the event says nothing of the xid. */
function outcomeOf(event: BinlogEvent, flavor: SourceState['flavor'], xid: string): ((begin: FilePosition | null) => Found) | undefined {
  if (event.type === eventType.xaPrepare) {
    const ended = readXaPrepare(event.body);
    return ended.xid === xid ? (begin) => (ended.onePhase ? 'decided' : begin) : undefined;
  }
  if (event.type !== eventType.query) return undefined;
  const statement = xaStatement(readQueryEvent(event, flavor).bytes.toString('latin1'));
  return statement?.xid === xid && /commit|rollback/.test(statement.kind) ? () => 'decided' : undefined;
}

/** Its rows are in force at the source, and nobody can read them any more. */
function rowsMissing({ xid, begin }: Elsewhere, why: string): SyncError {
  const { gtid, at } = begin;
  const message = `XA COMMIT ${xid}: ${why} (${at.file}:${at.pos}${gtid === null ? '' : `, in ${gtid}`})`;
  return new SyncError('XA_ROWS_MISSING', message, { details: { xid, gtid, ...at } });
}

async function* eventsFrom(
  { options, state, bufferBytes }: PreparedSource,
  start: FilePosition,
  item: Elsewhere,
): AsyncGenerator<Buffer, void, void> {
  try {
    yield* shortDump({ ...options, serverUuid: state.serverUuid, bufferBytes }, start);
  } catch (error) {
    if (error instanceof SyncError && error.code === 'SOURCE_PURGED')
      throw rowsMissing(item, `its rows stood in ${start.file}, which the source has purged`);
    throw error;
  }
}

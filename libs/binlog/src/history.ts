/**
 * Whether a server still has the history that was read from it. GTIDs alone do not tell: after RESET, or a restore from an older backup, a
 * server gives the numbers of what it lost to new transactions, and once it has given as many, its gtid_executed holds all that was read.
 * Going on behind them would skip the new ones silently. But a server writes its files on and on: what was a position between two
 * transactions stays one.
 */
import { fileNumber, SyncError } from '@lutra/model';
import type { FilePosition } from '@lutra/model';
import type { RowDataPacket } from 'mysql2/promise';
import type { Query } from './connection.js';
import { gtidContains } from './gtid.js';
import type { KnownPosition, SourceState } from './options.js';

/** ER_ERROR_WHEN_EXECUTING_COMMAND: no event begins there. */
const wrongOffset = 1220;
/** What can begin between two transactions, at the start of a file and at its end. */
const between = new Set(['Gtid', 'Gtid_tagged', 'Anonymous_Gtid', 'Rotate', 'Stop', 'Format_desc', 'Previous_gtids']);

/**
 * @throws SyncError SOURCE_BEHIND if this is the server of the position and its binlog is another one there, or if it is another one and no
 * GTIDs tell
 */
export async function checkHistory(query: Query, known: KnownPosition, state: SourceState): Promise<void> {
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

async function eventAt(query: Query, { file, pos }: FilePosition): Promise<RowDataPacket | 'none begins' | 'end of file'> {
  try {
    return (await query(`SHOW BINLOG EVENTS IN ? FROM ${pos} LIMIT 1`, [file]))[0] ?? 'end of file';
  } catch (error) {
    if ((error as { errno?: unknown }).errno === wrongOffset) return 'none begins';
    throw error;
  }
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

/**
 * Whether the source can go on from a start position: a source that lost transactions (restored, reset, a replica behind) streams happily
 * from a GTID set that it does not have, and one whose binlog was purged cannot stream at all.
 */
import { fileNumber, SyncError } from '@lutra/model';
import type { FilePosition } from '@lutra/model';
import type { Query } from './connection.js';
import { gtidSubset, parseGtids } from './gtid.js';
import type { BinlogOptions, SourceState } from './options.js';

export type Start = { readonly gtidSet: string } | FilePosition;

/** @throws SyncError SOURCE_BEHIND, SOURCE_PURGED, SOURCE_SETTINGS, CONFIG_INVALID */
export async function checkedStart(query: Query, wanted: BinlogOptions['start'], state: SourceState): Promise<Start> {
  if (wanted === 'now') return state.executed === null ? { file: state.file, pos: state.pos } : { gtidSet: state.executed };
  if (!('gtidSet' in wanted)) return checkFile(query, wanted);
  const gtidSet = parseGtids(wanted.gtidSet).toString();
  if (!state.gtidMode)
    throw new SyncError('SOURCE_SETTINGS', 'the start is a GTID set, but the source runs without GTIDs: set gtid_mode=ON');
  if (state.flavor === 'mysql') await checkGtids(query, gtidSet);
  else if (!gtidSubset(gtidSet, state.executed ?? '')) throw behind();
  return { gtidSet };
}

function behind(): SyncError {
  return new SyncError('SOURCE_BEHIND', 'the source lacks transactions of the start position: its gtid_executed does not hold them all');
}

async function checkGtids(query: Query, gtidSet: string): Promise<void> {
  const sql = 'SELECT GTID_SUBSET(?, @@GLOBAL.gtid_executed) AS known, GTID_SUBSET(@@GLOBAL.gtid_purged, ?) AS kept';
  const [answer] = await query(sql, [gtidSet, gtidSet]);
  if (Number(answer?.['known']) !== 1) throw behind();
  if (Number(answer?.['kept']) !== 1) {
    throw new SyncError('SOURCE_PURGED', 'the source has purged transactions that come next: gtid_purged is not in the start position');
  }
}

async function checkFile(query: Query, { file, pos }: FilePosition): Promise<FilePosition> {
  const files = await query('SHOW BINARY LOGS');
  const name = (row: (typeof files)[number] | undefined): string => String(row?.['Log_name']);
  const found = files.find((row) => name(row) === file);
  const details = { file, pos };
  if (found === undefined) {
    const isOlder = fileNumber(file) < fileNumber(name(files[0]));
    throw isOlder
      ? new SyncError('SOURCE_PURGED', `the source has purged ${file}; its binlog starts with ${name(files[0])}`, { details })
      : new SyncError('SOURCE_BEHIND', `the source has no ${file}; its binlog ends with ${name(files.at(-1))}`, { details });
  }
  const size = Number(found['File_size']);
  if (pos > size) throw new SyncError('SOURCE_BEHIND', `${file} ends at ${size}, before the start position ${pos}`, { details });
  return { file, pos };
}

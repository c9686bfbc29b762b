/**
 * Whether a row that is written to `lutra.checkpoint` at a source comes back through its binlog: settings name some ways in which it may
 * not, a replica or a proxy behind the address knows more. It is written, and a dump that begins before it is read until it comes, or until
 * everything that the binlog had after the write has passed.
 */
import { randomUUID } from 'node:crypto';
import { probePipeline, probeStatement, readMarker } from '@lutra/marker';
import { serverErrors, SyncError } from '@lutra/model';
import { withConnection } from './connection.js';
import { toSourceError } from './driver-error.js';
import type { BinlogOptions, SourceState } from './options.js';
import { isBefore } from './position-tracker.js';
import { readBinlog } from './read-binlog.js';
import { readState } from './source-state.js';

export interface ProbeOptions extends Omit<BinlogOptions, 'start' | 'known' | 'wants' | 'filter' | 'heartbeatMs' | 'xa' | 'onPrepared'> {
  /** Its name. */
  readonly endpoint: string;
}

/** No right, no table, read-only, full: what refuses us refuses a loader too. */
const { privilegeMissing, missingTable, readOnly, full } = serverErrors;
const refusals: ReadonlySet<number> = new Set([...privilegeMissing, ...missingTable, ...readOnly, ...full]);
const heartbeatMs = 100;

/** The write, between what the server was before it and what it was after. */
interface Written {
  readonly before: SourceState;
  readonly after: SourceState;
}

/**
 * Resolves to null when the row came back; to the number of the server's error when nobody can write it.
 * @throws SyncError SOURCE_SETTINGS if it did not come; SOURCE_*, ABORTED, … as readBinlog
 */
export async function probeBinlog(options: ProbeOptions): Promise<number | null> {
  const token = randomUUID();
  const written = await write(options, token);
  if (typeof written === 'number') return written;
  const { before, after } = written;
  const isLutra = (table: { database: string; name: string }): boolean => table.database === 'lutra' && table.name === 'checkpoint';
  const start = before.executed === null ? { file: before.file, pos: before.pos } : { gtidSet: before.executed };
  for await (const item of readBinlog({ ...options, start, wants: isLutra, heartbeatMs, xa: 'passed over' })) {
    if (item.kind === 'rows') {
      const markers = isLutra(item.table) ? item.rows.map((image) => readMarker(item.table, image)) : [];
      if (markers.some((marker) => marker?.pipeline === probePipeline(options.endpoint) && marker.logId === token)) return null;
    } else if ('end' in item && !isBefore(item.end, after)) break;
  }
  throw await notSeen(options, after);
}

function write(options: ProbeOptions, token: string): Promise<Written | number> {
  return withConnection(options, async (query) => {
    const before = await readState(query);
    try {
      await query(probeStatement(options.endpoint, token));
    } catch (error) {
      const { errno = 0 } = error as { errno?: number };
      if (refusals.has(errno)) return errno;
      const known = toSourceError(error);
      // A lock, a limit: an answer that we do not know is no reason to stop here.
      throw known.code === 'INTERNAL' ? new SyncError('SOURCE_UNAVAILABLE', known.message, { details: known.details }) : known;
    }
    return { before, after: await readState(query) };
  });
}

/** Behind an address that moved meanwhile another server answered: nothing is known. */
async function notSeen(options: ProbeOptions, { serverUuid }: SourceState): Promise<SyncError> {
  const now = await withConnection(options, readState);
  if (now.serverUuid !== serverUuid) return new SyncError('SOURCE_UNAVAILABLE', 'two connections to the source reached two servers');
  return new SyncError(
    'SOURCE_SETTINGS',
    `endpoint ${options.endpoint}: what is written to lutra.checkpoint does not come back through the binlog. Without it copies from other regions would be sent on as if they were new`,
  );
}

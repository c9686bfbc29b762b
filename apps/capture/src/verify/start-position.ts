/** Where capture begins to read the source's binlog, and what proves that it is the history that the log was made of. */
import type { KnownPosition, SourceState } from '@lutra/binlog';
import { rowsTopic, SyncError } from '@lutra/model';
import type { EndpointDocument, FilePosition, Position } from '@lutra/model';
import type { Claim } from '../claim/claim.js';

/** The tail's position; only a log without any record takes the configured start. */
export function startOf(claim: Claim, endpoint: EndpointDocument, state: SourceState): Position {
  if (claim.tail.position) {
    if (claim.tail.position.gtidSet !== null && !state.gtidMode) {
      throw new SyncError('SOURCE_SETTINGS', `endpoint ${endpoint.name}: the log has GTID positions but the server runs without GTIDs`);
    }
    return claim.tail.position;
  }
  if (claim.tail.state.seq !== null) throw new SyncError('LOG_EMPTIED', `${rowsTopic(endpoint.name)}: no record with a position is left`);
  const { start } = endpoint;
  const here: FilePosition = { file: state.file, pos: state.pos };
  switch (start.from) {
    case 'now':
      return { ...here, gtidSet: state.gtidMode ? state.executed : null };
    case 'gtid':
      return { ...here, gtidSet: start.gtidSet };
    case 'position':
      return { file: start.file, pos: start.pos, gtidSet: null };
  }
}

/**
 * The last position that the tail, or a copy that ZooKeeper has kept longer than that, names with its server. Behind a restart that was
 * ordered it binds no more: the history may be another one since.
 */
export function knownPosition({ backup, tail }: Claim): KnownPosition | undefined {
  if (tail.known) return tail.known;
  return backup?.server && tail.restarts.length === 0 ? { ...backup.position, serverUuid: backup.server } : undefined;
}

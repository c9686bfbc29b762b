/**
 * Transactions whose rows are in the log already although they are read again: those up to one that the tail names (tail.ts). That one must
 * come, or all that follows would be left out: a source that has lost it is refused.
 */
import { gtidAdd } from '@lutra/binlog';
import type { SourceConnection } from '@lutra/binlog';
import { SyncError } from '@lutra/model';
import type { FilePosition, Position } from '@lutra/model';
import type { SourcePort } from './io.js';

interface Source {
  readonly source: SourceConnection;
  readonly checkStart: SourcePort['checkStart'];
}

/** @throws SyncError SOURCE_BEHIND; as checkStart */
export async function requireRowsUntil({ source, checkStart }: Source, start: Position, rowsUntil: string | null): Promise<void> {
  const { gtidSet } = start;
  if (rowsUntil === null || gtidSet === null || placeOf(rowsUntil)) return;
  await checkStart(source, () => ({ ...start, gtidSet: gtidAdd(gtidSet, rowsUntil) }));
}

/** Without GTIDs nobody can be asked: what begins behind it shows that it is gone. @throws SyncError SOURCE_BEHIND */
export function requireBefore(rowsUntil: string, begin: FilePosition): void {
  const place = placeOf(rowsUntil);
  if (!place || begin.file < place.file || (begin.file === place.file && begin.pos <= place.pos)) return;
  throw new SyncError('SOURCE_BEHIND', `the source has no transaction at ${rowsUntil}, whose rows are in the log`, {
    details: { ...begin },
  });
}

/** Null: it is named by its GTID. */
function placeOf(id: string): FilePosition | null {
  const found = /^(.*\.\d+):(\d+)$/.exec(id);
  return found && { file: found[1] ?? '', pos: Number(found[2]) };
}

/**
 * Transactions whose rows are in the log already although they are read again: those up to one that the tail names (tail.ts). That one must
 * come, or all that follows would be left out: a source that has lost it is refused.
 */
import { gtidAdd } from '@lutra/binlog';
import type { SourceConnection } from '@lutra/binlog';
import { SyncError } from '@lutra/model';
import type { FilePosition, Position } from '@lutra/model';
import type { SourcePort } from '../io.js';

interface Source {
  readonly source: SourceConnection;
  readonly checkStart: SourcePort['checkStart'];
}

/** @throws SyncError SOURCE_BEHIND; as checkStart */
export async function requirePublishedThrough(
  { source, checkStart }: Source,
  start: Position,
  publishedThrough: string | null,
): Promise<void> {
  const { gtidSet } = start;
  if (publishedThrough === null || gtidSet === null || positionOf(publishedThrough)) return;
  await checkStart(source, () => ({ ...start, gtidSet: gtidAdd(gtidSet, publishedThrough) }));
}

/** Without GTIDs nobody can be asked: what begins behind it shows that it is gone. @throws SyncError SOURCE_BEHIND */
export function requireBefore(publishedThrough: string, begin: FilePosition): void {
  const position = positionOf(publishedThrough);
  if (!position || begin.file < position.file || (begin.file === position.file && begin.pos <= position.pos)) return;
  throw new SyncError('SOURCE_BEHIND', `the source has no transaction at ${publishedThrough}, whose rows are in the log`, {
    details: { ...begin },
  });
}

/** Null: it is named by its GTID. */
function positionOf(id: string): FilePosition | null {
  const found = /^(.*\.\d+):(\d+)$/.exec(id);
  return found && { file: found[1] ?? '', pos: Number(found[2]) };
}

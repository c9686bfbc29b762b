/** One change of one row of the target, as it is decided. Pure. */
import { SyncError, tableName } from '@lutra/model';
import type { ConflictType, Row } from '@lutra/model';
import { keyOfRow } from '@lutra/mysql';
import type { Change } from '@lutra/mysql';
import type { Concurrent } from '../detect/concurrency.js';
import { keyText } from './rows.js';
import type { DecidableTable, ConflictTable } from '../detect/table-book.js';

type Images = Pick<Change, 'op' | 'before' | 'after'>;

/** A primary-key update is two of them: a deletion and an insertion. */
export interface Step extends Images {
  readonly table: DecidableTable;
  readonly key: Row;
  readonly concurrent: Concurrent;
  /** As the source sent it, and how it ran there: of a primary-key update both images. */
  readonly sent: Images & Pick<Change, 'under'>;
}

/** Of a key in a message. */
const maxKeyLength = 200;

/** @throws SyncError RECORD_INVALID for a row event without an image */
export function stepOf(images: Images, table: DecidableTable, more: Pick<Step, 'concurrent' | 'sent'>): Step {
  const row = images.after ?? images.before;
  if (!row) throw new SyncError('RECORD_INVALID', `${tableName(table.target)}: a row event '${images.op}' without an image`);
  const { op, before, after } = images;
  return { op, before, after, table, key: keyOfRow(table.plan, row), ...more };
}

export function typeOf({ op }: Step, at: { readonly existing: Row | null; readonly isConflict: boolean }): ConflictType {
  if (!at.isConflict) return 'unique-key-taken';
  switch (op) {
    case 'c':
      return 'insert-exists';
    case 'u':
      return at.existing === null ? 'update-missing' : 'update-differs';
    case 'd':
      return at.existing === null ? 'delete-missing' : 'delete-differs';
  }
}

/** @param refused how the server refused the row, where it did */
export function stopped({ table, key }: Step, type: ConflictType, refused?: SyncError): SyncError {
  return stoppedAt(table, { type, key: keyText(table.plan, key).slice(0, maxKeyLength), constraint: refused?.details['constraint'] });
}

interface Stopped {
  readonly type: string;
  readonly key: string;
  /** The foreign key that refuses it. */
  readonly constraint?: SyncError['details'][string];
}

export function stoppedAt({ target: { database, name } }: ConflictTable, { type, key, constraint }: Stopped): SyncError {
  const by = constraint === undefined ? '' : ` (foreign key ${String(constraint)})`;
  return new SyncError('ROW_CONFLICT', `${database}.${name}, ${key}: ${type}${by}, and the table's policy is stop`, {
    details: { database, table: name, key, type, constraint },
  });
}

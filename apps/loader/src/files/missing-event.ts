/** A row goes without its file. */
import { eventVersion } from '@lutra/model';
import type { FileMissingEvent } from '@lutra/model';
import type { LoaderWork } from '../assignments.js';
import { eventId } from '../observe/event-id.js';
import type { FileWish } from './wanted.js';

export function missingEvent({ root, path, table, rowKey }: FileWish, { id, uid, target }: LoaderWork): FileMissingEvent {
  return {
    type: 'file-missing',
    v: eventVersion,
    id: eventId([uid, root, path, rowKey]),
    at: Date.now(),
    region: target.region,
    pipeline: id,
    uid,
    schema: table.database,
    table: table.name,
    key: rowKey,
    root,
    path,
  };
}

/** For the tests of operational events: one, and how it is told from others. */
import { eventVersion } from '@lutra/model';
import type { ConflictEvent } from '@lutra/model';

export function event(id: string, changes: Partial<ConflictEvent> = {}): ConflictEvent {
  return {
    type: 'conflict',
    v: eventVersion,
    id,
    at: 1_800_000_000_000,
    region: 'california',
    pipeline: 'shop.a-to-b',
    uid: 'abcdefgh2345',
    schema: 'shop',
    table: 'orders',
    key: { id: ['i', '9007199254740993'] },
    conflict: 'update-differs',
    policy: 'latest',
    winner: 'incoming',
    final: false,
    op: 'u',
    before: { id: ['i', '9007199254740993'], state: 'new' },
    after: { id: ['i', '9007199254740993'], state: 'paid' },
    existing: { id: ['i', '9007199254740993'], state: 'Zürich 東京' },
    result: { id: ['i', '9007199254740993'], state: 'paid' },
    cut: false,
    localSeq: 41,
    transaction: { log: 'L', seq: 7, gtid: 'u:1', origin: 'hangzhou', committedUs: 1_799_999_999_000_000 },
    ...changes,
  };
}

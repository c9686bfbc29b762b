/** For the tests of the audit. */
import type { AuditEntry } from '@lutra/model';

export function auditEntry(id: string, entry: Partial<AuditEntry> = {}): AuditEntry {
  return {
    v: 1,
    id,
    at: 1_800_000_000_000,
    action: 'channel.run',
    by: 'ada',
    as: 'user',
    token: null,
    from: '127.0.0.1',
    request: 'POST /api/v1/channels/shop/start',
    subject: 'channels/shop',
    status: 200,
    reason: '',
    revisions: [],
    change: null,
    ...entry,
  };
}

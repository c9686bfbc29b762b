/**
 * The writes of one document, each with what it made of it: what the next one found, or what is there. The snapshot must be older than the
 * entries: a newer one may hold the document as a later write made it. Of an entry that is newer than the snapshot it is not known what it
 * made.
 */
import { withoutSecrets } from '@lutra/registry';
import type { ChangedDocument, Snapshot } from '@lutra/registry';
import type { HistoryChangeBody } from './history.schemas.js';

type Document = HistoryChangeBody['before'];

/** Newest first. */
export function changesOf(snapshot: Snapshot, { kind, name, entries }: ChangedDocument): readonly HistoryChangeBody[] {
  const entry = snapshot[kind].get(name);
  const now = withoutSecrets(entry?.document ?? null) as Document;
  return entries.map(({ revision, by, at, from, reason, before }, index): HistoryChangeBody => {
    const newer = entries[index - 1];
    const after = newer ? newer.before : now;
    const isRemoval = after === null && (newer !== undefined || !entry);
    const what = isRemoval ? 'removed' : before === null ? 'created' : 'changed';
    return { revision, by, at, from, reason, what, before, after };
  });
}

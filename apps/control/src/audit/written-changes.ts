/** What the history says that writes of the configuration changed, as entries of the audit. */
import type { AuditEntry } from '@lutra/model';
import { mostKept } from '@lutra/registry';
import type { Registry } from '@lutra/registry';
import { changesOf } from '../history/changes.js';
import { changeEntry } from './entry.js';

export interface WrittenChanges {
  /** All up to this revision are in `entries`, as far as the history still has them. */
  readonly revision: number;
  /** By revision. */
  readonly entries: readonly AuditEntry[];
  /** Documents of which older entries may be missing: they were written so often that these were discarded. */
  readonly cut: readonly string[];
}

/**
 * Of the writes after `revision`. A tree that is behind it was restored, and all of its history is taken.
 * @throws SyncError ZOOKEEPER_*
 */
export async function writtenChanges(registry: Pick<Registry, 'snapshot' | 'history'>, revision: number): Promise<WrittenChanges> {
  const snapshot = await registry.snapshot.latest();
  const now = snapshot.revision?.revision ?? 0;
  if (now === revision) return { revision: now, entries: [], cut: [] };
  const after = now < revision ? 0 : revision;
  // Read behind the snapshot: see changesOf.
  const documents = await registry.history.changedSince(after);
  const entries = documents
    .flatMap((document) => changesOf(snapshot, document).map((change) => ({ ...document, change })))
    .filter(({ change }) => change.revision > after && change.revision <= now)
    .toSorted((a, b) => a.change.revision - b.change.revision)
    .map(({ kind, name, change }) => changeEntry(kind, name, change));
  const cut = documents
    .filter(({ entries: kept }) => kept.length >= mostKept && (kept.at(-1)?.revision ?? 0) > after + 1 && after > 0)
    .map(({ kind, name }) => `${kind}/${name}`);
  return { revision: now, entries, cut };
}

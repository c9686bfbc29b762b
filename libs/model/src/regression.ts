/** A configuration in ZooKeeper that does not continue what somebody worked by: how that is said. Pure. */
import { SyncError } from './errors.js';
import type { ErrorDetails } from './errors.js';
import type { RevisionMark, TreeRevision } from './tree-revision.js';

/** What is known, and what stands in ZooKeeper instead. */
export interface Regression {
  /** null: nothing is known, and there are documents without a revision. */
  readonly known: (RevisionMark & { readonly at?: number | null | undefined }) | null;
  readonly tree: TreeRevision | null;
}

/** @param who knows it: "the log of endpoint a" */
export function regressionError(who: string, { known, tree }: Regression, details: ErrorDetails = {}): SyncError {
  return new SyncError('CONFIG_REGRESSED', `${who} ${knownText(known)}, ZooKeeper has ${treeText(known, tree)}`, {
    details: {
      ...details,
      known: known?.revision ?? null,
      knownWrite: known?.write ?? null,
      revision: tree?.revision ?? null,
      write: tree?.write ?? null,
    },
  });
}

function knownText(known: Regression['known']): string {
  return known ? `knows revision ${known.revision} of the configuration (write ${known.write}${timeText(known.at)})` : 'knows no revision';
}

function treeText(known: Regression['known'], tree: TreeRevision | null): string {
  if (!tree) return 'none: it was emptied, or LUTRA_ROOT or ZOOKEEPER names another place';
  const what = `revision ${tree.revision} (write ${tree.write}${timeText(tree.at)})`;
  return !known || tree.revision < known.revision ? what : `${what}, which does not come from that one`;
}

function timeText(at: number | null | undefined): string {
  return at ? `, ${new Date(at).toISOString()}` : '';
}

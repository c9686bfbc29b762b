/**
 * Which state of the configuration in ZooKeeper somebody worked by. The number counts its writes; the id of the write tells states with the
 * same number apart, because a tree that was restored from a copy counts on from the old numbers. Pure.
 */
import { z } from 'zod';
import { randomIdSchema } from './random-id.js';

/** As it stands in a `routes` record and in `lutra.checkpoint`. */
export interface RevisionMark {
  readonly revision: number;
  /** Id of the write that made it. */
  readonly write: string;
}

export const recentWrites = 500;

/** The node `revision` in ZooKeeper. */
export const treeRevisionSchema = z.strictObject({
  revision: z.int().min(1),
  write: randomIdSchema,
  /** Who wrote, for people. */
  by: z.string(),
  /** ms since 1970 */
  at: z.int().min(0),
  /** Ids of the writes before, newest first: of the revisions `revision - 1`, `revision - 2` … at most `recentWrites`. */
  recent: z.array(randomIdSchema).max(recentWrites),
  /** A person said at this revision that the tree is the right one, whatever was known of others before; 0: nobody did. */
  adopted: z.int().min(0),
});
export type TreeRevision = z.infer<typeof treeRevisionSchema>;

/**
 * Did the tree come from the state that is known, by writes alone? false: it was restored from an older copy, emptied, or is another one.
 * What lies further back than `recentWrites` cannot be told any more, and counts as known.
 */
export function continues(tree: TreeRevision | null, known: RevisionMark): boolean {
  if (tree === null || known.revision > tree.revision) return false;
  if (known.revision === tree.revision) return known.write === tree.write;
  if (known.revision < tree.adopted) return true;
  const write = tree.recent[tree.revision - known.revision - 1];
  return write === undefined || write === known.write;
}

/** What follows a state. @param by for people */
export function nextRevision(before: TreeRevision | null, { write, by, at }: Pick<TreeRevision, 'write' | 'by' | 'at'>): TreeRevision {
  if (before === null) return { revision: 1, write, by, at, recent: [], adopted: 0 };
  const recent = [before.write, ...before.recent].slice(0, recentWrites);
  return { revision: before.revision + 1, write, by, at, recent, adopted: before.adopted };
}

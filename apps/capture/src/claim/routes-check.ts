/**
 * Are the routes that a new leader works with the newest? The naive way trusts the watch. Counter-example: a table was added, the capture
 * that had learnt of it dies, and one that has not yet takes over: it passes the table's rows in the binlog, and nobody reads there again.
 * Nor is ZooKeeper trusted alone: one that was restored from an older copy has the routes before the table. The log knows better.
 */
import { continues, regressionError, SyncError } from '@lutra/model';
import type { Announced, RevisionMark, RouteFingerprints } from '@lutra/model';
import type { Current, TreeFollower } from '@lutra/registry';
import { writersOf } from '../stream/suspended-here.js';
import type { Writer } from '../stream/suspended-here.js';
import { routesOf } from '../assignments.js';

interface Checked {
  readonly endpoint: { readonly name: string };
  readonly pipelines: RouteFingerprints;
  readonly names: Readonly<Record<string, string>>;
  readonly writers: readonly Writer[];
}

/** What the log said of its routes last, and when (ms since 1970); null: not known. */
interface Said {
  readonly announced: Announced | null;
  readonly announcedAt: number | null;
}

export interface CurrentRoutes {
  /** Under which the routes may be announced. */
  readonly revision: RevisionMark;
  /** The tree in ZooKeeper is not followed: `revision` is the last one that was, and orders in it are not carried out. */
  readonly isRegressed: boolean;
}

/**
 * Resolves to the configuration whose routes may be announced.
 * @throws SyncError CONFIG_REGRESSED; CONFIG_BEHIND, which the watch fixes; ZOOKEEPER_UNAVAILABLE
 */
export async function requireCurrentRoutes(tree: Pick<TreeFollower, 'channels'>, work: Checked, said: Said): Promise<CurrentRoutes> {
  const endpoint = work.endpoint.name;
  const current = await tree.channels();
  const { documents, invalid } = current.found;
  const newest = routesOf(endpoint, documents);
  const { revision, write } = requireContinued(current, { endpoint, pipelines: newest.pipelines }, said);
  // One that never could be read has no part in what we work with either.
  const unknown = invalid.find((name) => Object.values(work.names).some((one) => one.startsWith(`${name}.`)));
  if (unknown) throw behind(endpoint, `the document of channel ${unknown} cannot be read, so it may have other routes now`);
  const differs = differing(newest.pipelines, work.pipelines);
  if (differs !== undefined) {
    const pipeline = newest.names[differs] ?? work.names[differs] ?? differs;
    throw behind(endpoint, `the routes of pipeline ${pipeline} were changed; this process has not been told yet`);
  }
  // What those suspend here must be known by its name here.
  if (JSON.stringify(writersOf(endpoint, documents)) !== JSON.stringify(work.writers))
    throw behind(endpoint, 'the pipelines that write here were changed; this process has not been told yet');
  return { revision: { revision, write }, isRegressed: current.regression !== null };
}

/**
 * Does the configuration continue the one that the log was written by? While the tree has regressed nobody can say whether the routes that
 * are in force here are the newest of their revision: then the log has those, or older ones.
 */
function requireContinued(
  { revision, regression }: Current<unknown>,
  { endpoint, pipelines }: { readonly endpoint: string; readonly pipelines: RouteFingerprints },
  { announced, announcedAt }: Said,
): RevisionMark {
  const known = announced && { revision: announced.revision, write: announced.write, at: announcedAt };
  const who = `the log of endpoint ${endpoint}`;
  const tree = regression ? regression.tree : revision;
  if (!revision || (known && !continues(revision, known))) throw regressionError(who, { known, tree }, { endpoint });
  if (!regression || !announced || announced.revision < revision.revision || !differing(announced.pipelines, pipelines)) return revision;
  throw regressionError(who, { known, tree }, { endpoint });
}

function differing(one: RouteFingerprints, other: RouteFingerprints): string | undefined {
  return [...new Set([...Object.keys(one), ...Object.keys(other)])].find((uid) => one[uid] !== other[uid]);
}

function behind(endpoint: string, why: string): SyncError {
  return new SyncError('CONFIG_BEHIND', `endpoint ${endpoint}: ${why}`, { details: { endpoint } });
}

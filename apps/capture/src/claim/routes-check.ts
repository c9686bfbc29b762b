/**
 * Are the routes that a new leader works with the newest? The naive way trusts the watch. Counter-example: a table was added, the capture
 * that had learnt of it dies, and one that has not yet takes over: it passes the table's rows in the binlog, and nobody reads there again.
 * Nor is ZooKeeper trusted alone: one that was restored from an older copy has the routes before the table. The log knows better.
 */
import { isOutdated, SyncError } from '@lutra/model';
import type { Announced, ChannelDocument, Revision, RouteFingerprints } from '@lutra/model';
import type { DocumentStore, RevisionStore } from '@lutra/registry';
import { writersOf } from '../stream/suspended-here.js';
import type { Writer } from '../stream/suspended-here.js';
import { routesOf } from '../assignments.js';

interface Store {
  readonly channels: Pick<DocumentStore<ChannelDocument>, 'listLatest'>;
  readonly revision: Pick<RevisionStore, 'latest'>;
}

interface Checked {
  readonly endpoint: { readonly name: string };
  readonly pipelines: RouteFingerprints;
  readonly names: Readonly<Record<string, string>>;
  readonly writers: readonly Writer[];
}

/**
 * Resolves to the revision under which the routes may be announced.
 * @param announced by the log so far
 * @throws SyncError CONFIG_BEHIND, which the watch fixes; CONFIG_OUTDATED; ZOOKEEPER_UNAVAILABLE
 */
export async function requireCurrentRoutes(store: Store, work: Checked, announced: Announced | null): Promise<number> {
  const endpoint = work.endpoint.name;
  const { documents, invalid } = await store.channels.listLatest();
  const revision = await store.revision.latest();
  // One that never could be read has no part in what we work with either.
  const unknown = invalid.find((name) => Object.values(work.names).some((one) => one.startsWith(`${name}.`)));
  if (unknown) throw behind(endpoint, `the document of channel ${unknown} cannot be read, so it may have other routes now`);
  const newest = routesOf(endpoint, documents);
  const differs = differing(newest.pipelines, work.pipelines);
  if (differs !== undefined)
    throw behind(
      endpoint,
      `the routes of pipeline ${newest.names[differs] ?? work.names[differs] ?? differs} were changed; this process has not been told yet`,
    );
  // What those suspend here must be known by its name here.
  if (JSON.stringify(writersOf(endpoint, documents)) !== JSON.stringify(work.writers))
    throw behind(endpoint, 'the pipelines that write here were changed; this process has not been told yet');
  if (!announced) return revision.revision;
  if (isOutdated(announced, { ...newest, revision })) throw outdated(endpoint, announced, { ...newest, revision });
  return Math.max(revision.revision, announced.revision);
}

function differing(one: RouteFingerprints, other: RouteFingerprints): string | undefined {
  return [...new Set([...Object.keys(one), ...Object.keys(other)])].find((uid) => one[uid] !== other[uid]);
}

function behind(endpoint: string, why: string): SyncError {
  return new SyncError('CONFIG_BEHIND', `endpoint ${endpoint}: ${why}`, { details: { endpoint } });
}

function outdated(endpoint: string, log: Announced, now: Pick<Checked, 'pipelines' | 'names'> & { revision: Revision }): SyncError {
  const uid = differing(log.pipelines, now.pipelines) ?? '';
  const pipeline = now.names[uid] ?? log.names[uid] ?? uid;
  const what = `the log has the routes of revision ${log.revision}, ZooKeeper those of ${now.revision.revision}, where pipeline ${pipeline} has others or is not there`;
  return new SyncError('CONFIG_OUTDATED', `endpoint ${endpoint}: ${what}`, {
    details: { endpoint, pipeline, uid, log: log.revision, revision: now.revision.revision },
  });
}

/**
 * Are the routes that a new leader works with the newest? The naive way trusts the watch. Counter-example: a table was added, the capture that had
 * learnt of it dies, and one that has not yet takes over: it passes the table's rows in the binlog, and nobody reads there again.
 */
import { SyncError } from '@lutra/model';
import type { ChannelDocument, RouteFingerprints } from '@lutra/model';
import type { DocumentStore } from '@lutra/registry';
import { routesOf } from './wanted.js';

/** @throws SyncError CONFIG_BEHIND, which the watch mends; ZOOKEEPER_UNAVAILABLE */
export async function requireCurrentRoutes(
  channels: Pick<DocumentStore<ChannelDocument>, 'listLatest'>,
  work: { readonly endpoint: { readonly name: string }; readonly pipelines: RouteFingerprints },
): Promise<void> {
  const endpoint = work.endpoint.name;
  const { documents, invalid } = await channels.listLatest();
  // One that never could be read has no part in what we work with either.
  const unknown = invalid.find((name) => Object.keys(work.pipelines).some((id) => id.startsWith(`${name}.`)));
  if (unknown) throw behind(endpoint, `the document of channel ${unknown} cannot be read, so it may have other routes now`);
  const newest = routesOf(endpoint, documents);
  const differs = [...new Set([...Object.keys(newest), ...Object.keys(work.pipelines)])].find((id) => newest[id] !== work.pipelines[id]);
  if (differs) throw behind(endpoint, `the routes of pipeline ${differs} were changed; this process has not been told yet`);
}

function behind(endpoint: string, why: string): SyncError {
  return new SyncError('CONFIG_BEHIND', `endpoint ${endpoint}: ${why}`, { details: { endpoint } });
}

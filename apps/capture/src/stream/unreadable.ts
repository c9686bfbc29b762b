/**
 * What a table costs that capture cannot read. Where every running channel that routes it says `suspend`, the table is left out of the log
 * from the next claim on: what was published of the transaction in which it was met is void by then, so the log leaves it out from between
 * two transactions, and reads that one again. Nothing must be kept for that but the `routes` record: a capture that dies before it meets
 * the table once more, at the same position.
 */
import { createRouter, toSyncError } from '@lutra/model';
import type { Route, Suspension, SyncError, TableName } from '@lutra/model';
import { TablesSuspended } from './suspended-here.js';

/** A channel whose source stops where a table cannot be read. */
export interface StoppingChannel {
  readonly channel: string;
  /** Of its pipelines that read the endpoint. */
  readonly routes: readonly Route[];
}

interface Work {
  readonly routes: readonly Route[];
  readonly stopping: readonly StoppingChannel[];
}

/**
 * What ended a run, as the suspensions that it costs.
 * @throws what ended it where that is no matter of routed tables; with the recovery actions where a channel does not want one suspended
 */
export function suspensionsOf(thrown: unknown, work: Work, at: number): readonly Suspension[] {
  const found = thrown instanceof TablesSuspended ? thrown.tables : [unread(thrown, work, at)];
  for (const table of found) {
    const stops = work.stopping.filter(({ routes }) => createRouter(routes)(table) !== null);
    if (stops.length > 0) throw withRecovery(toSyncError(thrown), table, stops);
  }
  return found;
}

function unread(thrown: unknown, { routes }: Work, at: number): Suspension {
  const { refused, message, details } = toSyncError(thrown);
  const { table } = refused;
  if (!table || createRouter(routes)(table) === null) throw thrown;
  const { file = '?', pos = '?' } = details;
  return { ...table, message, where: `${file}:${pos}`, at };
}

function withRecovery(error: SyncError, { database, name }: TableName, stops: readonly StoppingChannel[]): SyncError {
  const channels = stops.map(({ channel }) => channel).join(', ');
  const exclude = `put "${database}.${name}" into "exclude" of the pipelines of channel ${channels} that read here, then bring the table by hand`;
  const suspend = `or give channel ${channels} "onUnsupported": "suspend"`;
  return error.again(`${error.message}. To go on without the table: ${exclude}; ${suspend}`, {
    details: { database, table: name, channels },
  });
}

/** Those of `before` that are routed still, and those that were met since. What has left the routes may come in again as any table does. */
export function stillSuspended(before: readonly Suspension[], met: readonly Suspension[], routes: readonly Route[]): readonly Suspension[] {
  const router = createRouter(routes);
  const all = new Map([...met, ...before].map((one) => [`${one.database}\0${one.name}`, one]));
  return [...all.values()].filter((one) => router(one) !== null);
}

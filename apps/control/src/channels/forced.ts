/** What an operator did in spite of checks that refuse it: it stays in the channel's status until somebody confirms it. */
import type { Operation, Registry } from '@lutra/registry';
import { errorsOf, RefusedError } from '../configuration/problem.js';
import type { Problem } from '../configuration/problem.js';

/** All omissions of a channel are one document of ZooKeeper. */
const mostTables = 20;

/** What was forced in one channel. */
export interface Forced {
  readonly channel: string;
  readonly where: 'start' | 'change';
  readonly problems: readonly Problem[];
}

/** To be written with the change: nothing runs past a check without a trace. Nothing is noted where no check refuses it. */
export async function forcedOperations({ omissions }: Pick<Registry, 'omissions'>, all: readonly Forced[]): Promise<readonly Operation[]> {
  const operations: Operation[] = [];
  for (const { channel, where, problems } of all) {
    const errors = errorsOf(problems);
    if (errors.length === 0) continue;
    const ids = [...new Set(errors.map(({ id }) => id))].join(', ');
    const named = [...new Set(errors.flatMap(({ table }) => table ?? []))];
    const tables = named.slice(0, mostTables);
    const what = named.length > tables.length ? `${ids} (and ${named.length - tables.length} more tables)` : ids;
    const operation = await omissions.adding(`channel@${channel}`, [{ kind: 'force', what, tables, where, at: Date.now(), record: null }]);
    if (operation) operations.push(operation);
  }
  return operations;
}

/**
 * Of a document that channels at work use: what is forced in each of them. @throws RefusedError CONFIG_CONFLICT with the whole list,
 * without `force`
 */
export function refuseOrForce(
  { what, users, force }: { readonly what: string; readonly users: readonly { readonly name: string }[]; readonly force: boolean },
  problems: readonly Problem[],
): readonly Forced[] {
  if (problems.length === 0) return [];
  const names = users.map(({ name }) => name).join(', ');
  const message = `${what} is in use by channel ${names} and cannot be changed so (?force=true changes it in spite of that)`;
  if (!force) throw new RefusedError('CONFIG_CONFLICT', message, problems);
  return users.map(({ name }) => ({ channel: name, where: 'change', problems }));
}

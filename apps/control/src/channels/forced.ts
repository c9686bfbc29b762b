/** What an operator did in spite of checks that refuse it: it stays in the channel's status until somebody confirms it. */
import type { Registry } from '@lutra/registry';
import { errorsOf, RefusedError } from '../configuration/problem.js';
import type { Problem } from '../configuration/problem.js';

/** All omissions of a channel are one document of ZooKeeper. */
const mostTables = 20;

/** To be called before the change is written: nothing runs past a check without a trace. Nothing is noted where no check refuses it. */
export async function noteForced(
  { omissions }: Pick<Registry, 'omissions'>,
  { channel, where }: { readonly channel: string; readonly where: 'start' | 'change' },
  problems: readonly Problem[],
): Promise<void> {
  const errors = errorsOf(problems);
  if (errors.length === 0) return;
  const ids = [...new Set(errors.map(({ id }) => id))].join(', ');
  const all = [...new Set(errors.flatMap(({ table }) => table ?? []))];
  const tables = all.slice(0, mostTables);
  const what = all.length > tables.length ? `${ids} (and ${all.length - tables.length} more tables)` : ids;
  await omissions.add(`channel@${channel}`, [{ kind: 'force', what, tables, where, at: Date.now(), record: null }]);
}

/**
 * Of a document that channels at work use. With `force` what refuses the change is noted. @throws RefusedError CONFIG_CONFLICT with the
 * whole list
 */
export async function refuseOrNote(
  registry: Pick<Registry, 'omissions'>,
  { what, users, force }: { readonly what: string; readonly users: readonly { readonly name: string }[]; readonly force: boolean },
  problems: readonly Problem[],
): Promise<void> {
  if (problems.length === 0) return;
  const names = users.map(({ name }) => name).join(', ');
  const message = `${what} is in use by channel ${names} and cannot be changed so (?force=true changes it in spite of that)`;
  if (!force) throw new RefusedError('CONFIG_CONFLICT', message, problems);
  for (const { name } of users) await noteForced(registry, { channel: name, where: 'change' }, problems);
}

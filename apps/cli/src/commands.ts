/** The verbs: each file of commands/ is one. The bundle that is shipped has a module in place of this one: scripts/bundle-cli.mjs. */
import { readdirSync } from 'node:fs';
import type { Verb } from './verb.js';

/** Sorted by name. */
export async function loadVerbs(): Promise<readonly Verb[]> {
  const folder = new URL('./commands/', import.meta.url);
  const files = readdirSync(folder).filter((file) => /^[a-z-]+\.[jt]s$/.test(file));
  const modules = await Promise.all(files.toSorted().map((file) => import(new URL(file, folder).href) as Promise<{ readonly verb: Verb }>));
  return modules.map(({ verb }) => verb);
}

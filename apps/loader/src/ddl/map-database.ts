/** Where a whole database of the source is at the target, if it is there, and alone. Pure. */
import { createRouter, excludedPattern } from '@lutra/model';
import type { Route } from '@lutra/model';

/** Why it cannot be said; else the database. */
export function databaseTarget(database: string, routes: readonly Route[]): string | { readonly database: string } {
  const [route, ...more] = routes.filter(({ schema }) => matches(schema, database));
  const partly = `the pipeline does not carry all of database ${database}`;
  if (!route || !/^\*+$/.test(route.table) || route.to?.table !== undefined) return partly;
  if ((route.exclude ?? []).some((excluded) => matches(excludedPattern(excluded).schema, database))) return partly;
  const target = route.to?.schema ?? database;
  const others = routes.filter((other) => other !== route && !more.includes(other));
  const isMerged = /[*?]/.test(route.schema) && route.to?.schema !== undefined;
  if (isMerged || others.some((other) => (other.to?.schema ?? (matches(other.schema, target) ? target : null)) === target))
    return `database ${target} of the target takes the rows of several databases`;
  return { database: target };
}

function matches(schema: string, database: string): boolean {
  return createRouter([{ schema, table: '*' }])({ database, name: 't' }) !== null;
}

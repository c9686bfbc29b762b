/** Routes: which source tables a pipeline carries, and to which target tables. The first route that matches decides. */
import type { Route } from './config.js';

export interface TableName {
  readonly database: string;
  readonly name: string;
}

function toRegExp(pattern: string): RegExp {
  const escaped = pattern
    .replace(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${escaped}$`, 's');
}

/** `lutra` and the server's own schemas are never forwarded, whatever a pattern says. */
const neverForwarded = new Set(['lutra', 'mysql', 'sys', 'performance_schema', 'information_schema']);

/** Source table → target table, or null where no route matches. Answers are cached per table. */
export type Router = (table: TableName) => TableName | null;

export function createRouter(routes: readonly Route[]): Router {
  const compiled = routes.map((route) => ({ schema: toRegExp(route.schema), table: toRegExp(route.table), to: route.to }));
  const cache = new Map<string, TableName | null>();
  const decide = (table: TableName): TableName | null => {
    if (neverForwarded.has(table.database)) return null;
    const route = compiled.find((candidate) => candidate.schema.test(table.database) && candidate.table.test(table.name));
    if (!route) return null;
    return { database: route.to?.schema ?? table.database, name: route.to?.table ?? table.name };
  };
  return (table) => {
    const key = `${table.database}\0${table.name}`;
    let target = cache.get(key);
    if (target === undefined) cache.set(key, (target = decide(table)));
    return target;
  };
}

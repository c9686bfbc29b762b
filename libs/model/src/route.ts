/** Routes: which source tables a pipeline carries, and to which target tables. The first route that matches decides. */
import { createHash } from 'node:crypto';
import type { PipelineDocument, Route } from './config.js';

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

export interface Router {
  /** Source table → target table, or null where no route matches. Answers are cached per table. */
  (table: TableName): TableName | null;
  /** Could a table of this database be routed? */
  coversDatabase(database: string): boolean;
}

export function createRouter(routes: readonly Route[]): Router {
  const compiled = routes.map((route) => ({ schema: toRegExp(route.schema), table: toRegExp(route.table), to: route.to }));
  const cache = new Map<string, TableName | null>();
  const decide = (table: TableName): TableName | null => {
    if (neverForwarded.has(table.database)) return null;
    const route = compiled.find((candidate) => candidate.schema.test(table.database) && candidate.table.test(table.name));
    if (!route) return null;
    return { database: route.to?.schema ?? table.database, name: route.to?.table ?? table.name };
  };
  const route = (table: TableName): TableName | null => {
    const key = `${table.database}\0${table.name}`;
    let target = cache.get(key);
    if (target === undefined) cache.set(key, (target = decide(table)));
    return target;
  };
  const coversDatabase = (database: string): boolean =>
    !neverForwarded.has(database) && compiled.some((candidate) => candidate.schema.test(database));
  return Object.assign(route, { coversDatabase });
}

/** Pipeline id → fingerprint of what it carries. */
export type RouteFingerprints = Readonly<Record<string, string>>;

/**
 * Tells what one pipeline carries from what any other does: capture writes it into the log, the loader holds its own against it. Names at the target count
 * too, and so does the order, because the first route that matches decides.
 */
export function carriedFingerprint({ routes, forwards }: Pick<PipelineDocument, 'routes' | 'forwards'>): string {
  const list = routes.map(({ schema, table, to }) => [schema, table, to?.schema ?? null, to?.table ?? null]);
  // As it was before there was forwarding: logs and statuses hold it.
  const text = JSON.stringify(forwards ? [...list, 'forwards'] : list);
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

/** Of a pipeline that does not forward. */
export function routesFingerprint(routes: readonly Route[]): string {
  return carriedFingerprint({ routes: [...routes], forwards: false });
}

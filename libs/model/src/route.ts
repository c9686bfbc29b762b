/**
 * Routes: which source tables a pipeline carries, and to which target tables. The first route that matches decides. What a route excludes
 * goes on to the next one; what a pipeline excludes is replicated by none of its routes.
 */
import { createHash } from 'node:crypto';
import type { PipelineDocument, Route } from './config.js';
import { isPutAside } from './put-aside.js';
import type { TableName } from './table.js';

export type { TableName };

function toRegExp(pattern: string): RegExp {
  const escaped = pattern
    .replace(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${escaped}$`, 's');
}

/** `lutra` and the server's own schemas are never forwarded, whatever a pattern says. */
export const reservedSchemas: readonly string[] = ['lutra', 'mysql', 'sys', 'performance_schema', 'information_schema'];
const neverForwarded: ReadonlySet<string> = new Set(reservedSchemas);

export interface Router {
  /** Source table → target table, or null where no route matches. Answers are cached per table. */
  (table: TableName): TableName | null;
  /** Could a table of this database be routed? */
  coversDatabase(database: string): boolean;
}

/** Its routes, each without what the pipeline excludes: the form in which routes of several pipelines may stand in one list. */
export function pipelineRoutes({ routes, exclude = [] }: Pick<PipelineDocument, 'routes' | 'exclude'>): readonly Route[] {
  if (exclude.length === 0) return routes;
  return routes.map((route) => ({ ...route, exclude: [...new Set([...(route.exclude ?? []), ...exclude])] }));
}

/** `table` is the table of that name in any schema. */
export function excludedPattern(text: string): { readonly schema: string; readonly table: string } {
  const [first = '', second] = text.split('.');
  return second === undefined ? { schema: '*', table: first } : { schema: first, table: second };
}

interface Compiled {
  readonly schema: RegExp;
  readonly table: RegExp;
}

function compile({ schema, table }: { readonly schema: string; readonly table: string }): Compiled {
  return { schema: toRegExp(schema), table: toRegExp(table) };
}

function takes({ schema, table }: Compiled, { database, name }: TableName): boolean {
  return schema.test(database) && table.test(name);
}

const anyName = /^\*+$/;

/** @param suspended tables that no route takes, though they match */
export function createRouter(routes: readonly Route[], suspended: readonly TableName[] = []): Router {
  const compiled = routes.map(({ schema, table, exclude = [], to }) => {
    const patterns = exclude.map(excludedPattern);
    const whole = patterns.filter((pattern) => anyName.test(pattern.table)).map((pattern) => toRegExp(pattern.schema));
    return { ...compile({ schema, table }), except: patterns.map(compile), whole, to };
  });
  const left = new Set(suspended.map(keyOf));
  const cache = new Map<string, TableName | null>();
  const decide = (table: TableName): TableName | null => {
    if (neverForwarded.has(table.database) || isPutAside(table.name) || left.has(keyOf(table))) return null;
    const route = compiled.find((candidate) => takes(candidate, table) && !candidate.except.some((pattern) => takes(pattern, table)));
    if (!route) return null;
    return { database: route.to?.schema ?? table.database, name: route.to?.table ?? table.name };
  };
  const route = (table: TableName): TableName | null => {
    const key = keyOf(table);
    let target = cache.get(key);
    if (target === undefined) cache.set(key, (target = decide(table)));
    return target;
  };
  const coversDatabase = (database: string): boolean =>
    !neverForwarded.has(database) &&
    compiled.some(({ schema, whole }) => schema.test(database) && !whole.some((all) => all.test(database)));
  return Object.assign(route, { coversDatabase });
}

function keyOf({ database, name }: TableName): string {
  return `${database}\0${name}`;
}

/**
 * The routes backwards: the table of the source that arrives as this one; null: none does. A renamed part is spelled out, so there is one
 * candidate a route.
 */
export function sourceTable(target: TableName, routes: readonly Route[], router: Router): TableName | null {
  const candidates = routes.map(({ schema, table, to }) => ({
    database: to?.schema === undefined ? target.database : schema,
    name: to?.table === undefined ? target.name : table,
  }));
  const arrives = (candidate: TableName): boolean => {
    const found = router(candidate);
    return found?.database === target.database && found.name === target.name;
  };
  return candidates.find(arrives) ?? null;
}

/** As a `routes` record has it: `schema.table`, and behind ` except ` what is not in it. */
export function announcedPattern({ schema, table, exclude = [] }: Route): string {
  return `${schema}.${table}${exclude.length === 0 ? '' : ` except ${exclude.join(', ')}`}`;
}

/** Uid of a pipeline → fingerprint of what it carries. */
export type RouteFingerprints = Readonly<Record<string, string>>;

/**
 * Tells what one pipeline carries from what any other does: capture writes it into the log, the loader holds its own against it. Names at
 * the target count too, and so does the order, because the first route that matches decides.
 */
export function replicationFingerprint({ forwards, ...pipeline }: Pick<PipelineDocument, 'routes' | 'exclude' | 'forwards'>): string {
  const list = pipelineRoutes(pipeline).map(({ schema, table, to, exclude = [] }) => {
    const names = [schema, table, to?.schema ?? null, to?.table ?? null];
    // As it was before there was exclusion.
    return exclude.length === 0 ? names : [...names, exclude];
  });
  // As it was before there was forwarding: logs and statuses hold it.
  const text = JSON.stringify(forwards ? [...list, 'forwards'] : list);
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

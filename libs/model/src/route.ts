/**
 * Routes: which source tables a pipeline carries, and to which target tables. The first route that matches decides. What a route excludes
 * goes on to the next one; what a pipeline excludes is replicated by none of its routes.
 */
import { createHash } from 'node:crypto';
import type { PipelineDocument, Route } from './config.js';
import type { FileRule } from './file-rule.js';
import { isPutAside } from './put-aside.js';
import { shadowReadings } from './shadow.js';
import type { ShadowKind } from './shadow.js';
import type { TableName } from './table.js';

export type { TableName };

/** Of a name or a pattern with * and ?. */
export function patternRegExp(pattern: string): RegExp {
  const escaped = pattern
    .replace(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${escaped}$`, 's');
}

/** `lutra` and the server's own schemas are never forwarded, whatever a pattern says. */
export const reservedSchemas: readonly string[] = ['lutra', 'mysql', 'sys', 'performance_schema', 'information_schema'];
const neverForwarded: ReadonlySet<string> = new Set(reservedSchemas);

/**
 * A table that an online tool makes for one that is routed · travels: it goes with that one, and a pattern takes it too · implied: it goes
 * with that one, and nothing else takes it · apart: its rows are not carried, and its statements are looked at
 */
export type Shadow = 'travels' | 'implied' | 'apart';

export interface Router {
  /** Source table → target table, or null where no route matches. Answers are cached per table. */
  (table: TableName): TableName | null;
  /** Could a table of this database be routed? */
  coversDatabase(database: string): boolean;
  /** Null: it is no shadow of a table that is routed, or nobody said what is done with those. */
  shadow(table: TableName): Shadow | null;
}

/** Of the routes as they are written. */
export interface RouteRouter extends Router {
  /** The file rules of the route that takes the table; a shadow has none. */
  filesOf(table: TableName): readonly FileRule[];
}

/** A route of a pipeline of which it is known what is done with the shadows of its tables. */
export interface FollowedRoute extends Route {
  readonly shadows?:
    | {
        /** Its uid. */
        readonly pipeline: string;
        /** They go with their tables. */
        readonly travel: boolean;
      }
    | undefined;
}

/**
 * Where something flows both ways, what the other side writes before its own swap would not be in the shadow that comes; and a shadow's
 * statements do not fit a table that has another name at the target. Decision 0034, rule 19.
 */
export function followedRoutes(
  routes: readonly Route[],
  { uid, bothWays }: { readonly uid: string; readonly bothWays: boolean },
): readonly FollowedRoute[] {
  return routes.map((route) => ({ ...route, shadows: { pipeline: uid, travel: !bothWays && route.to?.table === undefined } }));
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
  return { schema: patternRegExp(schema), table: patternRegExp(table) };
}

function takes({ schema, table }: Compiled, { database, name }: TableName): boolean {
  return schema.test(database) && table.test(name);
}

const anyName = /^\*+$/;

/** @param suspended tables that no route takes, though they match */
export function createRouter(routes: readonly FollowedRoute[], suspended: readonly TableName[] = []): RouteRouter {
  const compiled = routes.map(compiledRoute);
  const left = new Set(suspended.map(keyOf));
  const isLeft = (table: TableName): boolean => neverForwarded.has(table.database) || isPutAside(table.name) || left.has(keyOf(table));
  const shadows = new Shadows(compiled, isLeft);
  const cache = new Map<string, DecidedTable>();
  const decide = (table: TableName): DecidedTable => {
    const found = isLeft(table) ? undefined : compiled.find((route) => route.takes(table));
    const target = found ? found.target(table) : null;
    const ordinary = { target, shadow: null };
    const decided = isLeft(table) ? ordinary : (shadows.decide(table, target) ?? ordinary);
    return { ...decided, files: decided.target && decided.shadow === null ? (found?.files ?? noFiles) : noFiles };
  };
  const decided = (table: TableName): DecidedTable => {
    const key = keyOf(table);
    let known = cache.get(key);
    if (known === undefined) cache.set(key, (known = decide(table)));
    return known;
  };
  const coversDatabase = (database: string): boolean => !neverForwarded.has(database) && compiled.some((route) => route.covers(database));
  return Object.assign((table: TableName) => decided(table).target, {
    coversDatabase,
    shadow: (table: TableName) => decided(table).shadow,
    filesOf: (table: TableName) => decided(table).files,
  });
}

interface Decided {
  readonly target: TableName | null;
  readonly shadow: Shadow | null;
}

interface DecidedTable extends Decided {
  readonly files: readonly FileRule[];
}

const noFiles: readonly FileRule[] = [];

interface CompiledRoute extends Pick<FollowedRoute, 'shadows' | 'files'> {
  /** It names one table, and this is it: whatever it is called, it is no shadow. */
  names(table: TableName): boolean;
  takes(table: TableName): boolean;
  excludes(table: TableName): boolean;
  /** It takes some table whose name begins so. */
  takesLike(begin: TableName): boolean;
  covers(database: string): boolean;
  target(table: TableName): TableName;
}

function compiledRoute({ schema, table, exclude = [], to, shadows, files }: FollowedRoute): CompiledRoute {
  const own = compile({ schema, table });
  const patterns = exclude.map(excludedPattern);
  const except = patterns.map(compile);
  const whole = patterns.filter((pattern) => anyName.test(pattern.table)).map((pattern) => patternRegExp(pattern.schema));
  const excludes = (of: TableName): boolean => except.some((pattern) => takes(pattern, of));
  return {
    ...(shadows && { shadows }),
    ...(files && { files }),
    names: (of) => table === of.name && takes(own, of) && !excludes(of),
    takes: (of) => takes(own, of) && !excludes(of),
    excludes,
    takesLike: ({ database, name }) => own.schema.test(database) && mayBegin(table, name),
    covers: (database) => own.schema.test(database) && !whole.some((all) => all.test(database)),
    target: ({ database, name }) => ({ database: to?.schema ?? database, name: to?.table ?? name }),
  };
}

/** Some name that the pattern matches begins so. */
function mayBegin(pattern: string, begin: string): boolean {
  for (const [at, letter] of Array.from(begin).entries()) {
    const of = Array.from(pattern)[at];
    if (of === '*') return true;
    if (of !== '?' && of !== letter) return false;
  }
  return true;
}

/** What is done with the shadow of a table: as its pipeline says of the first route that takes the table. Of several, one may carry it. */
class Shadows {
  readonly #pipelines: readonly (readonly CompiledRoute[])[];
  readonly #isLeft: (table: TableName) => boolean;

  constructor(compiled: readonly CompiledRoute[], isLeft: (table: TableName) => boolean) {
    const grouped = Map.groupBy(compiled, ({ shadows }) => shadows?.pipeline);
    this.#pipelines = [...grouped].flatMap(([pipeline, routes]) => (pipeline === undefined ? [] : [routes]));
    this.#isLeft = isLeft;
  }

  /** Null: an ordinary table. `target`: what the patterns say. */
  decide(table: TableName, target: TableName | null): Decided | null {
    if (this.#pipelines.length === 0) return null;
    const found = this.#pipelines.flatMap((routes) => this.#decideOne(routes, table) ?? []);
    const wanted = found.find((one) => one.target !== null);
    if (wanted) return wanted.shadow === null || target === null ? wanted : { ...wanted, shadow: 'travels' };
    return found.find(({ shadow }) => shadow !== null) ?? found[0] ?? null;
  }

  #decideOne(routes: readonly CompiledRoute[], table: TableName): Decided | null {
    const ordinary = routes.find((route) => route.takes(table));
    if (ordinary && routes.some((route) => route.names(table))) return { target: ordinary.target(table), shadow: null };
    const { route, kind } = this.#madeFor(routes, table) ?? {};
    if (!route) return ordinary ? { target: ordinary.target(table), shadow: null } : null;
    if (kind === 'notes') return { target: null, shadow: null };
    if (!route.shadows?.travel || route.excludes(table)) return { target: null, shadow: 'apart' };
    return { target: route.target(table), shadow: 'implied' };
  }

  #madeFor(routes: readonly CompiledRoute[], { database, name }: TableName): MadeFor | null {
    for (const { kind, of, isCut } of shadowReadings(name)) {
      const table = { database, name: of };
      if (this.#isLeft(table)) continue;
      const route = routes.find((one) => one.takes(table)) ?? (isCut ? routes.find((one) => one.takesLike(table)) : undefined);
      if (route) return { route, kind };
    }
    return null;
  }
}

interface MadeFor {
  readonly route: CompiledRoute;
  readonly kind: ShadowKind;
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
 * the target count too, and so does the order, because the first route that matches decides. File rules do not: they change no record.
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

/** Which pairs of tables a verification compares. A pair that flows both ways is compared once, by the pipeline that comes first. */
import { createRouter, maxVerifiedTables, sourceTable, SyncError, tableName } from '@lutra/model';
import type { Route, TableName } from '@lutra/model';
import type { VerifiedPipeline } from './assignments.js';

export interface ListedPair {
  readonly pipeline: VerifiedPipeline;
  /** At the source. */
  readonly source: TableName;
  readonly target: TableName;
  readonly twoWay: boolean;
  /** It is not there on that side; null: it is there on both. */
  readonly missingAt: 'source' | 'target' | null;
  /** Other pipelines write the target's table, or keep rows there. */
  readonly mayBeExtra: boolean;
  /** Other pipelines write the target's table. */
  readonly isFedByOthers: boolean;
}

export interface ListOptions {
  /** Whose tables are compared. */
  readonly pipelines: readonly VerifiedPipeline[];
  /** Of the channel; they say what flows back. */
  readonly all: readonly VerifiedPipeline[];
  /** `schema.table` */
  readonly patterns: readonly string[];
  /** Base tables of an endpoint. */
  readonly tablesOf: (endpoint: string) => readonly TableName[];
  /** A rule keeps rows at the target that the source does not have. */
  readonly keepsRows: (target: TableName) => boolean;
}

export function listPairs(options: ListOptions): readonly ListedPair[] {
  const { pipelines, tablesOf } = options;
  const wanted = createRouter(options.patterns.map(patternRoute));
  const listed: ListedPair[] = [];
  const compared = new Set<string>();
  for (const pipeline of pipelines) {
    const router = createRouter(pipeline.routes);
    const there = tablesOf(pipeline.source.name);
    const here = new Set(tablesOf(pipeline.target.name).map(tableName));
    const back = options.all.filter((other) => other.source.name === pipeline.target.name && other.target.name === pipeline.source.name);
    const add = (source: TableName, target: TableName, missingAt: ListedPair['missingAt']): void => {
      if (wanted(source) === null || router.shadow(source) === 'implied') return;
      if (compared.has(pairKey(pipeline.target.name, target, pipeline.source.name, source))) return;
      compared.add(pairKey(pipeline.source.name, source, pipeline.target.name, target));
      const twoWay = back.some(({ routes }) => arrives(routes, target, source));
      const fedByOthers = isFedByOthers(pipeline, target);
      const mayBeExtra = fedByOthers || options.keepsRows(target);
      listed.push({ pipeline, source, target, twoWay, missingAt, mayBeExtra, isFedByOthers: fedByOthers });
    };
    for (const source of there) {
      const target = router(source);
      if (target) add(source, target, here.has(tableName(target)) ? null : 'target');
    }
    const known = new Set(there.map(tableName));
    for (const target of tablesOf(pipeline.target.name)) {
      const source = sourceTable(target, pipeline.routes, router);
      if (source && !/[*?]/.test(tableName(source)) && !known.has(tableName(source))) add(source, target, 'source');
    }
  }
  return listed;
}

/**
 * The naive way compares the first of them. Counter-example: the rest is in no answer, and all that is in it is equal.
 * @throws SyncError CONFIG_INVALID
 */
export function requireFew({ length }: readonly ListedPair[]): void {
  if (length <= maxVerifiedTables) return;
  const what = `${length} tables are to be compared, and one order takes ${maxVerifiedTables}`;
  throw new SyncError('CONFIG_INVALID', `${what}: cancel it, and order them in parts (tables)`);
}

/** Tables of sources that arrive as this one, by this pipeline and by others: a row may be of any of them. */
function isFedByOthers({ others, routes }: VerifiedPipeline, target: TableName): boolean {
  const feeds = [routes, ...others].flatMap((list) => sourcesOf(list, target));
  return feeds.length > 1;
}

/** A renamed part has no wildcards, so there is one candidate a route. */
function sourcesOf(routes: readonly Route[], target: TableName): readonly string[] {
  const candidates = routes.map(({ schema, table, to }) => ({
    database: to?.schema === undefined ? target.database : schema,
    name: to?.table === undefined ? target.name : table,
  }));
  return [...new Set(candidates.filter((candidate) => arrives(routes, candidate, target)).map(tableName))];
}

function arrives(routes: readonly Route[], from: TableName, to: TableName): boolean {
  const found = createRouter(routes)(from);
  return found !== null && tableName(found) === tableName(to);
}

function pairKey(...parts: readonly (string | TableName)[]): string {
  return parts.map((part) => (typeof part === 'string' ? part : `${part.database}\0${part.name}`)).join('\0\0');
}

/** `schema.table`, split at the first dot. */
export function patternRoute(text: string): Route {
  const dot = text.indexOf('.');
  return dot < 0 ? { schema: '*', table: text } : { schema: text.slice(0, dot), table: text.slice(dot + 1) };
}

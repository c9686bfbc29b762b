/**
 * What a log says about the tables that are in it. A position in a log is worth something to a pipeline only if the log has held the
 * pipeline's tables from there on: the topic of an endpoint goes on when a pipeline is removed, without its tables, and nothing in `seq`
 * tells. The `routes` records do. Pure.
 */
import type { PipelineDocument } from './config.js';
import type { PipelineUid } from './pipeline-uid.js';
import type { ControlRecord } from './record.js';
import { announcedPattern, replicationFingerprint, createRouter, pipelineRoutes } from './route.js';
import type { RouteFingerprints, TableName } from './route.js';
import type { Suspension } from './suspension.js';
import type { RevisionMark } from './tree-revision.js';

/** What a `routes` record says, and ZooKeeper's copy of it. */
export interface Announced extends RevisionMark {
  /** Patterns, `schema.table`, with ` except a, b.c` behind one that does not hold all of them. */
  readonly tables: readonly string[];
  readonly pipelines: RouteFingerprints;
  /** Of the same pipelines: uid → `<channel>.<pipeline>`. */
  readonly names: Readonly<Record<string, string>>;
  /** Tables that these patterns match and that are not in the log from here on: unread, or suspended there. Absent: none. */
  readonly suspended?: readonly Suspension[] | undefined;
}

/** What a `routes` record says. */
export function announcedBy(record: Extract<ControlRecord, { kind: 'routes' }>): Announced {
  const { revision, write, tables, pipelines, names, suspended } = record;
  return { revision, write, tables, pipelines, names, ...(suspended && { suspended }) };
}

/** Whose position it is. */
export type ReplicatingPipeline = Pick<PipelineDocument, 'uid' | 'routes' | 'exclude' | 'forwards'>;

/** Does capture know the pipeline, by these routes or by other ones? */
export function isNamed({ pipelines }: Pick<Announced, 'pipelines'>, uid: PipelineUid): boolean {
  return Object.hasOwn(pipelines, uid);
}

/**
 * May a pipeline that has applied all before the record go on behind it? One that is named gets its rows, under routes that were in force
 * until they changed.
 */
export function isReplicated(announced: Pick<Announced, 'tables' | 'pipelines'>, pipeline: ReplicatingPipeline): boolean {
  return isNamed(announced, pipeline.uid) || isHeld(announced, pipeline);
}

/**
 * From the record on, does the topic hold all that the pipeline carries now? Errs on the side of no. Counter-example for asking by name
 * alone: a dump, then a table is added to the routes; what happened in it between the two is in no topic, although the pipeline was named
 * all the time.
 */
export function isHeld(announced: Pick<Announced, 'tables' | 'pipelines' | 'suspended'>, pipeline: ReplicatingPipeline): boolean {
  if (suspendedOf(announced, pipeline).length > 0) return false;
  if (announced.pipelines[pipeline.uid] === replicationFingerprint(pipeline)) return true;
  // Of whose routes copies are forwarded, the record does not say.
  if (pipeline.forwards) return false;
  return pipelineRoutes(pipeline).every((route) => {
    const own = announcedPattern(route);
    return announced.tables.some((pattern) => pattern === own || contains(pattern, `${route.schema}.${route.table}`));
  });
}

/** Does the log hold changes of the table from the record on, which the pipeline carries? Errs on the side of no, as isHeld(). */
export function holdsTable(
  announced: Pick<Announced, 'tables' | 'pipelines' | 'suspended'>,
  table: TableName,
  pipeline: ReplicatingPipeline,
): boolean {
  if (suspendedOf(announced, pipeline).some(({ database, name }) => database === table.database && name === table.name)) return false;
  if (announced.pipelines[pipeline.uid] === replicationFingerprint(pipeline)) return true;
  return announced.tables.some((pattern) => contains(pattern, `${table.database}.${table.name}`));
}

/** Of the tables that the log leaves out, those that the pipeline would carry. */
export function suspendedOf(
  { suspended = [] }: Pick<Announced, 'suspended'>,
  pipeline: Pick<ReplicatingPipeline, 'routes' | 'exclude'>,
): readonly Suspension[] {
  if (suspended.length === 0) return [];
  const router = createRouter(pipelineRoutes(pipeline));
  return suspended.filter((table) => router(table) !== null);
}

/** Whether every name that `inner` matches is matched by `outer`: a `*` of `inner` can only be met by one of `outer`. */
function contains(outer: string, inner: string): boolean {
  const source = outer
    .replace(/[+^${}()|[\]\\]/g, String.raw`\$&`)
    .replaceAll('.', String.raw`\.`)
    .replaceAll('*', '[^.]*')
    .replaceAll('?', '[^.*]');
  return new RegExp(`^${source}$`, 's').test(inner);
}

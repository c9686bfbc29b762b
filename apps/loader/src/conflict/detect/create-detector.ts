/**
 * The conflict detector of one run of a pipeline, put together from what the channel says; null where tables flow one way and have no
 * rules.
 */
import type { Checkpoint } from '@lutra/marker';
import { createRouter, rowsTopic, rowToJson, sourceTable, SyncError } from '@lutra/model';
import type { ControlRecord, RegionDocument, Router, TableName } from '@lutra/model';
import { asSource, Collations, keysOf } from '@lutra/mysql';
import type { ConnectionOptions, TargetTable } from '@lutra/mysql';
import { kafkaClient } from '@lutra/registry';
import type { LoaderDeps } from '../../loader-run.js';
import { omit } from '../../observe/omit.js';
import { GoneAtSource } from '../drops/gone-at-source.js';
import { LeftOutRows } from '../../plan/left-out-rows.js';
import { refusedFor } from '../../plan/table-matcher.js';
import type { TargetWriter } from '../../commit/target-writer.js';
import type { DetectionWork, LoaderWork } from '../../assignments.js';
import { conflictEvents } from '../record/conflict-event.js';
import type { Conflict } from '../record/conflict-record.js';
import { ConflictDetector } from './conflict-detector.js';
import type { DetectorOptions } from './detector-options.js';
import type { Peer } from './peer.js';
import { Peers } from './peers.js';
import { ConflictFiles } from '../files/conflict-files.js';
import { ruleBook } from '../decide/rules.js';
import { TableBook } from './table-book.js';
import type { TargetTables } from './table-book.js';
import { Watermark } from './watermark.js';

export interface DetectorParts {
  readonly writer: TargetWriter;
  readonly tables: TargetTables;
  /** Of a table of the target: the pipeline does not write it. */
  isSuspended(table: TableName): boolean;
  readonly target: ConnectionOptions;
  readonly checkpoint: Checkpoint;
  /** As the configuration says it now: an edit that waits until a transaction is written may be what that waits for. */
  newest(): LoaderWork;
  /** See DetectorOptions. */
  replaces(table: TableName): boolean;
  /** Null: no table of this pipeline has file rules. */
  readonly files: ConstructorParameters<typeof ConflictFiles>[0] | null;
  readonly signal: AbortSignal;
}

interface KeyParts extends DetectorParts {
  readonly collations: Collations;
  readonly gone: GoneAtSource;
}

export interface Detection {
  readonly detector: ConflictDetector;
  /** What it works with. */
  readonly parts: DetectorOptions;
  /** The target's changes of the table are in its own topic: it flows both ways. */
  flowsBack(table: TableName): boolean;
  readonly leftOut: LeftOutRows;
  /** A resolution of this channel: another one's loaders meet the conflicts of their own tables. */
  concerns(resolution: Extract<ControlRecord, { kind: 'resolution' }>): boolean;
  close(): Promise<void>;
}

export function createDetector(deps: LoaderDeps, work: LoaderWork, parts: DetectorParts): Detection | null {
  if (!work.detector) return null;
  const { metrics, logger } = deps;
  const { writer, target, checkpoint, signal } = parts;
  const { conflicts, back, targetRegion } = work.detector;
  const rules = ruleBook(conflicts, { source: work.source.region, target: work.target.region });
  const goesBack = createRouter(back.flatMap(({ routes }) => routes));
  const router = createRouter(work.routes);
  const watermark = new Watermark(target, { pipeline: work.uid, epoch: checkpoint.epoch });
  const collations = new Collations((sql) => watermark.query(sql));
  const gone = new GoneAtSource({ query: (sql) => watermark.query(sql), pipeline: work.uid, region: work.source.region });
  const onWaiting = (what: string | null): void => logger.warn(what === null ? 'goes on' : `waits for ${what}`);
  const { during } = deps.status.waits;
  const peers = new Peers({
    peers: peersOf(deps, work, work.detector, { ...parts, collations, gone }),
    watermark,
    name: work.id,
    metrics,
    signal,
    onWaiting,
    requireWanted: (peer) => requireWanted(peer, parts.newest()),
    during,
  });
  const tell = deps.events.of(targetRegion, work.target);
  const targetOf = targetsOf(work, parts);
  const flowsBack = (table: TableName): boolean => goesBack(table) !== null;
  const { omissions } = deps.registry;
  const leftOut = new LeftOutRows({
    pipeline: { uid: work.uid, name: work.id },
    query: (sql) => watermark.query(sql),
    omit: (omission) => omit({ omissions, uid: work.uid, during, signal }, omission, 'something is left out of rows'),
    metrics,
    logger,
  });
  const options: DetectorOptions = {
    writer,
    key: { pipeline: work.uid, part: 0, lane: 0, epoch: checkpoint.epoch },
    of: work,
    rules,
    tables: new TableBook({ rules, collations, flowsBack }),
    collations,
    resolutionTables: {
      targetOf: async (table) => {
        const name = router(table);
        return name && targetOf(name);
      },
    },
    peers,
    replaces: parts.replaces,
    files: parts.files && new ConflictFiles(parts.files),
    leave: (left, { resolution: { database: db, table, key, row }, checkpoint: { logId: log, seq } }) =>
      leftOut.note(left, {
        event: { op: 'u', before: key, after: row, source: { db, table, gtid: null } },
        position: { log, seq },
        key: rowToJson(key),
      }),
    onConflicts: (found, of) => {
      for (const conflict of found) {
        metrics.conflicts.inc({ name: work.id, ...described(conflict) });
        logger.debug(described(conflict), 'decided a conflict');
      }
      const about = { ...of, pipeline: work.id, uid: work.uid, region: targetRegion.name, final: rules.targetIsHome || peers.none };
      const events = conflictEvents(found, about);
      for (const event of events) tell(event);
      metrics.eventsDropped.inc({ name: work.id }, found.length - events.length);
    },
  };
  const detector = new ConflictDetector(options);
  const close = async (): Promise<void> => {
    await leftOut.close();
    await peers.close();
  };
  const concerns: Detection['concerns'] = ({ channel }) => channel === work.channel;
  return { detector, parts: options, flowsBack, leftOut, concerns, close };
}

function requireWanted({ pipeline, toSource, region }: Pick<Peer, 'pipeline' | 'toSource' | 'region'>, { id, detector }: LoaderWork): void {
  const [uid, wanted] = pipeline === null ? [toSource, detector?.back] : [pipeline, detector?.otherWriters];
  if (wanted?.some((one) => one.uid === uid)) return;
  const what = `pipeline ${id} waits for changes of ${region}, and the pipeline that they come by (uid ${uid}) was removed`;
  throw new SyncError('CONFIG_BEHIND', what, { details: { pipeline: id } });
}

/** No values: rows are in lutra.conflict. */
function described({ table, type, policy, winner }: Conflict): Readonly<Record<'table' | 'type' | 'policy' | 'winner', string>> {
  return { table: `${table.database}.${table.name}`, type, policy, winner };
}

/** The logs in which somebody else's changes of the target's rows are told: the target's own, and those of third regions. */
function peersOf(deps: LoaderDeps, work: LoaderWork, detector: DetectionWork, parts: KeyParts): readonly Peer[] {
  const { targetRegion, back, otherWriters } = detector;
  const peer = (region: RegionDocument, endpoint: string, { router, ...of }: PeerOf): Peer => ({
    ...of,
    region: region.name,
    log: logOf({ deps, work, detector, parts }, { region, endpoint, router, pipeline: of.pipeline }),
  });
  return [
    // In the target's own log the tables have the target's names.
    ...back.map(({ uid, routes }) => {
      const carries = createRouter(routes);
      const router = routerOf(carries, (table) => (carries(table) === null ? null : table));
      return peer(targetRegion, work.target.name, { pipeline: null, toSource: uid, router });
    }),
    ...otherWriters.flatMap((third) => {
      const { uid, source, region } = third;
      return waysOf(third).map((way) => peer(region, source.name, { pipeline: uid, ...way }));
    }),
  ];
}

type PeerOf = Pick<Peer, 'pipeline' | 'toSource'> & { readonly router: Router };

/** A third region's changes reach the source by one pipeline or by several; each counts the tables that it carries there. */
function waysOf({ routes, toSource }: DetectionWork['otherWriters'][number]): readonly Omit<PeerOf, 'pipeline'>[] {
  const here = createRouter(routes);
  return toSource.map((way, i) => {
    const told = createRouter(way.routes);
    // Of a table that the source is never told about it has seen nothing: the first one counts it.
    const others = i === 0 ? createRouter(toSource.flatMap((other) => other.routes)) : null;
    const counts = (table: TableName): boolean => told(table) !== null || (others !== null && others(table) === null);
    return { toSource: way.uid, router: routerOf(here, (table) => (counts(table) ? here(table) : null)) };
  });
}

interface OfPipeline {
  readonly deps: LoaderDeps;
  readonly work: LoaderWork;
  readonly detector: DetectionWork;
  readonly parts: KeyParts;
}

interface OfLog extends Pick<PeerOf, 'pipeline' | 'router'> {
  readonly region: RegionDocument;
  readonly endpoint: string;
}

/** `router`: from the names in that log to those at the target. */
function logOf(
  { deps, work, detector: { conflicts, otherWriters }, parts }: OfPipeline,
  { region, endpoint, router, pipeline }: OfLog,
): Peer['log'] {
  const targetOf = targetsOf(work, parts);
  return {
    bus: { ...kafkaClient(deps.secretKey, region), clientId: `lutra-loader-${work.id}-recent-changes`, logger: deps.logger },
    topic: rowsTopic(endpoint),
    pipeline: work.uid,
    others: [work.source, work.target, ...otherWriters.map(({ source }) => source)].map(({ region: name }) => name),
    withRows: conflicts.home === work.target.region,
    isGone: async (table, seen) => {
      const name = pipeline === null ? router(table) : null;
      return name !== null && parts.gone.leavesOut(name, seen);
    },
    kafka: deps.io.kafka,
    schemas: deps.schemas,
    keysOf: async (table) => {
      const name = router(table);
      const target = name && (await targetOf(name));
      return target && keysOf(table, target, parts.collations);
    },
    keysOfResolution: async ({ channel, ...table }) => {
      const name = channel === work.channel ? router(table) : null;
      const target = name && (await targetOf(name));
      return target && keysOf(asSource(target), target, parts.collations);
    },
    tells: (table) => pipeline === null && router(table) !== null,
    signal: parts.signal,
  };
}

/** What a table's definition refuses names the table of the source; null: nothing is written to it. */
function targetsOf({ routes }: LoaderWork, { tables, isSuspended }: DetectorParts): (name: TableName) => Promise<TargetTable | null> {
  const router = createRouter(routes);
  return async (name) => {
    if (isSuspended(name)) return null;
    return tables.of(name).catch((error: unknown) => {
      const source = sourceTable(name, routes, router);
      throw source ? refusedFor(error, source) : error;
    });
  };
}

function routerOf({ coversDatabase, shadow }: Router, route: (table: TableName) => TableName | null): Router {
  return Object.assign(route, { coversDatabase, shadow });
}

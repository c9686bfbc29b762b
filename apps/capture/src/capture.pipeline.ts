/**
 * ★ The table of contents of capture: one source endpoint → its topic.
 *
 *   claim the log (epoch, tail), with the newest routes → see that markers come back → go on elsewhere, if that was ordered
 *   → read the binlog from the tail's position → transactions: marker, routes, `last`, `seen`, signals
 *   → number and encode → one request in flight → acknowledged: metrics, ZooKeeper's copy of the position
 *
 * The log is the checkpoint: nothing that is kept elsewhere can disagree with it. A restart, at any instant, begins after the last
 * complete transaction in the log. What cannot be carried over faithfully ends the run with a named error; nothing is skipped.
 */
import { RecordDecoder, RecordEncoder } from '@lutra/avro';
import { checkStart, holdServerId, readBinlog, sourceState } from '@lutra/binlog';
import { BusAdmin, Publisher, requestTimeoutFor } from '@lutra/bus';
import type { BusOptions } from '@lutra/bus';
import type { EventQueues } from '@lutra/host';
import { announcedPattern, createRouter, rowsTopic, SyncError, without } from '@lutra/model';
import type { Announced, EndpointDocument, RegionDocument, Route, RouteFingerprints, Suspension } from '@lutra/model';
import { openPassword } from '@lutra/registry';
import type { Keyring, Registry, SchemaStore } from '@lutra/registry';
import type { StatusReporter } from '@lutra/runtime';
import type { Logger, Metrics, Traces } from '@lutra/telemetry';
import { claimLog } from './claim.js';
import { CopyKeeper } from './copy-keeper.js';
import { DdlOmissions } from './ddl-omissions.js';
import { whoEvicted } from './eviction.js';
import { Heartbeats } from './heartbeats.js';
import { warnOnce } from './ignored.js';
import { LogWriter } from './log-writer.js';
import { requireMarkers } from './markers.js';
import { requireNameCase } from './name-case.js';
import { isOwnTable } from './own-tables.js';
import { PreparedWatch } from './prepared-watch.js';
import { Progress } from './progress.js';
import { carryOutRestart } from './restart.js';
import { requireCurrentRoutes } from './routes-check.js';
import { requireRowsUntil } from './rows-until.js';
import { knownPlace, startOf } from './start-place.js';
import { standingRows, suspendedHere, TablesSuspended } from './suspended-here.js';
import type { Writer } from './suspended-here.js';
import { TransactionTracker } from './transactions.js';
import { namingTable, stillSuspended, suspensionsOf } from './unreadable.js';
import type { StoppingChannel } from './unreadable.js';

export interface CaptureWork {
  readonly endpoint: EndpointDocument;
  readonly region: RegionDocument;
  /** Of all pipelines that read this endpoint. */
  readonly routes: readonly Route[];
  /** Of those that carry on what loaders wrote here. */
  readonly forwarded: readonly Route[];
  /** What they carry, pipeline by pipeline. */
  readonly pipelines: RouteFingerprints;
  /** Channels at work for which a table that cannot be read stops the endpoint. */
  readonly stopping: readonly StoppingChannel[];
  /** Pipelines that write here, in channels that flow both ways: what they suspend here is left out of the log. */
  readonly writers: readonly Writer[];
  /** A loader writes to it too: what it wrote must be known by its marker. */
  readonly isTarget: boolean;
}

export interface CaptureDeps {
  readonly registry: Registry;
  readonly schemas: SchemaStore;
  readonly secretKey: Keyring;
  readonly instance: string;
  readonly metrics: Metrics;
  readonly traces?: Traces | null;
  readonly events: EventQueues;
  readonly logger: Logger;
  readonly status: StatusReporter;
}

/** Bytes of decoded rows, and of encoded records, that may wait; and of one produce request. */
const binlogBufferBytes = 512 * 1024;
const queueBytes = 1024 * 1024;
const batchBytes = 512 * 1024;

interface Lead {
  readonly leaseNumber: number;
  readonly signal: AbortSignal;
}

/**
 * One leadership: works until the signal aborts or something fails. A table that cannot be read, or was suspended here by a loader, costs a
 * claim of the log and no failure where it may be suspended.
 */
export async function runCapture(deps: CaptureDeps, work: CaptureWork, lead: Lead): Promise<void> {
  for (let met: readonly Suspension[] = []; ;) {
    try {
      return await captureOnce(deps, work, { ...lead, met });
    } catch (thrown) {
      if (lead.signal.aborted) throw thrown;
      const found = without(suspensionsOf(thrown, work, Date.now()), met);
      // Met although it is left out: then it is another cause.
      if (found.length === 0) throw thrown;
      for (const { database, name, code, where } of found)
        deps.logger.warn({ database, table: name, code, where }, 'a table is left out of the log from here on: it is suspended');
      met = [...met, ...found];
    }
  }
}

async function captureOnce(deps: CaptureDeps, work: CaptureWork, lead: Lead & { readonly met: readonly Suspension[] }): Promise<void> {
  const { endpoint, region } = work;
  const topic = rowsTopic(endpoint.name);
  const ended = new AbortController();
  const signal = AbortSignal.any([lead.signal, ended.signal]);
  const source = {
    host: endpoint.host,
    port: endpoint.port,
    user: endpoint.user,
    password: openPassword(deps.secretKey, endpoint),
    tls: endpoint.tls,
    publicKey: endpoint.publicKey,
  };
  const bus: BusOptions = {
    brokers: region.kafka.brokers,
    tls: region.kafka.tls,
    clientId: `lutra-capture-${endpoint.name}`,
    logger: deps.logger,
    requestTimeoutMs: requestTimeoutFor(endpoint.topic.maxMessageBytes),
  };
  const { metrics } = deps;
  const { during } = deps.status.waits;
  const [kafka, server] = [
    `Kafka of region ${region.name} (${region.kafka.brokers.join(', ')})`,
    `the source ${source.host}:${source.port}`,
  ];
  const name = endpoint.name;
  metrics.disconnected(name, 'source', 'kafka');
  const askedAt = Date.now();
  const state = await during(server, () => sourceState(source));
  metrics.connected.set({ name, to: 'source' }, 1);
  requireNameCase(name, state, work.routes);
  const admin = new BusAdmin(bus);
  const publisher = new Publisher({ ...bus, topic, maxBatchBytes: endpoint.topic.maxMessageBytes });
  let giveBack = (): void => undefined;
  try {
    await during(kafka, () => admin.ensureTopic(topic, endpoint.topic));
    publisher.limitRequests(await during(kafka, () => admin.requestLimit(topic)));
    metrics.connected.set({ name, to: 'kafka' }, 1);
    const encoder = new RecordEncoder({ topic, endpoint: endpoint.name, ids: deps.schemas });
    const decoder = new RecordDecoder({ ids: deps.schemas });
    const { logs, restarts } = deps.registry;
    const { leaseNumber } = lead;
    const parts = { bus, admin, publisher, encoder, decoder, logs, signal };
    const claiming = { endpoint: endpoint.name, topic, leader: `${deps.instance}:${leaseNumber}`, leaseNumber, ...parts };
    const claimed = await during(`${kafka} or ZooKeeper, to claim the log`, () => claimLog(claiming));
    // Not before the claim: who claims after us looks after us, so routes that were once in force never go back to older ones.
    const { announced: known } = claimed.tail;
    const revision = await during('ZooKeeper, for the newest routes', () => requireCurrentRoutes(deps.registry, work, known));
    const owner = { serverId: endpoint.serverId, owner: claimed.log };
    giveBack = await during(server, () => holdServerId(source, owner));
    // Nor this: its dump cuts off who reads under the same server id, which only the one that holds the lease may do.
    await during(`its probe to come back through the binlog of ${server}`, () => requireMarkers(deps, work, { source, state, signal }));
    const claim = await carryOutRestart({ endpoint: endpoint.name, source, restarts, publisher, encoder, logger: deps.logger }, claimed);
    const start = startOf(claim, endpoint, state);
    // Before the first record: with it the log has a place, and another `start` in the configuration would no longer count.
    if (claim.tail.position === null) await during(server, () => checkStart(source, () => start));
    const { seen, remedies, rowsUntil } = claim.tail;
    await during(server, () => requireRowsUntil(source, start, rowsUntil));
    deps.logger.info({ epoch: claim.epoch, log: claim.log, nextSeq: claim.nextSeq, from: start }, 'claimed the log');
    deps.status.update({ epoch: claim.epoch, log: claim.log });
    // A table's first row must not wait for a ZooKeeper that is away.
    void deps.schemas.prefetch?.(`${topic}-`);

    const suspended = stillSuspended(claim.tail.announced?.suspended ?? [], lead.met, work.routes);
    const router = createRouter(work.routes, suspended);
    const here = { writers: work.writers, router, foldsNames: state.lowerCaseTableNames === 1 };
    // Not before the claim either: what an owner of the log has passed over until then stands at the server by now.
    const standing = await during(server, () => standingRows(source, work.writers));
    const met = suspendedHere(standing, here, { where: `${start.file}:${start.pos}`, at: Date.now() });
    if (met.length > 0) throw new TablesSuspended(met);
    deps.status.update({ suspended });
    const announced: Announced = {
      revision,
      tables: work.routes.map(announcedPattern),
      pipelines: work.pipelines,
      ...(suspended.length > 0 && { suspended }),
    };
    const progress = new Progress(deps, endpoint.name);
    progress.looked({ file: state.file, pos: state.pos, at: askedAt });
    metrics.queueCapacity.set({ name }, queueBytes);
    const tell = deps.events.of(region, endpoint);
    const prepared = new PreparedWatch({ endpoint, tell, status: deps.status, logger: deps.logger });
    prepared.changed([]);
    const omissions = new DdlOmissions(deps, { endpoint, tell, signal });
    omissions.found(claim.tail.ddl);
    const copies = new CopyKeeper({
      endpoint: endpoint.name,
      logs: deps.registry.logs,
      version: claim.copyVersion,
      server: state.serverUuid,
      firstSeq: claim.nextSeq,
      routes: announced,
      logger: deps.logger,
      mayMove: () => !omissions.isWaiting,
      onLost: (error) => ended.abort(error),
    });
    const writer = new LogWriter({
      publisher: { publish: (records) => during(`${kafka} to take ${records.length} records`, () => publisher.publish(records)) },
      during,
      encoder,
      log: claim.log,
      epoch: claim.epoch,
      nextSeq: claim.nextSeq,
      nextOffset: claim.nextOffset,
      queueBytes,
      batchBytes: Math.min(batchBytes, endpoint.topic.maxMessageBytes / 2),
      onAcknowledged: (records) => {
        // Not before: a new log that starts "now" begins with its first heartbeat, and who sees us running relies on that.
        deps.status.update({ state: 'running', waitingFor: null, lastError: null });
        progress.acknowledged(records);
        omissions.acknowledged(records);
        copies.acknowledged(records);
      },
    });
    const read = async (): Promise<void> => {
      const wants = (table: { database: string; name: string }): boolean => isOwnTable(table) || router(table) !== null;
      const tracker = new TransactionTracker({
        endpoint: endpoint.name,
        region: endpoint.region,
        connector: state.flavor,
        version: state.version,
        router,
        forwarded: createRouter(work.forwarded, suspended),
        ddl: endpoint.ddl,
        foldsNames: here.foldsNames,
        seen,
        rowsUntil,
        now: Date.now,
      });
      /** Remedies that come once more: they are in the log already (tail.ts). */
      let published = remedies;
      const heartbeats = new Heartbeats(endpoint.name, writer);
      const warn = warnOnce(deps.logger);
      const writeRow = namingTable((table, event) => writer.row(table, event));
      // First of all records: a log that ended before it would not say where to go on.
      await heartbeats.now({ position: start, seen, remedies, rowsUntil });
      await writer.control({
        kind: 'routes',
        endpoint: endpoint.name,
        ...announced,
        server: state.serverUuid,
        tsMs: Date.now(),
      });
      const items = readBinlog({
        ...source,
        serverId: endpoint.serverId,
        start: start.gtidSet === null ? start : { gtidSet: start.gtidSet },
        known: knownPlace(claim),
        wants,
        onUnwanted: () => progress.unwanted(),
        onSourceEnd: (end) => {
          progress.looked(end);
          prepared.look(Date.now());
        },
        onPrepared: (now) => prepared.changed(now),
        bufferBytes: binlogBufferBytes,
        logger: deps.logger,
        signal,
      });
      for await (const item of items) {
        for (const output of tracker.accept(item)) {
          switch (output.kind) {
            case 'row':
              await writeRow(output.table, output.event);
              break;
            case 'ddl':
              await writer.control({
                kind: 'ddl',
                endpoint: endpoint.name,
                database: output.database,
                sql: output.sql,
                statement: output.statement,
                tables: output.tables,
                position: output.end,
                tsMs: Date.now(),
              });
              break;
            case 'signal':
              if (output.record.kind === 'remedy' && published-- > 0) break;
              // At once: a loader holds the locks of rows until it reads its watermark in the topic.
              await writer.control(output.record);
              break;
            case 'suspended': {
              const { rows, at } = output;
              const found = suspendedHere(rows, here, { where: `${at.file}:${at.pos}`, at: Date.now() });
              if (found.length > 0) throw new TablesSuspended(found);
              // It costs nothing by what this process knows: that must be the newest.
              await during('ZooKeeper, for the newest routes', () => requireCurrentRoutes(deps.registry, work, null));
              break;
            }
            case 'ignored':
              progress.ignored(output.what);
              warn(output);
              break;
            case 'boundary':
              progress.boundary(output, writer);
              await heartbeats.maybe(output, Math.max(0, published));
          }
        }
      }
    };
    await allOrNone([read(), writer.run(signal)], ended);
  } catch (thrown) {
    throw await whoEvicted(thrown, { endpoint: endpoint.name, logs: deps.registry.logs, signal: lead.signal });
  } finally {
    ended.abort(new SyncError('ABORTED', 'the leadership ended'));
    metrics.disconnected(name, 'source', 'kafka');
    giveBack();
    await Promise.allSettled([publisher.close(), admin.close()]);
  }
}

/** Waits for all; the first failure, or what else ended them, ends the others and is the one thrown. */
async function allOrNone(tasks: readonly Promise<void>[], ended: AbortController): Promise<void> {
  let failure: unknown;
  const watched = tasks.map((task) =>
    task.then(
      () => ended.abort(),
      (error: unknown) => {
        failure ??= error;
        ended.abort(error);
      },
    ),
  );
  await Promise.all(watched);
  // The tasks only say that they were aborted; who aborted them says why.
  if (ended.signal.reason instanceof SyncError) throw ended.signal.reason;
  if (failure !== undefined) throw failure;
}

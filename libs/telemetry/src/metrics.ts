/**
 * Every metric of every app, declared here and nowhere else, each on a registry of its own (never prom-client's global one, so that two
 * apps in one test process do not share counters). `name` is an endpoint (capture) or a pipeline id (loader). None is touched per row:
 * prom-client takes a microsecond. docs/07-monitoring.md has its table from here.
 */
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import { ddlHoldReasons, fileNumber, workStates } from '@lutra/model';
import type { ErrorCode, WorkStatus } from '@lutra/model';

export interface MetricsOptions {
  /** The process's own CPU, memory and event loop; on by default. */
  readonly processMetrics?: boolean;
}

/** What a process can be connected to: `zookeeper` by itself, the others for one piece of work. */
const links = ['source', 'target', 'kafka'] as const;
export type Link = (typeof links)[number];

/** Parts of a transaction's way. Where they begin and end is in the help of `lutra_hop_seconds`. */
export type Hop = 'publish' | 'read' | 'files' | 'apply' | 'end_to_end';

/** Seconds: a batch of a nearby server takes milliseconds, one that waits for locks tens of seconds. */
const applyBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
/** Seconds: from a picture to a film. */
const hashBuckets = [0.001, 0.01, 0.1, 1, 10, 60, 600];
/** Seconds: from a nearby idle target to a backlog that waits. */
const hopBuckets = [...applyBuckets, 60];

export class Metrics {
  readonly registry: Registry;

  readonly logins: Counter<'result'>;
  readonly breakGlass: Counter;
  readonly apiTokens: Gauge<'state'>;
  readonly connected: Gauge<'name' | 'to'>;
  readonly state: Gauge<'name' | 'state'>;
  readonly lagSeconds: Gauge<'name'>;
  readonly epoch: Gauge<'name'>;
  readonly seq: Gauge<'name'>;
  readonly queueBytes: Gauge<'name'>;
  readonly rows: Counter<'name' | 'op'>;
  readonly transactions: Counter<'name'>;
  readonly markedTransactions: Counter<'name'>;
  readonly skippedTransactions: Counter<'name'>;
  readonly ddlIgnored: Counter<'name' | 'statement'>;
  readonly ignoredRequests: Counter<'name' | 'what'>;
  readonly skipOrders: Counter<'name'>;
  readonly leftOutRows: Counter<'name' | 'table' | 'what'>;
  readonly omissions: Gauge<'name'>;
  readonly publishedBytes: Counter<'name'>;
  readonly errors: Counter<'name' | 'code'>;
  readonly applySeconds: Histogram<'name'>;
  readonly conflicts: Counter<'name' | 'table' | 'type' | 'policy' | 'winner'>;
  readonly watermarkSeconds: Histogram<'name'>;
  readonly conflictIndexKeys: Gauge<'name'>;
  readonly eventsDropped: Counter<'name'>;
  readonly auditEntries: Counter<'of'>;
  readonly auditDropped: Counter<'of'>;
  readonly auditCopyLag: Gauge<never>;
  readonly configurationRegressed: Gauge<never>;
  readonly httpRequests: Counter<'method' | 'status'>;
  readonly lastEvent: Gauge<'name'>;
  readonly lastProgress: Gauge<'name'>;
  readonly filteredRows: Counter<'name'>;
  readonly filteredEvents: Counter<'name'>;
  readonly filteredTransactions: Counter<'name'>;
  readonly queueCapacity: Gauge<'name'>;
  readonly binlogFile: Gauge<'name'>;
  readonly binlogPosition: Gauge<'name'>;
  readonly preparedTransactions: Gauge<'name'>;
  readonly preparedSince: Gauge<'name'>;
  readonly kafkaOffset: Gauge<'name'>;
  readonly held: Gauge<'name' | 'reason'>;
  readonly suspendedTables: Gauge<'name'>;
  readonly resyncEntries: Counter<'name' | 'result'>;
  readonly resyncWaiting: Gauge<'name'>;
  readonly hopSeconds: Histogram<'name' | 'hop'>;
  readonly verifiedRows: Counter<'name'>;
  readonly verifiedFiles: Counter<'name' | 'outcome'>;
  readonly verifiedTables: Gauge<'name' | 'verdict'>;
  readonly unequalTables: Gauge<'name'>;
  readonly repairedRows: Counter<'name'>;
  readonly seedRows: Counter<'name'>;
  readonly seedTables: Gauge<'name' | 'state'>;
  readonly files: Counter<'name' | 'outcome'>;
  readonly fileBytes: Counter<'name' | 'way'>;
  readonly fileStageBytes: Gauge<'name'>;
  readonly fileHashSeconds: Histogram<never>;
  readonly rootFreeBytes: Gauge<'name'>;
  readonly aria2Restarts: Counter<never>;
  readonly rowFiles: Counter<'name' | 'outcome'>;
  readonly filesWaiting: Gauge<'name'>;
  readonly level: Gauge;
  readonly knownLevel: Gauge;

  /** `app` becomes a label of every series. */
  constructor(app: 'capture' | 'loader' | 'control' | 'files', { processMetrics = true }: MetricsOptions = {}) {
    const registry = new Registry();
    registry.setDefaultLabels({ app });
    const registers = [registry];
    const gauge = <T extends string>(name: string, help: string, labelNames: readonly T[]): Gauge<T> =>
      new Gauge({ name, help, labelNames, registers });
    const counter = <T extends string>(name: string, help: string, labelNames: readonly T[]): Counter<T> =>
      new Counter({ name, help, labelNames, registers });

    this.registry = registry;
    this.connected = gauge('lutra_connected', '1 while `to` (source, target, kafka, zookeeper) answers; 0 between two attempts', [
      'name',
      'to',
    ]);
    this.state = gauge('lutra_state', '1 for the current state of the work, 0 for the others', ['name', 'state']);
    this.lagSeconds = gauge(
      'lutra_lag_seconds',
      'Everything that was committed at the source longer ago than this is processed; grows while nothing is processed',
      ['name'],
    );
    this.epoch = gauge('lutra_epoch', 'Number of the leadership (capture) or ownership (loader)', ['name']);
    this.seq = gauge('lutra_seq', 'seq of the last record written (capture) or applied (loader)', ['name']);
    this.queueBytes = gauge('lutra_queue_bytes', 'Bytes read and not written yet', ['name']);
    this.rows = counter('lutra_rows_total', 'Row events published or applied', ['name', 'op']);
    this.transactions = counter('lutra_transactions_total', 'Source transactions published or applied', ['name']);
    this.markedTransactions = counter('lutra_marked_transactions_total', 'Copies: transactions of loaders, read and not published as new', [
      'name',
    ]);
    this.skippedTransactions = counter('lutra_skipped_transactions_total', 'Transactions that an application kept local', ['name']);
    this.ddlIgnored = counter(
      'lutra_ddl_ignored_total',
      'Loader: schema changes of its tables that were passed over (ddl: ignore), by kind',
      ['name', 'statement'],
    );
    const requests =
      'Capture: requests in lutra.signal (resolution) and lutra.skip (skip) that were ignored: not from a loader, or after a row';
    this.ignoredRequests = counter('lutra_ignored_requests_total', requests, ['name', 'what']);
    this.leftOutRows = counter(
      'lutra_left_out_rows_total',
      'Loader: rows that were applied without a column, or not at all, because the target had dropped it behind what they had seen; what: column, row',
      ['name', 'table', 'what'],
    );
    this.skipOrders = counter('lutra_skip_orders_total', 'Loader: transactions that it was told to skip; lutra.skipped has them', ['name']);
    const omissions =
      'Control: ignored schema changes, skipped transactions, suspended tables and forced starts of the channel `name` that nobody has confirmed yet';
    this.omissions = gauge('lutra_omissions_unconfirmed', omissions, ['name']);
    const held = 'Loader: 1 while the pipeline holds at a schema change, by reason; absent while it does not';
    this.held = gauge('lutra_held', held, ['name', 'reason']);
    const suspended = 'Suspended tables, of the endpoint (capture) or the pipeline (loader) `name`, until you bring them back';
    this.suspendedTables = gauge('lutra_suspended_tables', suspended, ['name']);
    const resyncs =
      'Capture: entries of lutra.resync by result: published and deleted; refused (column problem); lost (from otter, and could not be written there)';
    this.resyncEntries = counter('lutra_resync_entries_total', resyncs, ['name', 'result']);
    this.resyncWaiting = gauge('lutra_resync_waiting', 'Capture: entries of lutra.resync that wait; 10,000: or more', ['name']);
    this.publishedBytes = counter('lutra_published_bytes_total', 'Bytes of records acknowledged by Kafka', ['name']);
    this.errors = counter('lutra_errors_total', 'Errors by code', ['name', 'code']);
    this.applySeconds = new Histogram({
      name: 'lutra_apply_seconds',
      help: 'Time of one transaction at the target, from BEGIN to the answer to COMMIT',
      labelNames: ['name'],
      buckets: applyBuckets,
      registers,
    });
    this.conflicts = counter(
      'lutra_conflicts_total',
      'Conflicts decided, by table (as it is called at the target), type, policy and the side that won',
      ['name', 'table', 'type', 'policy', 'winner'],
    );
    this.watermarkSeconds = new Histogram({
      name: 'lutra_conflict_watermark_seconds',
      help: 'Time that a target transaction waits for the capture of its target before it commits',
      labelNames: ['name'],
      buckets: applyBuckets,
      registers,
    });
    this.conflictIndexKeys = gauge(
      'lutra_conflict_index_keys',
      'Key values that changed recently at the target; incoming rows are compared with them',
      ['name'],
    );
    this.eventsDropped = counter('lutra_events_dropped_total', 'Operational events that could not be sent to lutra.events', ['name']);
    this.auditEntries = counter('lutra_audit_entries_total', 'Control: entries sent to lutra.audit; of: request or change', ['of']);
    const lost =
      'Control: entries that are not in lutra.audit; of: request (the log has it) or change (documents that were changed too often)';
    this.auditDropped = counter('lutra_audit_dropped_total', lost, ['of']);
    const late = 'Control: age of the oldest change of the configuration that cannot be copied to lutra.audit; 0: none waits';
    this.auditCopyLag = gauge<never>('lutra_audit_copy_lag_seconds', late, []);
    const regressed = '1 while the configuration in ZooKeeper does not continue the one that this process works by (CONFIG_REGRESSED)';
    this.configurationRegressed = gauge<never>('lutra_configuration_regressed', regressed, []);
    this.httpRequests = counter('lutra_http_requests_total', 'HTTP requests answered', ['method', 'status']);
    this.lastEvent = gauge('lutra_last_event_timestamp_seconds', 'Commit time at the source, since 1970, of the last row processed', [
      'name',
    ]);
    const progress = 'When something was last written or applied, since 1970; heartbeats count, at least one every 10 s';
    this.lastProgress = gauge('lutra_last_progress_timestamp_seconds', progress, ['name']);
    this.filteredRows = counter('lutra_filtered_rows_total', 'Loader: rows read that no route of the pipeline matches', ['name']);
    const unread = 'Capture: rows events of tables without a route, skipped without decoding; one holds one or more rows';
    this.filteredEvents = counter('lutra_filtered_events_total', unread, ['name']);
    const empty = 'Capture: transactions read without a row of a routed table, copies not counted';
    this.filteredTransactions = counter('lutra_filtered_transactions_total', empty, ['name']);
    this.queueCapacity = gauge('lutra_queue_capacity_bytes', 'Bytes at which reading waits for writing; compare lutra_queue_bytes', [
      'name',
    ]);
    this.binlogFile = gauge('lutra_binlog_file_number', 'Capture: number of the binlog file up to which the source was read', ['name']);
    this.binlogPosition = gauge('lutra_binlog_position_bytes', 'Capture: position in that file', ['name']);
    const prepared = 'Capture: XA transactions prepared since it connected, and neither committed nor rolled back';
    this.preparedTransactions = gauge('lutra_prepared_transactions', prepared, ['name']);
    const since =
      "Capture: when the oldest of them was prepared, by the source's clock; the binlog is needed from there on. Absent if there is none";
    this.preparedSince = gauge('lutra_prepared_oldest_timestamp_seconds', since, ['name']);
    this.kafkaOffset = gauge('lutra_kafka_offset', 'Offset after the last record written (capture) or applied (loader)', ['name']);
    const hopHelp =
      'Latency by hop: publish (commit at the source → acknowledged by Kafka), read (sent to Kafka → read by the loader), files (asked for → staged, where rows had to wait for it), apply (read → ' +
      'committed at the target), end_to_end (commit at the source → committed at the target). One value per request, batch or target transaction: that of the transaction in it that waited longest';
    this.hopSeconds = new Histogram({
      name: 'lutra_hop_seconds',
      help: hopHelp,
      labelNames: ['name', 'hop'],
      buckets: hopBuckets,
      registers,
    });
    this.verifiedRows = counter(
      'lutra_verified_rows_total',
      "Rows of the sources that a channel's verifications have compared; `name`: the channel",
      ['name'],
    );
    this.verifiedFiles = counter(
      'lutra_verified_files_total',
      "Files that rows name, which a channel's verifications have compared, by what was found (orphan: in a root, and no row names it); `name`: the channel",
      ['name', 'outcome'],
    );
    this.repairedRows = counter(
      'lutra_repaired_rows_total',
      "Rows that a channel's repairs have made equal, as probes said; `name`: the channel",
      ['name'],
    );
    this.verifiedTables = gauge('lutra_verified_tables', "Tables of a channel's last verification by verdict; `name`: the channel", [
      'name',
      'verdict',
    ]);
    const unequal = 'Control: tables of a channel that are not known to be equal (lutra.unequal at its targets); `name`: the channel';
    this.unequalTables = gauge('lutra_unequal_tables', unequal, ['name']);
    this.seedRows = counter('lutra_seed_rows_total', 'Capture: rows that were read for orders to seed and published', ['name']);
    this.seedTables = gauge('lutra_seed_tables', 'Capture: tables of orders to seed, by state (done: ticked off at the target; left)', [
      'name',
      'state',
    ]);
    const files =
      'Files: answers to loaders, by region and root (`name`) and outcome: sent over the network, same (was at its place), copied on this disk, or missing, superseded, unstable, refused';
    this.files = counter('lutra_files_total', files, ['name', 'outcome']);
    const fileBytes = 'Files: bytes of files by region and root (`name`) and way: received from other regions, served to them';
    this.fileBytes = counter('lutra_file_bytes_total', fileBytes, ['name', 'way']);
    const stageBytes = 'Files: bytes that are fetched, or on their way, and not placed yet, by region and root (`name`)';
    this.fileStageBytes = gauge('lutra_file_stage_bytes', stageBytes, ['name']);
    const hashSeconds = 'Files: time to read a file for its hash';
    this.fileHashSeconds = new Histogram({ name: 'lutra_file_hash_seconds', help: hashSeconds, buckets: hashBuckets, registers });
    this.rootFreeBytes = gauge('lutra_root_free_bytes', 'Files: free bytes of the disk of a root, by region and root (`name`)', ['name']);
    this.aria2Restarts = counter('lutra_aria2_restarts_total', 'Files: how often aria2 died or hung, and was started again', []);
    const rowFiles =
      'Loader: files of rows by outcome: placed; superseded (the row at the source no longer names it), missing (its row came without it), deleted';
    this.rowFiles = counter('lutra_row_files_total', rowFiles, ['name', 'outcome']);
    this.filesWaiting = gauge('lutra_files_waiting', 'Loader: files that rows name, asked for and not staged yet', ['name']);
    const logins = 'Control: logins by password or OIDC, by result: ok, failed, locked (refused unchecked after many failures)';
    this.logins = counter('lutra_logins_total', logins, ['result']);
    this.breakGlass = counter('lutra_break_glass_requests_total', 'Control: requests with LUTRA_API_TOKEN, the admin for emergencies', []);
    const apiTokens = 'Control: API tokens by state: valid, expired, ended (their user is gone, disabled, or began anew)';
    this.apiTokens = gauge('lutra_api_tokens', apiTokens, ['state']);
    this.level = gauge('lutra_level', "The cluster's level, as this process knows it; 0 until it has read it", []);
    this.knownLevel = gauge('lutra_known_level', 'The highest level that this build knows: below lutra_level the process does no work', []);
    // All apps live with ZooKeeper; until it says so, there is no connection.
    this.connected.set({ name: '', to: 'zookeeper' }, 0);
    if (processMetrics) collectDefaultMetrics({ register: registry });
  }

  /** Sets the gauges that a status implies. Counters are the app's own: they must not go back when work changes hands. */
  report(status: WorkStatus): void {
    const { name } = status;
    for (const state of workStates) this.state.set({ name, state }, state === status.state ? 1 : 0);
    // A standby, or an app that rests, has no position and no connection, and misses none.
    if (status.state === 'standby' || status.state === 'paused') return this.#discardWork(name);
    setOrRemove(this.lagSeconds, name, status.lagMs === null ? null : status.lagMs / 1000);
    setOrRemove(this.epoch, name, status.epoch);
    setOrRemove(this.seq, name, status.seq);
    setOrRemove(this.kafkaOffset, name, status.offset);
    setOrRemove(this.suspendedTables, name, status.suspended?.length ?? null);
    this.#discardHeld(name);
    if (status.state === 'held' && status.hold) this.held.set({ name, reason: status.hold.reason }, 1);
    setOrRemove(this.binlogFile, name, status.position && numberOf(status.position.file));
    setOrRemove(this.binlogPosition, name, status.position?.pos ?? null);
    if (status.app === 'capture') this.preparedTransactions.set({ name }, status.prepared?.count ?? 0);
    setOrRemove(this.preparedSince, name, status.prepared && status.prepared.sinceMs / 1000);
  }

  /** A run begins or ended: it has no connections. */
  disconnected(name: string, ...from: readonly Link[]): void {
    for (const to of from) this.connected.set({ name, to }, 0);
  }

  countError(name: string, code: ErrorCode): void {
    this.errors.inc({ name, code });
  }

  /** Drops the gauges of work that this process gave up, so that they do not stand still at their last value. */
  discard(name: string): void {
    for (const state of workStates) this.state.remove({ name, state });
    this.#discardWork(name);
  }

  #discardHeld(name: string): void {
    for (const reason of ddlHoldReasons) this.held.remove({ name, reason });
  }

  #discardWork(name: string): void {
    this.#discardHeld(name);
    for (const to of links) this.connected.remove({ name, to });
    const progress = [this.lagSeconds, this.epoch, this.seq, this.lastEvent, this.lastProgress];
    const positions = [this.kafkaOffset, this.binlogFile, this.binlogPosition, this.preparedTransactions, this.preparedSince];
    for (const gauge of [...progress, ...positions, this.queueBytes, this.queueCapacity, this.conflictIndexKeys, this.suspendedTables])
      gauge.remove({ name });
  }
}

function numberOf(file: string): number | null {
  const number = fileNumber(file);
  return Number.isNaN(number) ? null : number;
}

/** An unknown value is no series: 0 would be a lie. */
function setOrRemove(gauge: Gauge<'name'>, name: string, value: number | null): void {
  if (value === null) gauge.remove({ name });
  else gauge.set({ name }, value);
}

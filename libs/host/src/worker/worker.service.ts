/** Runs the pieces of work that the configuration wants in this region, and follows it. */
import type { OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import { regressionError } from '@lutra/model';
import type { ConfigurationState, Regression, SealedSecret, SyncError } from '@lutra/model';
import { secretOfEndpoint, secretsOfRegion, TreeFollower } from '@lutra/registry';
import type { Configuration, Keyring, Registry, SchemaStore } from '@lutra/registry';
import { runWork, sleep, StatusBudget, WorkerSet } from '@lutra/runtime';
import type { Assignment, LiveWork } from '@lutra/runtime';
import type { Health, Logger, Metrics, Traces } from '@lutra/telemetry';
import { unknownWork } from '../environment-names.js';
import { instanceName } from '../instance-name.js';
import { EventQueues } from '../events/event-queues.js';
import { ClusterLevel } from '../level/cluster-level.js';
import { HeldWork } from './held-work.js';
import { NewestOf } from './newest-of.js';
import type { Beside, BesideDeps, WorkerApp } from './worker-app.js';
import type { WorkerEnvironment } from './worker-environment.js';

export interface WorkerParts {
  readonly environment: WorkerEnvironment;
  readonly registry: Registry;
  readonly schemas: SchemaStore;
  readonly secretKey: Keyring;
  readonly metrics: Metrics;
  readonly traces: Traces | null;
  readonly health: Health;
  readonly logger: Logger;
}

/** A claim that is refused leaves a record in the log. */
const regressedPauseMs = 1_000;

/** Between two looks at all channels, however many documents change. */
const reconcileMs = 250;

/** What a piece of work is, in the log. */
const workNouns = { capture: 'endpoint', loader: 'pipeline', files: 'root' } as const;

export class WorkerService<T> implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #app: WorkerApp<T>;
  readonly #parts: WorkerParts;
  readonly #workers: WorkerSet<T>;
  readonly #beside: Beside | null;
  readonly #events: EventQueues;
  readonly #level: ClusterLevel;
  #documents: Configuration | null = null;
  readonly #statuses: HeldWork;
  readonly #tree: TreeFollower;
  #endWatch: () => void = () => undefined;
  #unknown: string | null = null;

  constructor(app: WorkerApp<T>, parts: WorkerParts) {
    const { health, metrics, logger, secretKey } = parts;
    this.#app = app;
    this.#parts = parts;
    health.watch('environment', () => this.#unknown);
    this.#tree = new TreeFollower(parts.registry);
    health.watch('configuration', () => this.#regressed());
    health.watch(app.app, () => app.trouble?.() ?? null);
    this.#events = new EventQueues({ app: app.app, secretKey, metrics, logger });
    this.#level = new ClusterLevel({ ...parts, app: app.app, region: parts.environment.LUTRA_REGION, files: app.files });
    this.#level.onChange(() => this.#reconcile());
    const budget = new StatusBudget({
      store: parts.registry.status,
      onError: (error) =>
        error ? logger.warn({ code: error.code }, 'cannot publish the status') : logger.info('the status is published again'),
    });
    this.#statuses = new HeldWork(budget);
    health.note('schema changes', () => this.#statuses.text);
    this.#workers = new WorkerSet((name, work, signal) => this.#work(name, work, signal));
    this.#beside = app.beside?.(this.#deps(logger)) ?? null;
  }

  onApplicationBootstrap(): void {
    const { registry, logger } = this.#parts;
    // Not awaited: while ZooKeeper is away the process lives, is not ready, and says so.
    registry.start().catch((error: unknown) => logger.error({ err: error }, 'ZooKeeper cannot be reached'));
    this.#level.start();
    const newest = new NewestOf<Configuration>(reconcileMs, (documents) => this.#take(documents));
    const endFollowing = this.#tree.follow({
      onRegression: (regression) => this.#tellRegression(regression),
      onChange: (documents) => newest.push(documents),
      onInvalid: (document, error) =>
        logger.error({ document, code: error.code, err: error }, 'an invalid document; its last good version stays in force'),
    });
    this.#endWatch = () => {
      endFollowing();
      newest.end();
    };
  }

  async onApplicationShutdown(): Promise<void> {
    const { traces, registry } = this.#parts;
    this.#endWatch();
    await Promise.all([this.#workers.close(), this.#beside?.close()]);
    await Promise.all([traces?.close(), this.#events.close()]);
    await registry.stop();
  }

  #take(documents: Configuration): void {
    this.#tellUnknown(documents);
    this.#parts.secretKey.follow(secretsOf(documents));
    this.#documents = documents;
    this.#reconcile();
  }

  /** Nothing is begun before the level is known. Above it the work is only reported, as failed: no lease is taken. */
  #reconcile(): void {
    if (!this.#documents || !this.#level.isKnown) return;
    const { environment } = this.#parts;
    const of = { region: environment.LUTRA_REGION, only: environment.only };
    const wanted = this.#app.wanted(this.#documents, of);
    const { trouble } = this.#level;
    this.#beside?.follow(trouble ? null : this.#documents, of);
    this.#workers.reconcile(trouble ? refused(wanted, trouble.code) : wanted);
  }

  /** Nothing else would say why this process does nothing. */
  #tellUnknown(documents: Configuration): void {
    const { environment, logger } = this.#parts;
    const { onlyVariable: variable, works } = this.#app;
    const named = {
      region: environment.LUTRA_REGION,
      only: environment.only && variable !== null ? { variable, names: environment.only } : null,
    };
    const unknown = unknownWork(named, { regions: [...documents.regions.keys()], works: works(documents) });
    if (unknown !== null && unknown !== this.#unknown) logger.warn(unknown);
    this.#unknown = unknown;
  }

  #regressed(): string | null {
    const { regression } = this.#tree;
    return regression && `CONFIG_REGRESSED: ${regressionError('this process', regression).message}`;
  }

  /** Work goes on with the documents that are there. */
  #tellRegression(regression: Regression | null): void {
    const { metrics, logger } = this.#parts;
    metrics.configurationRegressed.set(regression ? 1 : 0);
    if (!regression) return logger.info('the configuration in ZooKeeper continues the one that is worked by; it is followed again');
    const error = regressionError('this process', regression);
    const { code, details, help } = error;
    logger.error({ code, details, err: error, help }, 'the configuration in ZooKeeper is not followed; work goes on with what there is');
  }

  #configuration(): ConfigurationState | null {
    const { known, regression } = this.#tree;
    return known && { revision: known.revision, write: known.write, regressed: regression !== null };
  }

  /** Who was stopped by the tree goes on by itself with another one. */
  #untilOtherTree({ code, details }: SyncError, signal: AbortSignal): Promise<void> | null {
    if (code !== 'CONFIG_REGRESSED') return null;
    const { write } = details;
    return sleep(regressedPauseMs, signal).then(() => this.#tree.untilOther(typeof write === 'string' ? write : null, signal));
  }

  #deps(logger: Logger): BesideDeps {
    const { registry, schemas, secretKey, metrics, traces } = this.#parts;
    const [tree, level, events] = [this.#tree, this.#level, this.#events];
    return { registry, tree, schemas, secretKey, instance: instanceName, level, metrics, traces, events, logger };
  }

  #work(name: string, work: LiveWork<T>, signal: AbortSignal): Promise<void> {
    const { registry, metrics } = this.#parts;
    const { app, lease, isPaused, run } = this.#app;
    const logger = this.#parts.logger.child({ [workNouns[app]]: name });
    const level = this.#level;
    const deps = this.#deps(logger);
    return runWork({
      app,
      name,
      instance: instanceName,
      sink: this.#statuses,
      acquire: (waitSignal) => registry.lease(lease(name, work.newest)).acquire(waitSignal),
      run: ({ status, ...lead }) => run({ ...deps, status }, work, lead),
      changed: (waitSignal) => work.untaken(waitSignal),
      paused: isPaused?.(work.newest) ?? false,
      restartsAt: () => this.#app.restartsAt?.(work.newest) ?? [],
      refused: level.trouble,
      configuration: () => this.#configuration(),
      until: (error, waitSignal) => this.#untilOtherTree(error, waitSignal),
      metrics,
      logger,
      signal,
    });
  }
}

function secretsOf({ endpoints, regions }: Configuration): readonly SealedSecret[] {
  const stored = [...[...endpoints.values()].map(secretOfEndpoint), ...[...regions.values()].flatMap(secretsOfRegion)];
  return stored.map(({ secret }) => secret);
}

/** A worker whose fingerprint changes begins anew, and then reports why it does not work. */
function refused<T>(wanted: ReadonlyMap<string, Assignment<T>>, code: string): ReadonlyMap<string, Assignment<T>> {
  return new Map([...wanted].map(([name, wish]) => [name, { ...wish, fingerprint: `${code} ${wish.fingerprint}` }]));
}

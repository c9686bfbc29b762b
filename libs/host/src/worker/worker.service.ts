/** Runs the pieces of work that the configuration wants in this region, and follows it. */
import type { OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import { watchConfiguration } from '@lutra/registry';
import type { Configuration, Keyring, Registry, SchemaStore } from '@lutra/registry';
import { runWork, WorkerSet } from '@lutra/runtime';
import type { Health, Logger, Metrics, Traces } from '@lutra/telemetry';
import { unknownWork } from '../environment-names.js';
import { instanceName } from '../instance-name.js';
import { EventQueues } from '../events/event-queues.js';
import type { WorkerApp } from './worker-app.js';
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

export class WorkerService<T> implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #app: WorkerApp<T>;
  readonly #parts: WorkerParts;
  readonly #workers: WorkerSet<T>;
  readonly #events: EventQueues;
  #endWatch: () => void = () => undefined;
  #unknown: string | null = null;

  constructor(app: WorkerApp<T>, parts: WorkerParts) {
    const { health, metrics, logger } = parts;
    this.#app = app;
    this.#parts = parts;
    health.watch('environment', () => this.#unknown);
    this.#events = new EventQueues({ app: app.app, metrics, logger });
    this.#workers = new WorkerSet((name, work, signal) => this.#work(name, work, signal));
  }

  onApplicationBootstrap(): void {
    const { registry, environment, logger } = this.#parts;
    // Not awaited: while ZooKeeper is away the process lives, is not ready, and says so.
    registry.start().catch((error: unknown) => logger.error({ err: error }, 'ZooKeeper cannot be reached'));
    const of = { region: environment.LUTRA_REGION, only: environment.only };
    this.#endWatch = watchConfiguration(registry, {
      onChange: (documents) => {
        this.#tellUnknown(documents);
        this.#workers.reconcile(this.#app.wanted(documents, of));
      },
      onInvalid: (document, error) =>
        logger.error({ document, code: error.code, err: error }, 'an invalid document; its last good version stays in force'),
    });
  }

  async onApplicationShutdown(): Promise<void> {
    const { traces, registry } = this.#parts;
    this.#endWatch();
    await this.#workers.close();
    await Promise.all([traces?.close(), this.#events.close()]);
    await registry.stop();
  }

  /** Nothing else would say why this process does nothing. */
  #tellUnknown(documents: Configuration): void {
    const { environment, logger } = this.#parts;
    const { onlyVariable: variable, works } = this.#app;
    const named = { region: environment.LUTRA_REGION, only: environment.only && { variable, names: environment.only } };
    const unknown = unknownWork(named, { regions: [...documents.regions.keys()], works: works(documents) });
    if (unknown !== null && unknown !== this.#unknown) logger.warn(unknown);
    this.#unknown = unknown;
  }

  #work(name: string, work: T, signal: AbortSignal): Promise<void> {
    const { registry, schemas, secretKey, metrics, traces } = this.#parts;
    const { app, lease, isPaused, run } = this.#app;
    const logger = this.#parts.logger.child({ [app === 'capture' ? 'endpoint' : 'pipeline']: name });
    const deps = { registry, schemas, secretKey, instance: instanceName, metrics, traces, events: this.#events, logger };
    return runWork({
      app,
      name,
      instance: instanceName,
      sink: registry.status,
      acquire: (waitSignal) => registry.lease(lease(name, work)).acquire(waitSignal),
      run: ({ status, ...lead }) => run({ ...deps, status }, work, lead),
      paused: isPaused?.(work) ?? false,
      metrics,
      logger,
      signal,
    });
  }
}

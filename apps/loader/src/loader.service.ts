/** Runs a loader for every pipeline that writes to this region, following the configuration; any number of processes may stand by. */
import { Inject, Injectable } from '@nestjs/common';
import type { OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import {
  ENVIRONMENT,
  EventQueues,
  HEALTH,
  instanceName,
  LOGGER,
  METRICS,
  REGISTRY,
  SCHEMAS,
  SECRET_KEY,
  TRACES,
  unknownWork,
} from '@lutra/host';
import { pipelineId } from '@lutra/model';
import { watchConfiguration } from '@lutra/registry';
import type { Configuration, Keyring, Registry, SchemaStore } from '@lutra/registry';
import { runWork, WorkerSet } from '@lutra/runtime';
import type { Health, Logger, Metrics, Traces } from '@lutra/telemetry';
import type { Environment } from './environment.js';
import { runLoader } from './loader.pipeline.js';
import { wantedPipelines } from './wanted.js';
import type { LoaderWork } from './wanted.js';

@Injectable()
export class LoaderService implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #workers: WorkerSet<LoaderWork>;
  readonly #events: EventQueues;
  #endWatch: () => void = () => undefined;
  #unknown: string | null = null;

  constructor(
    @Inject(ENVIRONMENT) private readonly environment: Environment,
    @Inject(REGISTRY) private readonly registry: Registry,
    @Inject(SCHEMAS) private readonly schemas: SchemaStore,
    @Inject(SECRET_KEY) private readonly secretKey: Keyring,
    @Inject(METRICS) private readonly metrics: Metrics,
    @Inject(TRACES) private readonly traces: Traces | null,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(HEALTH) health: Health,
  ) {
    health.watch('environment', () => this.#unknown);
    this.#events = new EventQueues({ app: 'loader', metrics, logger });
    this.#workers = new WorkerSet((name, work, signal) => this.#load(name, work, signal));
  }

  onApplicationBootstrap(): void {
    // Not awaited: while ZooKeeper is away the process lives, is not ready, and says so.
    this.registry.start().catch((error: unknown) => this.logger.error({ err: error }, 'ZooKeeper cannot be reached'));
    const only = this.environment.LUTRA_PIPELINES?.split(',').map((name) => name.trim()) ?? null;
    this.#endWatch = watchConfiguration(this.registry, {
      onChange: (documents) => {
        this.#tellUnknown(documents, only);
        this.#workers.reconcile(wantedPipelines(documents, { region: this.environment.LUTRA_REGION, only }));
      },
      onInvalid: (document, error) =>
        this.logger.error({ document, code: error.code, err: error }, 'an invalid document; its last good version stays in force'),
    });
  }

  /** Nothing else would say why this process does nothing. */
  #tellUnknown(documents: Configuration, names: readonly string[] | null): void {
    const works = [...documents.channels.values()].flatMap(({ name, pipelines }) =>
      pipelines.map((pipeline) => pipelineId(name, pipeline.name)),
    );
    const named = { region: this.environment.LUTRA_REGION, only: names && { variable: 'LUTRA_PIPELINES', names } };
    const unknown = unknownWork(named, { regions: [...documents.regions.keys()], works });
    if (unknown !== null && unknown !== this.#unknown) this.logger.warn(unknown);
    this.#unknown = unknown;
  }

  async onApplicationShutdown(): Promise<void> {
    this.#endWatch();
    await this.#workers.close();
    await Promise.all([this.traces?.close(), this.#events.close()]);
    await this.registry.stop();
  }

  #load(name: string, work: LoaderWork, signal: AbortSignal): Promise<void> {
    const { registry, schemas, secretKey, metrics, traces } = this;
    const events = this.#events;
    const logger = this.logger.child({ pipeline: name });
    return runWork({
      app: 'loader',
      name,
      instance: instanceName,
      sink: registry.status,
      acquire: (waitSignal) => registry.lease(`loader/${name}.0`).acquire(waitSignal),
      run: (lead) =>
        runLoader(
          { registry, schemas, secretKey, instance: instanceName, metrics, traces, logger, status: lead.status, events },
          work,
          lead,
        ),
      paused: work.paused,
      metrics,
      logger,
      signal,
    });
  }
}

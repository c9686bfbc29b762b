/**
 * Runs a capture for every endpoint of this region that a channel reads, following the configuration; any number of processes may stand by.
 */
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
import { watchConfiguration } from '@lutra/registry';
import type { Configuration, Keyring, Registry, SchemaStore } from '@lutra/registry';
import { runWork, WorkerSet } from '@lutra/runtime';
import type { Health, Logger, Metrics, Traces } from '@lutra/telemetry';
import { runCapture } from './capture.pipeline.js';
import type { Environment } from './environment.js';
import { wantedEndpoints } from './wanted.js';
import type { CaptureWork } from './wanted.js';

@Injectable()
export class CaptureService implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #workers: WorkerSet<CaptureWork>;
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
    this.#events = new EventQueues({ app: 'capture', metrics, logger });
    this.#workers = new WorkerSet((name, work, signal) => this.#capture(name, work, signal));
  }

  onApplicationBootstrap(): void {
    // Not awaited: while ZooKeeper is away the process lives, is not ready, and says so.
    this.registry.start().catch((error: unknown) => this.logger.error({ err: error }, 'ZooKeeper cannot be reached'));
    const only = this.environment.LUTRA_ENDPOINTS?.split(',').map((name) => name.trim()) ?? null;
    this.#endWatch = watchConfiguration(this.registry, {
      onChange: (documents) => {
        this.#tellUnknown(documents, only);
        this.#workers.reconcile(wantedEndpoints(documents, { region: this.environment.LUTRA_REGION, only }));
      },
      onInvalid: (document, error) =>
        this.logger.error({ document, code: error.code, err: error }, 'an invalid document; its last good version stays in force'),
    });
  }

  /** Nothing else would say why this process does nothing. */
  #tellUnknown(documents: Configuration, names: readonly string[] | null): void {
    const works = [...documents.endpoints.keys()];
    const named = { region: this.environment.LUTRA_REGION, only: names && { variable: 'LUTRA_ENDPOINTS', names } };
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

  #capture(name: string, work: CaptureWork, signal: AbortSignal): Promise<void> {
    const { registry, schemas, secretKey, metrics, traces } = this;
    const events = this.#events;
    const logger = this.logger.child({ endpoint: name });
    return runWork({
      app: 'capture',
      name,
      instance: instanceName,
      sink: registry.status,
      acquire: (waitSignal) => registry.lease(`capture/${name}`).acquire(waitSignal),
      run: (lead) =>
        runCapture(
          { registry, schemas, secretKey, instance: instanceName, metrics, traces, logger, events, status: lead.status },
          work,
          lead,
        ),
      metrics,
      logger,
      signal,
    });
  }
}

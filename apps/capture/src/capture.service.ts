/** Runs a capture for every endpoint of this region that a channel reads, following the configuration; any number of processes may stand by. */
import { Inject, Injectable } from '@nestjs/common';
import type { OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import type { Registry, SchemaStore } from '@lutra/registry';
import { runWork, StatusReporter, WorkerSet } from '@lutra/runtime';
import type { Logger, Metrics } from '@lutra/telemetry';
import { runCapture } from './capture.pipeline.js';
import type { CaptureWork } from './capture.pipeline.js';
import { instanceName } from './environment.js';
import type { Environment } from './environment.js';
import { ENVIRONMENT, LOGGER, METRICS, REGISTRY, SCHEMAS, SECRET_KEY } from './tokens.js';
import { WantedEndpoints } from './wanted.js';

@Injectable()
export class CaptureService implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #workers: WorkerSet<CaptureWork>;
  #wanted: WantedEndpoints | null = null;

  constructor(
    @Inject(ENVIRONMENT) private readonly environment: Environment,
    @Inject(REGISTRY) private readonly registry: Registry,
    @Inject(SCHEMAS) private readonly schemas: SchemaStore,
    @Inject(SECRET_KEY) private readonly secretKey: Buffer,
    @Inject(METRICS) private readonly metrics: Metrics,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.#workers = new WorkerSet((name, work, signal) => this.#capture(name, work, signal));
  }

  onApplicationBootstrap(): void {
    // Not awaited: while ZooKeeper is away the process lives, is not ready, and says so.
    this.registry.start().catch((error: unknown) => this.logger.error({ err: error }, 'ZooKeeper cannot be reached'));
    this.#wanted = new WantedEndpoints(this.registry, this.environment, {
      onChange: (wanted) => this.#workers.reconcile(wanted),
      onInvalid: (name, error) =>
        this.logger.error(
          { document: name, code: error.code, err: error },
          'a configuration document is invalid; its last good version stays in force',
        ),
    });
  }

  async onApplicationShutdown(): Promise<void> {
    this.#wanted?.close();
    await this.#workers.close();
    await this.registry.stop();
  }

  async #capture(name: string, work: CaptureWork, signal: AbortSignal): Promise<void> {
    const logger = this.logger.child({ endpoint: name });
    const status = new StatusReporter({
      app: 'capture',
      name,
      instance: instanceName,
      sink: this.registry.status,
      onStatus: (current) => this.metrics.report(current),
      onPublishError: (error) =>
        error ? logger.warn({ code: error.code }, 'cannot publish the status') : logger.info('the status is published again'),
    });
    const deps = {
      registry: this.registry,
      schemas: this.schemas,
      secretKey: this.secretKey,
      instance: instanceName,
      metrics: this.metrics,
      logger,
      status,
    };
    try {
      await runWork({
        signal,
        status,
        acquire: (waitSignal) => this.registry.lease(`capture/${name}`).acquire(waitSignal),
        run: (lead) => runCapture(deps, work, lead),
        onFailure: (error, next, delayMs) => {
          this.metrics.countError(name, error.code);
          const level = next === 'wait' ? 'error' : 'warn';
          logger[level](
            { code: error.code, details: error.details, err: error, delayMs },
            next === 'wait' ? 'stopped; needs a person' : 'failed; will try again',
          );
        },
      });
    } finally {
      await status.close();
      this.metrics.forget(name);
    }
  }
}

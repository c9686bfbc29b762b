/** Starts a worker app: environment, ZooKeeper, schema ids, metrics, health over HTTP. */
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import type { DynamicModule, INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { toSyncError } from '@lutra/model';
import { createHttpSchemaStore, loadKeyring, Registry } from '@lutra/registry';
import { createLogger, Health, Metrics, openTraces } from '@lutra/telemetry';
import { unknownVariables } from '../environment-names.js';
import { BoundedHttp } from '../http/bounded-http.js';
import { HealthController } from '../http/health.controller.js';
import { guardMetrics } from '../http/metrics-access.js';
import { TlsFiles } from '../http/tls-files.js';
import { HEALTH, METRICS } from '../tokens.js';
import type { WorkerApp } from './worker-app.js';
import { readWorkerEnvironment } from './worker-environment.js';
import type { WorkerEnvironment } from './worker-environment.js';
import { WorkerService } from './worker.service.js';
import type { WorkerParts } from './worker.service.js';

@Module({})
class WorkerModule {}

/** Ends the process where it cannot start. */
export function startWorker<T>(app: WorkerApp<T>): void {
  const logger = createLogger(app.app);
  start(app, logger).catch((thrown: unknown) => {
    const error = toSyncError(thrown);
    logger.fatal({ code: error.code, err: error, help: error.help }, `${app.app} cannot start`);
    process.exit(1);
  });
}

async function start<T>(app: WorkerApp<T>, logger: WorkerParts['logger']): Promise<void> {
  const environment = readWorkerEnvironment(process.env, app.onlyVariable);
  for (const variable of unknownVariables(process.env))
    logger.warn({ variable }, 'an environment variable that Lutra does not know; misspelt?');
  const parts = { ...partsOf(app, environment, logger), traces: await openTraces(app.app, logger) };
  const nest = await createWorkerHttp(moduleOf(app, parts), parts);
  nest.enableShutdownHooks(['SIGTERM', 'SIGINT']);
  await nest.listen(environment.PORT ?? app.port, environment.HOST);
  logger.info({ region: environment.LUTRA_REGION, url: await nest.getUrl() }, `${app.app} started`);
}

async function createWorkerHttp(
  module: DynamicModule,
  { environment, health, logger }: Omit<WorkerParts, 'traces'>,
): Promise<INestApplication> {
  const { http, HOST: host } = environment;
  const tls = http.tls && new TlsFiles({ ...http.tls, logger });
  if (tls) health.note('tls', () => tls.trouble);
  const adapter = new BoundedHttp({ tls });
  const nest = await NestFactory.create(module, adapter, { logger: false, bodyParser: false, ...adapter.nestOptions });
  nest.use(guardMetrics({ open: http.metricsOpen, token: http.metricsToken, host }));
  return nest;
}

function partsOf<T>({ app }: WorkerApp<T>, environment: WorkerEnvironment, logger: WorkerParts['logger']): Omit<WorkerParts, 'traces'> {
  const { ZOOKEEPER: connect, LUTRA_ROOT: root, ZOOKEEPER_DIGEST: digest, LUTRA_SESSION_MS: sessionTimeoutMs } = environment;
  const registry = new Registry({ connect, root, digest, sessionTimeoutMs, logger });
  const health = new Health();
  health.watch('zookeeper', () => registry.access.trouble);
  const metrics = new Metrics(app);
  registry.session.onChange((change) => metrics.connected.set({ name: '', to: 'zookeeper' }, change.kind === 'connected' ? 1 : 0));
  const { SCHEMA_REGISTRY_URL: url } = environment;
  const schemas = url ? createHttpSchemaStore(url) : registry.schemas;
  return { environment, registry, schemas, secretKey: loadKeyring(process.env), metrics, health, logger };
}

function moduleOf<T>(app: WorkerApp<T>, parts: WorkerParts): DynamicModule {
  return {
    module: WorkerModule,
    controllers: [HealthController],
    providers: [
      { provide: METRICS, useValue: parts.metrics },
      { provide: HEALTH, useValue: parts.health },
      { provide: WorkerService, useValue: new WorkerService(app, parts) },
    ],
  };
}

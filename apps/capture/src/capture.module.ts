/** Wires capture: environment, ZooKeeper, schema ids, metrics. */
import { Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { ENVIRONMENT, HEALTH, HealthController, LOGGER, METRICS, REGISTRY, SCHEMAS, SECRET_KEY, TRACES } from '@lutra/host';
import { createHttpSchemaStore, loadKeyring, Registry } from '@lutra/registry';
import type { SchemaStore } from '@lutra/registry';
import { Health, Metrics } from '@lutra/telemetry';
import type { Logger, Traces } from '@lutra/telemetry';
import { CaptureService } from './capture.service.js';
import type { Environment } from './environment.js';

@Module({})
export class CaptureModule {
  static with(environment: Environment, logger: Logger, traces: Traces | null): DynamicModule {
    const registry = new Registry({
      connect: environment.ZOOKEEPER,
      root: environment.LUTRA_ROOT,
      digest: environment.ZOOKEEPER_DIGEST,
      sessionTimeoutMs: environment.LUTRA_SESSION_MS,
      logger,
    });
    const health = new Health();
    health.watch('zookeeper', () => registry.access.trouble);
    const metrics = new Metrics('capture');
    registry.session.onChange((change) => metrics.connected.set({ name: '', to: 'zookeeper' }, change.kind === 'connected' ? 1 : 0));
    const schemas: SchemaStore = environment.SCHEMA_REGISTRY_URL
      ? createHttpSchemaStore(environment.SCHEMA_REGISTRY_URL)
      : registry.schemas;
    return {
      module: CaptureModule,
      controllers: [HealthController],
      providers: [
        { provide: ENVIRONMENT, useValue: environment },
        { provide: LOGGER, useValue: logger },
        { provide: REGISTRY, useValue: registry },
        { provide: SCHEMAS, useValue: schemas },
        { provide: SECRET_KEY, useValue: loadKeyring(process.env) },
        { provide: METRICS, useValue: metrics },
        { provide: TRACES, useValue: traces },
        { provide: HEALTH, useValue: health },
        CaptureService,
      ],
    };
  }
}

/** Liveness, readiness and metrics of a worker's process. */
import { Controller, Get, Header, Inject, ServiceUnavailableException } from '@nestjs/common';
import type { Health, HealthReport, Metrics } from '@lutra/telemetry';
import { HEALTH, METRICS } from '../tokens.js';

function answer(report: HealthReport): HealthReport {
  if (!report.ok) throw new ServiceUnavailableException(report);
  return report;
}

@Controller()
export class HealthController {
  constructor(
    @Inject(HEALTH) private readonly health: Health,
    @Inject(METRICS) private readonly metrics: Metrics,
  ) {}

  @Get('health/live')
  live(): HealthReport {
    return answer(this.health.live());
  }

  @Get('health/ready')
  ready(): HealthReport {
    return answer(this.health.ready());
  }

  @Get('metrics')
  @Header('content-type', 'text/plain; version=0.0.4; charset=utf-8')
  metricsText(): Promise<string> {
    return this.metrics.registry.metrics();
  }
}

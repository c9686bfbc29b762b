/** The probes of an orchestrator, and the metrics for Prometheus. */
import { Controller, Get, Header, Inject, Res } from '@nestjs/common';
import type { ServerResponse } from 'node:http';
import type { Health, HealthReport, Metrics } from '@lutra/telemetry';
import { HEALTH, METRICS } from '../tokens.js';

@Controller()
export class HealthController {
  constructor(
    @Inject(HEALTH) private readonly health: Health,
    @Inject(METRICS) private readonly metrics: Metrics,
  ) {}

  @Get('health/live')
  live(@Res({ passthrough: true }) response: ServerResponse): HealthReport {
    return answer(response, this.health.live());
  }

  @Get('health/ready')
  ready(@Res({ passthrough: true }) response: ServerResponse): HealthReport {
    return answer(response, this.health.ready());
  }

  @Get('metrics')
  @Header('Content-Type', 'text/plain; version=0.0.4; charset=utf-8')
  text(): Promise<string> {
    return this.metrics.registry.metrics();
  }
}

function answer(response: ServerResponse, report: HealthReport): HealthReport {
  response.statusCode = report.ok ? 200 : 503;
  return report;
}

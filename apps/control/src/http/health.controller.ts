/** The probes and metrics of every app; in control they are no part of the API's description. */
import { Controller, Get, Header, Inject } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { HealthController as HostHealthController } from '@lutra/host';
import type { Health, Metrics } from '@lutra/telemetry';
import { Allow, AllowEverybody } from '../access/allow.js';
import { TokenService } from '../access/token.service.js';
import { HEALTH, METRICS } from '../tokens.js';

@ApiExcludeController()
@Controller()
@AllowEverybody()
export class HealthController extends HostHealthController {
  constructor(
    @Inject(HEALTH) health: Health,
    @Inject(METRICS) metrics: Metrics,
    @Inject(TokenService) private readonly tokens: TokenService,
  ) {
    super(health, metrics);
  }

  @Get('metrics')
  @Header('Content-Type', 'text/plain; version=0.0.4; charset=utf-8')
  @Allow('metrics.read')
  override text(): Promise<string> {
    this.tokens.count();
    return super.text();
  }
}

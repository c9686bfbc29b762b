/** /api/v1/channels/:channel/pipelines/:pipeline/seed */
import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post, Query, UseGuards } from '@nestjs/common';
import { ApiQuery, ApiTags } from '@nestjs/swagger';
import { nameSchema } from '@lutra/model';
import { z } from 'zod';
import { Allow } from '../access/allow.js';
import { ConnectedGuard } from '../http/connected.guard.js';
import { ApiAnswer, ApiEnd } from '../http/openapi.js';
import { orderActions } from '../orders/orders.schemas.js';
import type { OrderAction } from '../orders/orders.schemas.js';
import { flagSchema } from '../http/schemas.js';
import { seedAnswerSchema, seedFoundSchema, seedWriteSchema } from './seed.schemas.js';
import type { SeedAnswer, SeedFound, SeedWrite } from './seed.schemas.js';
import { SeedService } from './seed.service.js';

@UseGuards(ConnectedGuard)
@ApiTags('seeds')
@Controller('/api/v1/channels/:channel/pipelines/:pipeline/seed')
export class SeedController {
  constructor(@Inject(SeedService) private readonly seeds: SeedService) {}

  @Post()
  @Allow('channel.seed', 'channel')
  @HttpCode(200)
  @ApiQuery({ name: 'dryRun', required: false, schema: { type: 'boolean' } })
  @ApiAnswer('Copy tables through the log, or send single rows again; dryRun: what it would read and meet', seedAnswerSchema, 400, 404, 409)
  order(
    @Param('channel', { schema: nameSchema }) channel: string,
    @Param('pipeline', { schema: nameSchema }) pipeline: string,
    @Query('dryRun', { schema: flagSchema }) dryRun: boolean,
    @Body({ schema: seedWriteSchema }) body: SeedWrite,
  ): Promise<SeedAnswer> {
    return this.seeds.order(channel, pipeline, body, { dryRun });
  }

  @Get()
  @Allow('channel.read', 'channel')
  @ApiAnswer('The order, and how far it is', seedFoundSchema, 404)
  find(
    @Param('channel', { schema: nameSchema }) channel: string,
    @Param('pipeline', { schema: nameSchema }) pipeline: string,
  ): Promise<SeedFound> {
    return this.seeds.find(channel, pipeline);
  }

  @Post(':action')
  @Allow('channel.seed', 'channel')
  @HttpCode(200)
  @ApiAnswer('pause, resume or cancel; what was copied stays', seedFoundSchema, 400, 404, 409)
  act(
    @Param('channel', { schema: nameSchema }) channel: string,
    @Param('pipeline', { schema: nameSchema }) pipeline: string,
    @Param('action', { schema: z.enum(orderActions) }) action: OrderAction,
  ): Promise<SeedFound> {
    return this.seeds.act(channel, pipeline, action);
  }

  @Delete()
  @Allow('channel.seed', 'channel')
  @HttpCode(204)
  @ApiEnd('Remove an order that is done or cancelled')
  remove(
    @Param('channel', { schema: nameSchema }) channel: string,
    @Param('pipeline', { schema: nameSchema }) pipeline: string,
  ): Promise<void> {
    return this.seeds.remove(channel, pipeline);
  }
}

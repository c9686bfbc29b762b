/** /api/v1/level and /api/v1/workers. They answer also where this control app is too old to do anything else. */
import { Body, Controller, Get, HttpCode, Inject, Post, UseGuards } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { instanceName } from '@lutra/host';
import type { Registry, Worker } from '@lutra/registry';
import { z } from 'zod';
import { Allow } from '../access/allow.js';
import { currentPerson } from '../access/person.js';
import { ReachableGuard } from '../http/connected.guard.js';
import { ApiAnswer } from '../http/openapi.js';
import { REGISTRY } from '../tokens.js';
import { levelStatusSchema, levelWriteSchema, workerSchema } from './level.schemas.js';
import type { LevelStatus, LevelWrite } from './level.schemas.js';
import { LevelService } from './level.service.js';

@UseGuards(ReachableGuard)
@ApiTags('level')
@Controller('/api/v1')
export class LevelController {
  constructor(
    @Inject(LevelService) private readonly levels: LevelService,
    @Inject(REGISTRY) private readonly registry: Registry,
  ) {}

  @Get('level')
  @Allow('overview.read')
  @ApiAnswer("The cluster's level, what each process knows, and what is in the way of raising it", levelStatusSchema)
  status(): Promise<LevelStatus> {
    return this.levels.status();
  }

  @Post('level')
  @Allow('level.raise')
  @HttpCode(200)
  @ApiAnswer('Raise the level; it never falls. Refused while a live process does not know it', levelStatusSchema, 400, 409)
  raise(@Body({ schema: levelWriteSchema }) { level }: LevelWrite): Promise<LevelStatus> {
    return this.levels.raise(level, `${currentPerson().name} at control ${instanceName}`);
  }

  @Get('workers')
  @Allow('overview.read')
  @ApiAnswer('All live processes', z.array(workerSchema))
  workers(): Promise<readonly Worker[]> {
    return this.registry.workers.list();
  }
}

/** /api/v1/channels/:channel/pipelines/:pipeline/{rewind,restart} */
import { Body, Controller, HttpCode, Inject, Param, Post, Query, UseGuards } from '@nestjs/common';
import { ApiQuery, ApiTags } from '@nestjs/swagger';
import { nameSchema } from '@lutra/model';
import { z } from 'zod';
import { Allow } from '../access/allow.js';
import { ConnectedGuard } from '../http/connected.guard.js';
import { ApiAnswer } from '../http/openapi.js';
import { pipelinePositionSchema } from '../http/schemas.js';
import type { PipelinePosition } from '../http/schemas.js';
import { restartAnswerSchema, restartWriteSchema, rewindPreviewSchema, rewindQuerySchema, rewindWriteSchema } from './recovery.schemas.js';
import type { RestartAnswer, RestartWrite, RewindPreview, RewindQuery, RewindWrite } from './recovery.schemas.js';
import { PipelineRecoveryService } from './recovery.service.js';
import { RewindService } from './rewind.service.js';

@UseGuards(ConnectedGuard)
@ApiTags('pipelines')
@Controller('/api/v1/channels/:channel/pipelines/:pipeline')
export class PipelineRecoveryController {
  constructor(
    @Inject(PipelineRecoveryService) private readonly recovery: PipelineRecoveryService,
    @Inject(RewindService) private readonly rewinds: RewindService,
  ) {}

  @Post('rewind')
  @Allow('channel.recover', 'channel')
  @HttpCode(200)
  @ApiQuery({ name: 'dryRun', required: false, schema: { type: 'boolean' } })
  @ApiAnswer(
    'Set the position, by seq, offset, GTID set, binlog position or time. Back: what lies behind it is applied once more, in safe mode. Ahead, with accept: what lies between is never applied, which is recorded. dryRun: where it would lead, and nothing is written',
    z.union([pipelinePositionSchema, rewindPreviewSchema]),
    400,
    404,
    409,
  )
  rewind(
    @Param('channel', { schema: nameSchema }) channel: string,
    @Param('pipeline', { schema: nameSchema }) pipeline: string,
    @Query({ schema: rewindQuerySchema }) { dryRun }: RewindQuery,
    @Body({ schema: rewindWriteSchema }) { seq = -1, to = { seq }, ...how }: RewindWrite,
  ): Promise<PipelinePosition | RewindPreview> {
    const asked = { ...how, to };
    return dryRun ? this.rewinds.preview(channel, pipeline, asked) : this.rewinds.rewind(channel, pipeline, asked);
  }

  @Post('restart')
  @Allow('channel.recover', 'channel')
  @HttpCode(200)
  @ApiAnswer(
    'Continue at an end of the topic, or after the position of a dump, whatever the checkpoint says; without accept: the consequences',
    restartAnswerSchema,
    400,
    404,
    409,
  )
  restart(
    @Param('channel', { schema: nameSchema }) channel: string,
    @Param('pipeline', { schema: nameSchema }) pipeline: string,
    @Body({ schema: restartWriteSchema }) body: RestartWrite,
  ): Promise<RestartAnswer> {
    return this.recovery.restart(channel, pipeline, body);
  }
}

/** /api/v1/channels/:channel/pipelines/:pipeline */
import { Body, Controller, Get, HttpCode, Inject, Param, Post, UseGuards } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { nameSchema } from '@lutra/model';
import { Allow } from '../access/allow.js';
import { ConnectedGuard } from '../http/connected.guard.js';
import { ApiAnswer } from '../http/openapi.js';
import { pipelinePositionSchema, skipWriteSchema } from '../http/schemas.js';
import type { PipelinePosition, SkipWrite } from '../http/schemas.js';
import { PipelineService } from './pipeline.service.js';

@UseGuards(ConnectedGuard)
@ApiTags('pipelines')
@Controller('/api/v1/channels/:channel/pipelines/:pipeline')
export class PipelineController {
  constructor(@Inject(PipelineService) private readonly pipelines: PipelineService) {}

  @Get('position')
  @Allow('channel.read', 'channel')
  @ApiAnswer(
    'Position of the pipeline: checkpoint at the target, ends of the topic, what capture has acknowledged',
    pipelinePositionSchema,
    404,
  )
  position(
    @Param('channel', { schema: nameSchema }) channel: string,
    @Param('pipeline', { schema: nameSchema }) pipeline: string,
  ): Promise<PipelinePosition> {
    return this.pipelines.position(channel, pipeline);
  }

  @Post('skip')
  @Allow('channel.recover', 'channel')
  @HttpCode(200)
  @ApiAnswer(
    'Skip the transaction at which the pipeline stopped: its rows are recorded in lutra.skipped and not applied',
    pipelinePositionSchema,
    400,
    404,
  )
  skip(
    @Param('channel', { schema: nameSchema }) channel: string,
    @Param('pipeline', { schema: nameSchema }) pipeline: string,
    @Body({ schema: skipWriteSchema }) body: SkipWrite,
  ): Promise<PipelinePosition> {
    return this.pipelines.skip(channel, pipeline, body);
  }
}

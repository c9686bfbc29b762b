/** /api/v1/channels/:channel/pipelines/:pipeline/{rewind,restart} */
import { Body, Controller, HttpCode, Inject, Param, Post, UseGuards } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { nameSchema } from '@lutra/model';
import { Allow } from '../access/allow.js';
import { ConnectedGuard } from '../http/connected.guard.js';
import { ApiAnswer } from '../http/openapi.js';
import { pipelinePositionSchema } from '../http/schemas.js';
import type { PipelinePosition } from '../http/schemas.js';
import { restartAnswerSchema, restartWriteSchema, rewindWriteSchema } from './recovery.schemas.js';
import type { RestartAnswer, RestartWrite, RewindWrite } from './recovery.schemas.js';
import { PipelineRecoveryService } from './recovery.service.js';

@UseGuards(ConnectedGuard)
@ApiTags('pipelines')
@Controller('/api/v1/channels/:channel/pipelines/:pipeline')
export class PipelineRecoveryController {
  constructor(@Inject(PipelineRecoveryService) private readonly recovery: PipelineRecoveryService) {}

  @Post('rewind')
  @Allow('channel.recover', 'channel')
  @HttpCode(200)
  @ApiAnswer(
    'Apply everything after a seq once more, in safe mode: fixes rows that were changed at the target',
    pipelinePositionSchema,
    400,
    404,
    409,
  )
  rewind(
    @Param('channel', { schema: nameSchema }) channel: string,
    @Param('pipeline', { schema: nameSchema }) pipeline: string,
    @Body({ schema: rewindWriteSchema }) body: RewindWrite,
  ): Promise<PipelinePosition> {
    return this.recovery.rewind(channel, pipeline, body);
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

/** /api/v1/channels/:channel/pipelines/:pipeline/{rewind,restart} */
import { Body, Controller, HttpCode, Inject, Param, Post, UseGuards } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { nameSchema } from '@lutra/model';
import { ConnectedGuard } from '../http/connected.guard.js';
import { ApiAnswer } from '../http/openapi.js';
import { pipelinePositionSchema } from '../http/schemas.js';
import type { PipelinePosition } from '../http/schemas.js';
import { restartAnswerSchema, restartWriteSchema, rewindWriteSchema } from './way-out.schemas.js';
import type { RestartAnswer, RestartWrite, RewindWrite } from './way-out.schemas.js';
import { PipelineWayOutService } from './way-out.service.js';

@UseGuards(ConnectedGuard)
@ApiTags('pipelines')
@Controller('/api/v1/channels/:channel/pipelines/:pipeline')
export class PipelineWayOutController {
  constructor(@Inject(PipelineWayOutService) private readonly waysOut: PipelineWayOutService) {}

  @Post('rewind')
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
    return this.waysOut.rewind(channel, pipeline, body);
  }

  @Post('restart')
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
    return this.waysOut.restart(channel, pipeline, body);
  }
}

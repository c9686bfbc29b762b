/** /api/v1/channels/:channel/pipelines/:pipeline/ddl */
import { Body, Controller, Get, HttpCode, Inject, Param, Post, UseGuards } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { nameSchema } from '@lutra/model';
import { Allow } from '../access/allow.js';
import { ConnectedGuard } from '../http/connected.guard.js';
import { ApiAnswer } from '../http/openapi.js';
import { ddlAnswerSchema, pipelineDdlSchema } from './ddl.schemas.js';
import type { DdlAnswerWrite, PipelineDdl } from './ddl.schemas.js';
import { DdlService } from './ddl.service.js';

@UseGuards(ConnectedGuard)
@ApiTags('pipelines')
@Controller('/api/v1/channels/:channel/pipelines/:pipeline/ddl')
export class DdlController {
  constructor(@Inject(DdlService) private readonly ddl: DdlService) {}

  @Get()
  @Allow('channel.read', 'channel')
  @ApiAnswer(
    'Schema changes of the pipeline: settings, the one at which it holds with both definitions, the one that runs, and the newest',
    pipelineDdlSchema,
    404,
  )
  find(
    @Param('channel', { schema: nameSchema }) channel: string,
    @Param('pipeline', { schema: nameSchema }) pipeline: string,
  ): Promise<PipelineDdl> {
    return this.ddl.find(channel, pipeline);
  }

  @Post()
  @Allow('channel.recover', 'channel')
  @HttpCode(200)
  @ApiAnswer('Answer the schema change at which the pipeline holds: run, done, skip or seed', pipelineDdlSchema, 400, 404, 409)
  answer(
    @Param('channel', { schema: nameSchema }) channel: string,
    @Param('pipeline', { schema: nameSchema }) pipeline: string,
    @Body({ schema: ddlAnswerSchema }) body: DdlAnswerWrite,
  ): Promise<PipelineDdl> {
    return this.ddl.answer(channel, pipeline, body);
  }
}

/** /api/v1/channels/:channel/pipelines/:pipeline/tables/{suspend,resume} */
import { Body, Controller, HttpCode, Inject, Param, Post, UseGuards } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { nameSchema } from '@lutra/model';
import { Allow } from '../access/allow.js';
import { ConnectedGuard } from '../http/connected.guard.js';
import { ApiAnswer } from '../http/openapi.js';
import { resumeWriteSchema, suspendWriteSchema, tableSuspensionSchema } from './table-suspension.schemas.js';
import type { ResumeWrite, SuspendWrite, TableSuspension } from './table-suspension.schemas.js';
import { TableSuspensionService } from './table-suspension.service.js';

@UseGuards(ConnectedGuard)
@ApiTags('pipelines')
@Controller('/api/v1/channels/:channel/pipelines/:pipeline/tables')
export class TableSuspensionController {
  constructor(@Inject(TableSuspensionService) private readonly suspensions: TableSuspensionService) {}

  @Post('suspend')
  @Allow('channel.recover', 'channel')
  @HttpCode(200)
  @ApiAnswer(
    'Suspend tables in the pipeline: nothing of them is applied from its next transaction on',
    tableSuspensionSchema,
    400,
    404,
    409,
  )
  suspend(
    @Param('channel', { schema: nameSchema }) channel: string,
    @Param('pipeline', { schema: nameSchema }) pipeline: string,
    @Body({ schema: suspendWriteSchema }) body: SuspendWrite,
  ): Promise<TableSuspension> {
    return this.suspensions.suspend(channel, pipeline, body);
  }

  @Post('resume')
  @Allow('channel.recover', 'channel')
  @HttpCode(200)
  @ApiAnswer('Bring suspended tables back: they are seeded, then compared and repaired', tableSuspensionSchema, 400, 404, 409)
  resume(
    @Param('channel', { schema: nameSchema }) channel: string,
    @Param('pipeline', { schema: nameSchema }) pipeline: string,
    @Body({ schema: resumeWriteSchema }) body: ResumeWrite,
  ): Promise<TableSuspension> {
    return this.suspensions.resume(channel, pipeline, body);
  }
}

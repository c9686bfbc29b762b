/** /api/v1/operations and /api/v1/channels/:channel/operation */
import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post, Query, UseGuards } from '@nestjs/common';
import { ApiQuery, ApiTags } from '@nestjs/swagger';
import { nameSchema } from '@lutra/model';
import { Allow } from '../access/allow.js';
import { maySee } from '../access/person.js';
import { ConnectedGuard } from '../http/connected.guard.js';
import { ApiAnswer, ApiEnd } from '../http/openapi.js';
import { flagSchema } from '../http/schemas.js';
import {
  abortSchema,
  confirmSchema,
  operationAnswerSchema,
  operationShownSchema,
  operationsSchema,
  operationWriteSchema,
  readOnlySchema,
  resumeSchema,
} from './operation.schemas.js';
import type {
  Abort,
  Confirm,
  OperationAnswer,
  OperationShown,
  OperationsShown,
  OperationWrite,
  ReadOnlyLogin,
  Resume,
} from './operation.schemas.js';
import { OperationService } from './operation.service.js';

const name = { schema: nameSchema };

@UseGuards(ConnectedGuard)
@ApiTags('operations')
@Controller('/api/v1')
export class OperationController {
  constructor(@Inject(OperationService) private readonly operations: OperationService) {}

  @Get('operations')
  @Allow('overview.read')
  @ApiAnswer('The newest operation of each channel', operationsSchema)
  async list(): Promise<OperationsShown> {
    return { operations: [...(await this.operations.list(maySee))] };
  }

  @Post('channels/:channel/operation')
  @Allow('channel.operate', 'channel')
  @HttpCode(200)
  @ApiQuery({ name: 'dryRun', required: false, schema: { type: 'boolean' } })
  @ApiAnswer('Begin a drain, a switch-over, a fail-back or a failover; dryRun: the first look alone', operationAnswerSchema, 400, 404, 409)
  begin(
    @Param('channel', name) channel: string,
    @Query('dryRun', { schema: flagSchema }) dryRun: boolean,
    @Body({ schema: operationWriteSchema }) body: OperationWrite,
  ): Promise<OperationAnswer> {
    return this.operations.begin(channel, body, { dryRun });
  }

  @Get('channels/:channel/operation')
  @Allow('channel.read', 'channel')
  @ApiAnswer('The newest operation of the channel: where it is, and what it waits for', operationShownSchema, 404)
  find(@Param('channel', name) channel: string): Promise<OperationShown> {
    return this.operations.find(channel);
  }

  @Post('channels/:channel/operation/confirm')
  @Allow('channel.operate', 'channel')
  @HttpCode(200)
  @ApiAnswer('Confirm the step at which the operation asks', operationShownSchema, 404, 409)
  confirm(@Param('channel', name) channel: string, @Body({ schema: confirmSchema }) body: Confirm): Promise<OperationShown> {
    return this.operations.confirm(channel, body);
  }

  @Post('channels/:channel/operation/accept')
  @Allow('channel.operate', 'channel')
  @HttpCode(200)
  @ApiAnswer('Go on without something that the operation waits for', operationShownSchema, 404, 409)
  accept(@Param('channel', name) channel: string, @Body({ schema: resumeSchema }) body: Resume): Promise<OperationShown> {
    return this.operations.accept(channel, body);
  }

  @Post('channels/:channel/operation/read-only')
  @Allow('channel.operate', 'channel')
  @HttpCode(200)
  @ApiAnswer('Set read_only as the step needs it, with a login that is kept nowhere', operationShownSchema, 400, 404, 409)
  setReadOnly(@Param('channel', name) channel: string, @Body({ schema: readOnlySchema }) body: ReadOnlyLogin): Promise<OperationShown> {
    return this.operations.setReadOnly(channel, body);
  }

  @Post('channels/:channel/operation/abort')
  @Allow('channel.operate', 'channel')
  @HttpCode(200)
  @ApiAnswer('Take back what the operation has done; not once clients may write at the new place', operationShownSchema, 404, 409)
  abort(@Param('channel', name) channel: string, @Body({ schema: abortSchema }) body: Abort): Promise<OperationShown> {
    return this.operations.abort(channel, body);
  }

  @Delete('channels/:channel/operation')
  @Allow('channel.operate', 'channel')
  @HttpCode(204)
  @ApiEnd('Forget an operation that has ended')
  remove(@Param('channel', name) channel: string): Promise<void> {
    return this.operations.remove(channel);
  }
}

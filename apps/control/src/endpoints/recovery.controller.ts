/** /api/v1/endpoints/:endpoint/restart, …/reset and …/follow: the recovery actions where no retry helps. */
import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post, UseGuards } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { nameSchema } from '@lutra/model';
import { Allow } from '../access/allow.js';
import { ConnectedGuard } from '../http/connected.guard.js';
import { ApiAnswer, ApiRemove } from '../http/openapi.js';
import { EndpointFollowService } from './endpoint-follow.service.js';
import { EndpointResetService } from './endpoint-reset.service.js';
import { EndpointRestartService } from './endpoint-restart.service.js';
import {
  followAnswerSchema,
  followWriteSchema,
  resetAnswerSchema,
  resetWriteSchema,
  restartAnswerSchema,
  restartStateSchema,
  restartWriteSchema,
} from './recovery.schemas.js';
import type { FollowAnswer, FollowWrite, ResetAnswer, ResetWrite, RestartAnswer, RestartState, RestartWrite } from './recovery.schemas.js';

@UseGuards(ConnectedGuard)
@ApiTags('endpoints')
@Controller('/api/v1/endpoints/:endpoint')
export class EndpointRecoveryController {
  constructor(
    @Inject(EndpointRestartService) private readonly restarts: EndpointRestartService,
    @Inject(EndpointResetService) private readonly resets: EndpointResetService,
    @Inject(EndpointFollowService) private readonly follows: EndpointFollowService,
  ) {}

  @Get('restart')
  @Allow('endpoint.read')
  @ApiAnswer('The waiting order to continue elsewhere in the source', restartStateSchema, 404)
  find(@Param('endpoint', { schema: nameSchema }) endpoint: string): Promise<RestartState> {
    return this.restarts.find(endpoint);
  }

  @Post('restart')
  @Allow('endpoint.recover')
  @HttpCode(200)
  @ApiAnswer('Continue elsewhere in the source, in the same log; without accept: the consequences', restartAnswerSchema, 400, 404, 409)
  restart(
    @Param('endpoint', { schema: nameSchema }) endpoint: string,
    @Body({ schema: restartWriteSchema }) body: RestartWrite,
  ): Promise<RestartAnswer> {
    return this.restarts.order(endpoint, body);
  }

  @Delete('restart')
  @Allow('endpoint.recover')
  @HttpCode(204)
  @ApiRemove('Take back the order that waits')
  withdraw(@Param('endpoint', { schema: nameSchema }) endpoint: string): Promise<void> {
    return this.restarts.withdraw(endpoint);
  }

  @Post('follow')
  @Allow('endpoint.recover')
  @HttpCode(200)
  @ApiAnswer(
    'Go on with a standby that was promoted: the same log, the same position; without accept: what is in the way',
    followAnswerSchema,
    400,
    404,
    409,
  )
  follow(
    @Param('endpoint', { schema: nameSchema }) endpoint: string,
    @Body({ schema: followWriteSchema }) body: FollowWrite,
  ): Promise<FollowAnswer> {
    return this.follows.follow(endpoint, body);
  }

  @Post('reset')
  @Allow('endpoint.recover')
  @HttpCode(200)
  @ApiAnswer('Delete the log and start a new one; without accept: the consequences', resetAnswerSchema, 400, 404, 409)
  reset(
    @Param('endpoint', { schema: nameSchema }) endpoint: string,
    @Body({ schema: resetWriteSchema }) body: ResetWrite,
  ): Promise<ResetAnswer> {
    return this.resets.reset(endpoint, body);
  }
}

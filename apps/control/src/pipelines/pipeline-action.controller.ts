/** /api/v1/channels/:channel/pipelines/:pipeline/{start,pause,stop,retry} */
import { Controller, HttpCode, Inject, Param, Post, Query, Res, UseGuards } from '@nestjs/common';
import { ApiQuery, ApiTags } from '@nestjs/swagger';
import type { ClusterLevel } from '@lutra/host';
import { nameSchema } from '@lutra/model';
import { Allow } from '../access/allow.js';
import { ChannelActionService } from '../channels/channel-action.service.js';
import { sendAction } from '../channels/shown-channel.js';
import { ConnectedGuard } from '../http/connected.guard.js';
import { ApiAnswer } from '../http/openapi.js';
import { reasonQuery } from '../http/reason-query.js';
import { channelActionSchema, flagSchema } from '../http/schemas.js';
import type { ChannelAction } from '../http/schemas.js';
import type { Response } from '../http/versions.js';
import { LEVEL } from '../tokens.js';

const force = { name: 'force', required: false, schema: { type: 'boolean' as const } };

@UseGuards(ConnectedGuard)
@ApiTags('pipelines')
@Controller('/api/v1/channels/:channel/pipelines/:pipeline')
export class PipelineActionController {
  constructor(
    @Inject(ChannelActionService) private readonly actions: ChannelActionService,
    @Inject(LEVEL) private readonly level: Pick<ClusterLevel, 'current'>,
  ) {}

  @Post('start')
  @Allow('channel.run', 'channel')
  @HttpCode(200)
  @ApiQuery(reasonQuery)
  @ApiQuery(force)
  @ApiAnswer(
    'As much is wanted of the pipeline as of its channel: its servers are checked first, as by a start of the channel',
    channelActionSchema,
    404,
    409,
  )
  async start(
    @Param('channel', { schema: nameSchema }) channel: string,
    @Param('pipeline', { schema: nameSchema }) pipeline: string,
    @Query('force', { schema: flagSchema }) flag: boolean,
    @Res({ passthrough: true }) response: Response,
  ): Promise<ChannelAction> {
    return sendAction(response, await this.actions.start({ channel, pipeline }, flag), this.level.current);
  }

  @Post('pause')
  @Allow('channel.run', 'channel')
  @HttpCode(200)
  @ApiQuery(reasonQuery)
  @ApiQuery(force)
  @ApiAnswer(
    'Its loader waits, the capture of its source continues (from stopped: checks first, as start does)',
    channelActionSchema,
    404,
    409,
  )
  async pause(
    @Param('channel', { schema: nameSchema }) channel: string,
    @Param('pipeline', { schema: nameSchema }) pipeline: string,
    @Query('force', { schema: flagSchema }) flag: boolean,
    @Res({ passthrough: true }) response: Response,
  ): Promise<ChannelAction> {
    return sendAction(response, await this.actions.pause({ channel, pipeline }, flag), this.level.current);
  }

  @Post('stop')
  @Allow('channel.run', 'channel')
  @HttpCode(200)
  @ApiQuery(reasonQuery)
  @ApiAnswer('Stop the pipeline; the capture of its source continues while another pipeline needs it', channelActionSchema, 404, 409)
  async stop(
    @Param('channel', { schema: nameSchema }) channel: string,
    @Param('pipeline', { schema: nameSchema }) pipeline: string,
    @Res({ passthrough: true }) response: Response,
  ): Promise<ChannelAction> {
    return sendAction(response, await this.actions.stop({ channel, pipeline }), this.level.current);
  }

  @Post('retry')
  @Allow('channel.run', 'channel')
  @HttpCode(200)
  @ApiQuery(reasonQuery)
  @ApiAnswer('The pipeline tries again now, and the captures that it needs, if they failed', channelActionSchema, 404, 409)
  async retry(
    @Param('channel', { schema: nameSchema }) channel: string,
    @Param('pipeline', { schema: nameSchema }) pipeline: string,
    @Res({ passthrough: true }) response: Response,
  ): Promise<ChannelAction> {
    return sendAction(response, await this.actions.retry({ channel, pipeline }), this.level.current);
  }
}

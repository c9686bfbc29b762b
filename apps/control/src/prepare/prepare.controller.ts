/** /api/v1/prepare, and /api/v1/channels/:channel/pipelines/:pipeline/probe */
import { Body, Controller, HttpCode, Inject, Param, Post, Req, UseGuards } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { IncomingMessage } from 'node:http';
import { nameSchema } from '@lutra/model';
import { Allow } from '../access/allow.js';
import type { Clients } from '../access/client.js';
import { ConnectedGuard } from '../http/connected.guard.js';
import { ApiAnswer } from '../http/openapi.js';
import { CLIENTS } from '../tokens.js';
import { prepareBodySchema, preparedAnswerSchema, probeSchema, unprepareBodySchema, unpreparedAnswerSchema } from './prepare.schemas.js';
import type { PrepareBody, PreparedAnswer, Probe, UnprepareBody, UnpreparedAnswer } from './prepare.schemas.js';
import { PrepareService } from './prepare.service.js';
import { ProbeService } from './probe.service.js';
import { requireSafeRequest } from './transport.js';
import { UnprepareService } from './unprepare.service.js';

@UseGuards(ConnectedGuard)
@ApiTags('prepare')
@Controller('/api/v1')
export class PrepareController {
  constructor(
    @Inject(PrepareService) private readonly preparing: PrepareService,
    @Inject(UnprepareService) private readonly unpreparing: UnprepareService,
    @Inject(ProbeService) private readonly probes: ProbeService,
    @Inject(CLIENTS) private readonly clients: Clients,
  ) {}

  @Post('prepare')
  @Allow('endpoint.prepare')
  @HttpCode(200)
  @ApiAnswer(
    'What a database server lacks to be an endpoint; with `hash` that is done, by an administrator whose login nobody keeps. HTTPS, or local',
    preparedAnswerSchema,
    400,
    404,
    409,
    502,
  )
  async prepare(@Body({ schema: prepareBodySchema }) body: PrepareBody, @Req() request: IncomingMessage): Promise<PreparedAnswer> {
    requireSafeRequest(request, this.clients);
    return this.preparing.prepare(body);
  }

  @Post('prepare/undo')
  @Allow('endpoint.prepare')
  @HttpCode(200)
  @ApiAnswer(
    'What Lutra has done on a database server; with `hash` it is taken back. Refused while a channel uses the server',
    unpreparedAnswerSchema,
    400,
    404,
    409,
    502,
  )
  async undo(@Body({ schema: unprepareBodySchema }) body: UnprepareBody, @Req() request: IncomingMessage): Promise<UnpreparedAnswer> {
    requireSafeRequest(request, this.clients);
    return this.unpreparing.unprepare(body);
  }

  @Post('channels/:channel/pipelines/:pipeline/probe')
  @Allow('channel.run', 'channel')
  @HttpCode(200)
  @ApiAnswer(
    'Write at the source what means nothing (lutra.skip): where its binlog is behind that. The pipeline has it when its position is there',
    probeSchema,
    404,
    502,
  )
  probe(
    @Param('channel', { schema: nameSchema }) channel: string,
    @Param('pipeline', { schema: nameSchema }) pipeline: string,
  ): Promise<Probe> {
    return this.probes.probe(channel, pipeline);
  }
}

/** What is going on: all channels, or one; and an operator's word about what was not replicated. */
import { Body, Controller, Get, HttpCode, Inject, Param, Post, UseGuards } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { nameSchema } from '@lutra/model';
import type { Registry } from '@lutra/registry';
import { Allow } from '../access/allow.js';
import { maySee } from '../access/person.js';
import { findLatest } from '../configuration/configuration.js';
import { ConnectedGuard } from '../http/connected.guard.js';
import { ApiAnswer } from '../http/openapi.js';
import { channelStatusSchema, statusSchema } from '../http/schemas.js';
import type { ChannelStatus, Status } from '../http/schemas.js';
import { REGISTRY } from '../tokens.js';
import { tellOutdated } from '../level/outdated.js';
import { channelStatus } from './channel-status.js';
import { OrderStatusService } from './order-status.service.js';
import { OmissionService } from './omission.service.js';
import { StatusService } from './status.service.js';
import { confirmWriteSchema, omissionsStatusSchema } from './omissions.schema.js';
import type { ConfirmWrite, OmissionsStatus } from './omissions.schema.js';

@UseGuards(ConnectedGuard)
@ApiTags('status')
@Controller('/api/v1')
export class StatusController {
  constructor(
    @Inject(StatusService) private readonly statuses: StatusService,
    @Inject(REGISTRY) private readonly registry: Registry,
    @Inject(OmissionService) private readonly omissions: OmissionService,
    @Inject(OrderStatusService) private readonly orders: OrderStatusService,
  ) {}

  @Get('status')
  @Allow('overview.read')
  @ApiAnswer('All channels: state, position, lag, counts and last error of each pipeline, and omissions', statusSchema)
  all(): Promise<Status> {
    return this.statuses.all(maySee);
  }

  @Get('channels/:name/status')
  @Allow('channel.read', 'name')
  @ApiAnswer('One channel', channelStatusSchema, 404)
  async one(@Param('name', { schema: nameSchema }) name: string): Promise<ChannelStatus> {
    // The newest: who has just changed the routes through another control process waits here until they are in force.
    const { document } = await findLatest(this.registry, 'channel', name);
    const status = channelStatus(document, await this.registry.status.list(), await this.omissions.of(document));
    const [told = status] = await this.orders.tell(await tellOutdated(this.registry, [status]), [document]);
    return told;
  }

  @Post('channels/:name/omissions/confirm')
  @Allow('channel.run', 'name')
  @HttpCode(200)
  @ApiAnswer(
    'Confirm that omissions were dealt with: ignored DDL, skipped transactions, forced starts, suspended tables',
    omissionsStatusSchema,
    400,
    404,
    409,
  )
  confirm(
    @Param('name', { schema: nameSchema }) name: string,
    @Body({ schema: confirmWriteSchema }) body: ConfirmWrite,
  ): Promise<OmissionsStatus> {
    return this.omissions.confirm(name, body);
  }
}

/** What is going on: all channels, or one. */
import { Controller, Get, Inject, Param, UseGuards } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { nameSchema } from '@lutra/model';
import type { Registry } from '@lutra/registry';
import { findLatest, listDocuments } from '../configuration/configuration.js';
import { ConnectedGuard } from '../http/connected.guard.js';
import { ApiAnswer } from '../http/openapi.js';
import { channelStatusSchema, statusSchema } from '../http/schemas.js';
import type { ChannelStatus, Status } from '../http/schemas.js';
import { REGISTRY } from '../tokens.js';
import { channelStatus } from './channel-status.js';

@UseGuards(ConnectedGuard)
@ApiTags('status')
@Controller('/api/v1')
export class StatusController {
  constructor(@Inject(REGISTRY) private readonly registry: Registry) {}

  @Get('status')
  @ApiAnswer('All channels: state, position, lag, counts and last error of each pipeline', statusSchema)
  async all(): Promise<Status> {
    const [channels, workers] = await Promise.all([listDocuments(this.registry.channels), this.registry.status.list()]);
    return {
      zooKeeper: this.registry.connected ? 'connected' : 'disconnected',
      channels: channels.map((channel) => channelStatus(channel, workers)),
    };
  }

  @Get('channels/:name/status')
  @ApiAnswer('One channel', channelStatusSchema, 404)
  async one(@Param('name', { schema: nameSchema }) name: string): Promise<ChannelStatus> {
    // The newest: who has just changed the routes through another control process waits here until they are in force.
    const { document } = await findLatest(this.registry.channels, 'channel', name);
    return channelStatus(document, await this.registry.status.list());
  }
}

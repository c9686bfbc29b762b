/** What goes on in all channels, for a request and for the stream. */
import { Inject, Injectable } from '@nestjs/common';
import type { Registry } from '@lutra/registry';
import { configurationOf, invalidOf } from '../configuration/configuration.js';
import type { Status } from '../http/schemas.js';
import { tellOutdated } from '../level/outdated.js';
import { REGISTRY } from '../tokens.js';
import { channelStatus } from './channel-status.js';
import { OmissionService } from './omission.service.js';
import { OrderStatusService } from './order-status.service.js';
import { seenInvalid } from './status-change.js';

const kinds = ['region', 'endpoint', 'channel'] as const;

@Injectable()
export class StatusService {
  constructor(
    @Inject(REGISTRY) private readonly registry: Registry,
    @Inject(OmissionService) private readonly omissions: OmissionService,
    @Inject(OrderStatusService) private readonly orders: OrderStatusService,
  ) {}

  /** @param sees Whether a channel of this name is part of it. */
  async all(sees: (channel: string) => boolean): Promise<Status> {
    const [snapshot, workers] = await Promise.all([this.registry.snapshot.known(), this.registry.status.list()]);
    const channels = configurationOf(snapshot).channels.filter(({ name }) => sees(name));
    const statuses = await Promise.all(channels.map(async (channel) => channelStatus(channel, workers, await this.omissions.of(channel))));
    return {
      zooKeeper: this.registry.connected ? 'connected' : 'disconnected',
      revision: snapshot.revision?.revision ?? null,
      invalid: seenInvalid(
        kinds.flatMap((kind) => invalidOf(snapshot, kind).map((name) => `${kind} ${name}`)),
        sees,
      ),
      channels: await this.orders.tell(await tellOutdated(this.registry, statuses), channels),
    };
  }
}

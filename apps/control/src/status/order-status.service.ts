/** Reads the orders of channels and what became of them. A node that cannot be read is left out: the rest of the status is worth more. */
import { Inject, Injectable } from '@nestjs/common';
import { toSyncError } from '@lutra/model';
import type { ChannelDocument } from '@lutra/model';
import type { OrderStore, Registry } from '@lutra/registry';
import type { Logger } from '@lutra/telemetry';
import type { ChannelStatus } from '../http/schemas.js';
import { LOGGER, REGISTRY } from '../tokens.js';
import { UnequalService } from '../unequal/unequal.service.js';
import { seedStatus, verificationStatus } from './order-status.js';

@Injectable()
export class OrderStatusService {
  constructor(
    @Inject(REGISTRY) private readonly registry: Registry,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(UnequalService) private readonly unequal: UnequalService,
  ) {}

  async tell(statuses: readonly ChannelStatus[], channels: readonly ChannelDocument[]): Promise<ChannelStatus[]> {
    const [seeds, verifications] = await Promise.all([this.registry.seeds.names(), this.registry.verifications.names()]);
    const [seeded, verified] = [new Set(seeds), new Set(verifications)];
    return Promise.all(
      statuses.map(async (status) => {
        const channel = channels.find(({ name }) => name === status.name);
        if (!channel) return status;
        const verification = verified.has(channel.name) ? await this.#verification(channel.name) : null;
        return {
          ...status,
          verification,
          unequal: this.unequal.known(channel.name),
          pipelines: await this.#pipelines(status, channel, seeded),
        };
      }),
    );
  }

  #pipelines(status: ChannelStatus, { pipelines }: ChannelDocument, seeded: ReadonlySet<string>): Promise<ChannelStatus['pipelines']> {
    return Promise.all(
      status.pipelines.map(async (pipeline) => {
        if (!seeded.has(pipeline.uid)) return pipeline;
        const order = await this.#read(this.registry.seeds, pipeline.uid);
        const progress = await this.#read(this.registry.seedProgress, pipeline.uid);
        return { ...pipeline, seed: order && seedStatus(order, progress, pipelines) };
      }),
    );
  }

  async #verification(channel: string): Promise<ChannelStatus['verification']> {
    const order = await this.#read(this.registry.verifications, channel);
    return order && verificationStatus(order, await this.#read(this.registry.verificationResults, channel));
  }

  async #read<T>(store: Pick<OrderStore<T>, 'read'>, name: string): Promise<T | null> {
    try {
      return (await store.read(name))?.document ?? null;
    } catch (error) {
      const { code, message } = toSyncError(error);
      if (code !== 'CONFIG_INVALID') throw error;
      this.logger.warn({ code, name }, `an order cannot be read: ${message}`);
      return null;
    }
  }
}

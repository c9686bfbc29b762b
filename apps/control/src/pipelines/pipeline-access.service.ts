/** A pipeline by its names, and how control connects to the servers and topics at its ends. */
import { Inject, Injectable } from '@nestjs/common';
import type { BusOptions } from '@lutra/bus';
import { pipelineName, SyncError } from '@lutra/model';
import type { ChannelDocument, EndpointDocument, PipelineDocument, RegionDocument } from '@lutra/model';
import type { ConnectionOptions } from '@lutra/mysql';
import { kafkaClient, loginOf } from '@lutra/registry';
import type { Registry } from '@lutra/registry';
import type { Logger } from '@lutra/telemetry';
import { findDocument } from '../configuration/configuration.js';
import { LOGGER, REGISTRY, SECRET_KEY } from '../tokens.js';
import type { SecretKey } from '../tokens.js';

export const connectTimeoutMs = 5_000;

@Injectable()
export class PipelineAccessService {
  constructor(
    @Inject(REGISTRY) protected readonly registry: Registry,
    @Inject(SECRET_KEY) private readonly key: SecretKey,
    @Inject(LOGGER) protected readonly logger: Logger,
  ) {}

  async find(channelName: string, name: string): Promise<{ channel: ChannelDocument; pipeline: PipelineDocument; id: string }> {
    const { document: channel } = await findDocument(this.registry, 'channel', channelName);
    const pipeline = channel.pipelines.find((candidate) => candidate.name === name);
    if (!pipeline) throw new SyncError('CONFIG_MISSING', `channel ${channelName} has no pipeline ${name}`);
    return { channel, pipeline, id: pipelineName(channelName, name) };
  }

  /** How the endpoint's own user connects to it. */
  connectionTo(endpoint: EndpointDocument): ConnectionOptions {
    return { ...loginOf(this.key, endpoint), connectTimeoutMs };
  }

  /** How control reads the topics of a region. */
  busOf(region: RegionDocument): BusOptions {
    return { ...kafkaClient(this.key, region), clientId: 'lutra-control', logger: this.logger };
  }
}

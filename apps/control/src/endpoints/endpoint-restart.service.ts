/**
 * "Go on elsewhere": the way past what capture cannot read, or what the source has no more. The log goes on under its id; capture carries
 * the order out when it claims the log next, and `attempt` is raised so that this is now.
 */
import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { ChannelDocument, EndpointDocument } from '@lutra/model';
import { openPassword } from '@lutra/registry';
import type { Registry } from '@lutra/registry';
import type { Logger } from '@lutra/telemetry';
import { ChannelActionService } from '../channels/channel-action.service.js';
import { findDocument, listDocuments } from '../configuration/configuration.js';
import { RefusedError } from '../configuration/problem.js';
import { LOGGER, REGISTRY, SECRET_KEY } from '../tokens.js';
import type { SecretKey } from '../tokens.js';
import { restartConsequences } from './consequences.js';
import { askSource } from './source-position.js';
import type { RestartAnswer, RestartState, RestartWrite } from './recovery.schemas.js';

@Injectable()
export class EndpointRestartService {
  constructor(
    @Inject(REGISTRY) private readonly registry: Registry,
    @Inject(SECRET_KEY) private readonly key: SecretKey,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(ChannelActionService) private readonly actions: ChannelActionService,
  ) {}

  async find(name: string): Promise<RestartState> {
    await this.#endpoint(name);
    return { endpoint: name, order: (await this.registry.restarts.read(name))?.document ?? null };
  }

  /**
   * @throws SyncError CONFIG_INVALID where the source refuses the position; RefusedError CONFIG_CONFLICT with the consequences, unless they
   * are accepted
   */
  async order(name: string, { start, reason, accept }: RestartWrite): Promise<RestartAnswer> {
    const endpoint = await this.#endpoint(name);
    const readers = await this.#readers(name);
    const log = (await this.registry.logs.read(name))?.document.position ?? null;
    const server = { ...endpoint, password: openPassword(this.key, endpoint) };
    const consequences = restartConsequences({ endpoint: name, readers }, { start, log }, await askSource(server, start, log));
    if (!accept) throw new RefusedError('CONFIG_CONFLICT', `endpoint ${name}: say "accept": true if this is what you want`, consequences);
    const order = { id: randomUUID(), start, reason, at: Date.now() };
    await this.registry.restarts.order(name, order);
    this.logger.warn({ endpoint: name, ...order }, 'the log will go on elsewhere in the source');
    await this.#startAnew(readers);
    return { endpoint: name, order, consequences: [...consequences] };
  }

  /** Takes back an order that waits. */
  async withdraw(name: string): Promise<void> {
    await this.#endpoint(name);
    await this.registry.restarts.withdraw(name);
    await this.#startAnew(await this.#readers(name));
  }

  async #startAnew(readers: readonly ChannelDocument[]): Promise<void> {
    for (const channel of readers) await this.actions.retry(channel.name);
  }

  async #endpoint(name: string): Promise<EndpointDocument> {
    return (await findDocument(this.registry, 'endpoint', name)).document;
  }

  async #readers(name: string): Promise<readonly ChannelDocument[]> {
    const channels = await listDocuments(this.registry, 'channel');
    return channels.filter(({ pipelines }) => pipelines.some(({ source }) => source === name));
  }
}

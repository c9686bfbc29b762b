/**
 * "Go on elsewhere": the way past what capture cannot read, or what the source has no more. The log goes on under its id; capture carries
 * the order out when it claims the log next, and `attempt` is raised so that this is now.
 */
import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { toSyncError } from '@lutra/model';
import type { ChannelDocument, EndpointDocument, RestartOrder } from '@lutra/model';
import { openPassword } from '@lutra/registry';
import type { Registry } from '@lutra/registry';
import type { Logger } from '@lutra/telemetry';
import { ChannelActionService } from '../channels/channel-action.service.js';
import { findDocument, listDocuments } from '../configuration/configuration.js';
import { ConfigurationService } from '../configuration/configuration.service.js';
import { errorsOf, RefusedError } from '../configuration/problem.js';
import { LOGGER, REGISTRY, SECRET_KEY } from '../tokens.js';
import type { SecretKey } from '../tokens.js';
import type { HealedPipeline } from '../verifications/heal.js';
import { healedBy, HealService, holeOf } from '../verifications/heal.service.js';
import type { Ordered } from '../verifications/heal.service.js';
import { healing, restartConsequences } from './consequences.js';
import { askSource } from './source-position.js';
import type { RestartAnswer, RestartState, RestartWrite } from './recovery.schemas.js';

@Injectable()
export class EndpointRestartService {
  constructor(
    @Inject(REGISTRY) private readonly registry: Registry,
    @Inject(SECRET_KEY) private readonly key: SecretKey,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(ConfigurationService) private readonly configuration: ConfigurationService,
    @Inject(ChannelActionService) private readonly actions: ChannelActionService,
    @Inject(HealService) private readonly heals: HealService,
  ) {}

  async find(name: string): Promise<RestartState> {
    await this.#endpoint(name);
    return { endpoint: name, order: (await this.registry.restarts.read(name))?.document ?? null };
  }

  /**
   * @throws SyncError CONFIG_INVALID where the source refuses the position; RefusedError CONFIG_CONFLICT with the consequences, unless they
   * are accepted
   */
  async order(name: string, { start, reason, accept, then }: RestartWrite): Promise<RestartAnswer> {
    const endpoint = await this.#endpoint(name);
    const readers = await this.#readers(name);
    const log = (await this.registry.logs.read(name))?.document.position ?? null;
    const server = { ...endpoint, password: openPassword(this.key, endpoint) };
    const told = restartConsequences({ endpoint: name, readers }, { start, log }, await askSource(server, start, log));
    const healed = then ? healedBy(readers, name) : [];
    const consequences = then ? [...told.map(healing), ...(await this.heals.consequences(healed))] : told;
    const errors = errorsOf(consequences);
    if (errors.length > 0) throw new RefusedError('CONFIG_CONFLICT', `endpoint ${name} cannot be restarted so`, consequences);
    if (!accept) throw new RefusedError('CONFIG_CONFLICT', `endpoint ${name}: say "accept": true if this is what you want`, consequences);
    // oxlint-disable-next-line unicorn/no-thenable -- a text is no function: await takes it as it is
    const order: RestartOrder = { id: randomUUID(), start, reason, ...(then && { then }), at: Date.now() };
    const verifications = await this.#write(name, order, healed);
    this.logger.warn({ endpoint: name, ...order }, 'the log will go on elsewhere in the source');
    await this.#startAnew(readers);
    return { endpoint: name, order, consequences: [...consequences], verifications: [...verifications] };
  }

  /**
   * Entries at the targets come first, and once more behind the order: a worker that was at an earlier hole may have ended one between.
   * Order and verifications are one write: no restart is left without its comparison.
   */
  async #write(name: string, order: RestartOrder, healed: readonly HealedPipeline[]): Promise<readonly Ordered[]> {
    const hole = holeOf(order.id, order.reason);
    const ordered = await this.#ordered(name, order, healed).catch(async (error: unknown) => {
      await this.heals.abandon(healed, order.id);
      throw error;
    });
    if (healed.length > 0) await this.heals.raise(healed, hole);
    return ordered;
  }

  async #ordered(name: string, order: RestartOrder, healed: readonly HealedPipeline[]): Promise<readonly Ordered[]> {
    const hole = holeOf(order.id, order.reason);
    const since = healed.length === 0 ? 0 : await this.heals.raise(healed, hole);
    return this.configuration.write(async () => {
      const of = { request: order.id, by: hole.reason, restarts: [name], since };
      const { ordered: answer, operations } = await this.heals.orders(healed, of);
      return { answer, operations: [await this.registry.restarts.ordering(name, order), ...operations] };
    });
  }

  /** Takes back an order that waits, and what was to follow it. */
  async withdraw(name: string): Promise<void> {
    await this.#endpoint(name);
    const readers = await this.#readers(name);
    const taken = await this.configuration.write(async () => {
      const waiting = await this.#waiting(name);
      const following = waiting?.then ? await this.heals.withdrawing(readers, name, waiting.id) : [];
      return { answer: waiting, operations: [await this.registry.restarts.withdrawing(name), ...following] };
    });
    await this.#startAnew(readers);
    if (taken?.then) await this.heals.withdraw(healedBy(readers, name), taken.id);
  }

  /** One that is damaged is taken back too. */
  async #waiting(name: string): Promise<RestartOrder | null> {
    try {
      return (await this.registry.restarts.read(name))?.document ?? null;
    } catch (error) {
      if (toSyncError(error).code !== 'CONFIG_INVALID') throw error;
      return null;
    }
  }

  async #startAnew(readers: readonly ChannelDocument[]): Promise<void> {
    for (const channel of readers) await this.actions.retry({ channel: channel.name });
  }

  async #endpoint(name: string): Promise<EndpointDocument> {
    return (await findDocument(this.registry, 'endpoint', name)).document;
  }

  async #readers(name: string): Promise<readonly ChannelDocument[]> {
    const channels = await listDocuments(this.registry, 'channel');
    return channels.filter(({ pipelines }) => pipelines.some(({ source }) => source === name));
  }
}

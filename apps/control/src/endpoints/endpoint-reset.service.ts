/**
 * A new log in place of one that is damaged beyond use. The steps stand in such an order that a crash between any two leaves a state that
 * capture refuses by name or that changes nothing, and that repeating the request completes: the new start (without effect while the topic
 * is there), the topic, ZooKeeper's copy (without it an empty topic counts as new). Capture's lease is ours meanwhile: no capture begins in
 * between.
 */
import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { BusAdmin } from '@lutra/bus';
import { rowsTopic, SyncError } from '@lutra/model';
import type { ChannelDocument, EndpointDocument } from '@lutra/model';
import { kafkaClient, openPassword } from '@lutra/registry';
import type { LeaseGrant, Registry } from '@lutra/registry';
import { throwIfAborted } from '@lutra/runtime';
import type { Logger } from '@lutra/telemetry';
import { configurationOf, findDocument, foundForWrite } from '../configuration/configuration.js';
import { ConfigurationService } from '../configuration/configuration.service.js';
import { errorsOf, RefusedError } from '../configuration/problem.js';
import type { Problem } from '../configuration/problem.js';
import { LOGGER, REGISTRY, SECRET_KEY } from '../tokens.js';
import type { SecretKey } from '../tokens.js';
import { healAfterReset } from '../verifications/heal.js';
import { healedBy, HealService, holeOf } from '../verifications/heal.service.js';
import { healing, resetConsequences } from './consequences.js';
import { askSource } from './source-position.js';
import type { ResetAnswer, ResetWrite } from './recovery.schemas.js';

const kind = 'endpoint';
/** Kafka deletes while we wait: for at most twice as long. */
const requestTimeoutMs = 10_000;
const leaseMs = 2_000;

@Injectable()
export class EndpointResetService {
  constructor(
    @Inject(REGISTRY) private readonly registry: Registry,
    @Inject(SECRET_KEY) private readonly key: SecretKey,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(ConfigurationService) private readonly configuration: ConfigurationService,
    @Inject(HealService) private readonly heals: HealService,
  ) {}

  /**
   * @throws SyncError CONFIG_INVALID, CONFIG_CONFLICT (it is in use, or the consequences are not accepted), KAFKA_UNAVAILABLE (repeat it)
   */
  async reset(name: string, { start, reason, accept, then }: ResetWrite): Promise<ResetAnswer> {
    const { document: endpoint } = await findDocument(this.registry, kind, name);
    const readers = await this.#requireRest(name);
    const asked = await askSource({ ...endpoint, password: openPassword(this.key, endpoint) }, start, null);
    const healed = then ? healedBy(readers, name) : [];
    const following = then ? [...(await this.heals.consequences(healed)), ...healAfterReset(healed)] : [];
    requireNoErrors(name, following);
    const topic = rowsTopic(name);
    const tell = async (topics: BusAdmin): Promise<readonly Problem[]> => {
      const offsets = (await topics.exists(topic)) ? await topics.offsets(topic) : null;
      const told = resetConsequences({ endpoint: name, readers }, offsets, { start, asked });
      return then ? [...told.map(healing), ...following] : told;
    };
    if (!accept) {
      const told = await this.#withTopics(endpoint, tell);
      throw new RefusedError('CONFIG_CONFLICT', `endpoint ${name}: say "accept": true if this is what you want`, told);
    }
    const remove = (lost: AbortSignal): Promise<readonly Problem[]> =>
      this.#withTopics(endpoint, async (topics) => {
        const told = await tell(topics);
        if (healed.length > 0) await this.heals.raise(healed, holeOf(randomUUID(), reason));
        this.logger.warn({ endpoint: name, topic, start, reason }, 'the log is removed, a new one will be made');
        await this.#removeLog(name, { start, topic, topics, lost });
        return told;
      });
    return { endpoint: name, topic, start, consequences: [...(await this.#underLease(name, remove))] };
  }

  async #removeLog(
    name: string,
    { start, topic, topics, lost }: { start: ResetWrite['start']; topic: string; topics: BusAdmin; lost: AbortSignal },
  ): Promise<void> {
    await this.#requireRest(name);
    await this.#writeStart(name, start);
    await this.registry.restarts.withdraw(name);
    throwIfAborted(lost);
    await topics.deleteTopic(topic);
    throwIfAborted(lost);
    await this.registry.logs.remove(name);
  }

  /** The channels that read the endpoint: all stopped, and no capture at work. */
  async #requireRest(name: string): Promise<readonly ChannelDocument[]> {
    const { channels } = configurationOf(await this.registry.snapshot.latest());
    const readers = channels.filter(({ pipelines }) => pipelines.some(({ source }) => source === name));
    const busy = readers.filter(({ state }) => state !== 'stopped').map((channel) => channel.name);
    if (busy.length > 0) throw inUse(name, `channel ${busy.join(', ')} reads it: stop it first`);
    const worker = (await this.registry.status.list()).find((status) => status.app === 'capture' && status.name === name);
    if (worker) throw inUse(name, `capture ${worker.instance} still works on it (${worker.state}): wait until it has ended`);
    return readers;
  }

  async #underLease<T>(name: string, work: (lost: AbortSignal) => Promise<T>): Promise<T> {
    const grant = await this.#takeLease(name);
    try {
      return await work(grant.lost);
    } finally {
      await grant.release();
    }
  }

  async #takeLease(name: string): Promise<LeaseGrant> {
    const waiting = new AbortController();
    const giveUp = (): void => waiting.abort(inUse(name, 'a capture holds its lease: wait until it has ended, or its session has'));
    const bound = setTimeout(giveUp, leaseMs);
    return this.registry
      .lease(`capture/${name}`)
      .acquire(waiting.signal)
      .finally(() => clearTimeout(bound));
  }

  #writeStart(name: string, start: ResetWrite['start']): Promise<unknown> {
    return this.configuration.write((snapshot) => {
      const before = foundForWrite(snapshot, { kind, name, ifMatch: 'any' });
      return { answer: undefined, changes: [{ kind: 'endpoints', name, before, after: { ...before.document, start } }] };
    });
  }

  async #withTopics<T>(endpoint: EndpointDocument, work: (topics: BusAdmin) => Promise<T>): Promise<T> {
    const { document: region } = await findDocument(this.registry, 'region', endpoint.region);
    const client = kafkaClient(this.key, region);
    const topics = new BusAdmin({ ...client, clientId: 'lutra-control', logger: this.logger, requestTimeoutMs });
    try {
      return await work(topics);
    } finally {
      await topics.close();
    }
  }
}

/** @throws RefusedError CONFIG_CONFLICT with the whole list */
function requireNoErrors(endpoint: string, problems: readonly Problem[]): void {
  if (errorsOf(problems).length > 0) throw new RefusedError('CONFIG_CONFLICT', `endpoint ${endpoint} cannot be reset so`, problems);
}

function inUse(endpoint: string, why: string): SyncError {
  return new SyncError('CONFIG_CONFLICT', `endpoint ${endpoint} cannot be reset: ${why}`, { details: { endpoint } });
}

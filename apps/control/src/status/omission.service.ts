/**
 * Reads what was not replicated, and takes an operator's word that it was dealt with. A gauge has what nobody has confirmed: every control
 * process reads it anew from time to time, so that an alert lasts as long as the cause.
 */
import { Inject, Injectable } from '@nestjs/common';
import type { OnApplicationBootstrap, OnModuleDestroy } from '@nestjs/common';
import { toSyncError } from '@lutra/model';
import type { ChannelDocument, Omissions } from '@lutra/model';
import type { OmissionOwner, Registry, Versioned } from '@lutra/registry';
import type { Logger, Metrics } from '@lutra/telemetry';
import { findDocument, listDocuments } from '../configuration/configuration.js';
import { RefusedError } from '../configuration/problem.js';
import type { Problem } from '../configuration/problem.js';
import { LOGGER, METRICS, REGISTRY } from '../tokens.js';
import { omissionsStatus, ownersOf } from './omissions.js';
import type { ConfirmWrite, OmissionsStatus } from './omissions.schema.js';

const refreshMs = 15_000;

type Found = ReadonlyMap<OmissionOwner, Versioned<Omissions>>;

@Injectable()
export class OmissionService implements OnApplicationBootstrap, OnModuleDestroy {
  #timer: NodeJS.Timeout | undefined;

  constructor(
    @Inject(REGISTRY) private readonly registry: Registry,
    @Inject(METRICS) private readonly metrics: Metrics,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.#timer = setInterval(() => void this.refresh(), refreshMs).unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.#timer);
  }

  async of(channel: ChannelDocument): Promise<OmissionsStatus> {
    return this.#status(channel, await this.#read(channel));
  }

  /** @throws RefusedError CONFIG_CONFLICT with what the status shows, if these are not as many as the person has seen */
  async confirm(name: string, { count, by, reason }: ConfirmWrite): Promise<OmissionsStatus> {
    const { document: channel } = await findDocument(this.registry, 'channel', name);
    const found = await this.#read(channel);
    const status = this.#status(channel, found);
    if (status.count !== count) throw refused(name, status);
    for (const [owner, { version }] of found)
      await this.registry.omissions.confirm(owner, version, { channel: name, by, reason, at: Date.now() });
    this.logger.warn({ channel: name, count, by, reason }, 'what was not replicated was confirmed');
    return this.of(channel);
  }

  /** Never throws: what is not known keeps the value that it had. */
  async refresh(): Promise<void> {
    if (!this.registry.connected) return;
    try {
      const channels = await listDocuments(this.registry, 'channel');
      const statuses = await Promise.all(channels.map((channel) => this.of(channel)));
      this.metrics.omissions.reset();
      for (const [index, { name }] of channels.entries()) this.metrics.omissions.set({ name }, statuses[index]?.count ?? 0);
    } catch (thrown) {
      this.logger.debug({ code: toSyncError(thrown).code }, 'cannot read what was not replicated');
    }
  }

  #status(channel: ChannelDocument, found: Found): OmissionsStatus {
    return omissionsStatus(channel, new Map([...found].map(([owner, { document }]) => [owner, document])));
  }

  async #read(channel: ChannelDocument): Promise<Found> {
    const owners = ownersOf(channel);
    const nodes = await Promise.all(owners.map((owner) => this.registry.omissions.read(owner)));
    return new Map(owners.flatMap((owner, index) => (nodes[index] ? [[owner, nodes[index]] as const] : [])));
  }
}

function refused(name: string, { count, items }: OmissionsStatus): RefusedError {
  const what = `channel ${name} has ${count} omissions that nobody has confirmed`;
  const fix = `Bring the targets in line, then confirm with "count": ${count}.`;
  const each = items.map((item): Problem => {
    const on = item.tables.length === 0 ? '' : ` on ${item.tables.join(', ')}`;
    return { id: 'omission', severity: 'warning', what: `${item.what}${on} at ${item.where} (${item.of})`, fix: null };
  });
  return new RefusedError('CONFIG_CONFLICT', 'not confirmed', [{ id: 'omissions-unconfirmed', severity: 'error', what, fix }, ...each]);
}

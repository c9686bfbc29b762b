/** Orders of verification: one node in ZooKeeper for a channel, which a process of the first pipeline's target carries out. */
import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { ClusterLevel } from '@lutra/host';
import { maxVerifiedTables, SyncError } from '@lutra/model';
import type { VerificationOrder, VerificationResult } from '@lutra/model';
import type { Registry } from '@lutra/registry';
import type { Logger } from '@lutra/telemetry';
import { findDocument, found } from '../configuration/configuration.js';
import { ConfigurationService } from '../configuration/configuration.service.js';
import { heldProblems } from '../ddl/held-pipelines.js';
import { orderedBy, requireLevel, stateAfter } from '../orders/order-rules.js';
import type { OrderAction } from '../orders/orders.schemas.js';
import { SeedLookService } from '../seeds/seed-look.service.js';
import { requireWhere, tablesOf } from '../seeds/seed-tables.js';
import { LEVEL, LOGGER, REGISTRY } from '../tokens.js';
import { UnequalService } from '../unequal/unequal.service.js';
import { DifferenceService } from './difference.service.js';
import { verdictText } from './verdict-text.js';
import { isUnderWay } from './verification-state.js';
import type { Removed, Verification, VerifyWrite } from './verification.schemas.js';

@Injectable()
export class VerificationService {
  constructor(
    @Inject(REGISTRY) private readonly registry: Registry,
    @Inject(LEVEL) private readonly level: Pick<ClusterLevel, 'current'>,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(ConfigurationService) private readonly configuration: ConfigurationService,
    @Inject(SeedLookService) private readonly look: SeedLookService,
    @Inject(DifferenceService) private readonly differences: DifferenceService,
    @Inject(UnequalService) private readonly unequal: UnequalService,
  ) {}

  /** @throws SyncError CONFIG_CONFLICT (one is under way, level, no such tables), CONFIG_INVALID (where), CONFIG_MISSING, SOURCE_* */
  async order(channel: string, write: VerifyWrite): Promise<Verification> {
    requireLevel(this.level.current);
    await this.#requireTables(channel, write);
    const { reason, ...what } = write;
    const order: VerificationOrder = { ...what, id: randomUUID(), state: 'running', by: orderedBy(reason), at: Date.now() };
    await this.configuration.write(async (snapshot) => {
      found(snapshot, 'channel', channel);
      const known = await this.registry.verifications.read(channel);
      if (known) await this.#requireEnded(channel, known.document);
      return { answer: undefined, operations: [this.registry.verifications.replacing(channel, order, known?.version ?? null)] };
    });
    this.logger.info({ channel, order: order.id, tables: order.tables, reason }, 'a verification was ordered');
    return this.find(channel);
  }

  async find(channel: string): Promise<Verification> {
    const { document } = await findDocument(this.registry, 'channel', channel);
    const order = (await this.registry.verifications.read(channel))?.document ?? null;
    const [result, unequal, workers] = await Promise.all([
      order && this.resultOf(channel, order),
      this.unequal.ask(document),
      this.registry.status.list(),
    ]);
    return {
      order,
      result: result && {
        ...result,
        tables: result.tables.map((table) => ({ ...table, notes: [...table.notes], text: verdictText(table) })),
      },
      equal:
        result !== null && result.endedAt !== null && result.tables.length > 0 && result.tables.every(({ verdict }) => verdict === 'equal'),
      unequal,
      held: heldProblems(document, workers, order?.pipelines).map(({ what }) => what),
    };
  }

  /** @throws SyncError CONFIG_MISSING, CONFIG_CONFLICT: it was cancelled */
  async act(channel: string, action: OrderAction): Promise<Verification> {
    await findDocument(this.registry, 'channel', channel);
    for (;;) {
      const known = await this.registry.verifications.read(channel);
      if (!known) throw missing(channel);
      const { document: order, version } = known;
      const state = stateAfter(action, order.state, `the verification of channel ${channel}`);
      if (state === order.state || (await this.registry.verifications.replace(channel, { ...order, state }, version))) break;
    }
    this.logger.info({ channel, action }, 'the order of a verification was changed');
    return this.find(channel);
  }

  /** @throws SyncError CONFIG_MISSING, CONFIG_CONFLICT: it is under way */
  async remove(channel: string): Promise<Removed> {
    await findDocument(this.registry, 'channel', channel);
    const known = await this.registry.verifications.read(channel);
    if (!known) throw missing(channel);
    await this.#requireEnded(channel, known.document);
    await this.registry.verifications.remove(channel);
    await this.registry.verificationResults.remove(channel);
    return this.differences.remove(channel, known.document.id);
  }

  /** Of an earlier order: none. */
  async resultOf(channel: string, order: VerificationOrder): Promise<VerificationResult | null> {
    const result = (await this.registry.verificationResults.read(channel))?.document ?? null;
    return result?.request === order.id ? result : null;
  }

  async #requireEnded(channel: string, order: VerificationOrder): Promise<void> {
    if (!isUnderWay(order, await this.resultOf(channel, order))) return;
    const what = `channel ${channel} has a verification already, which is ${order.state} (${order.id})`;
    throw new SyncError('CONFIG_CONFLICT', `${what}: wait until it and its repair are done, or POST …/verify/cancel first`);
  }

  /** At least one pipeline carries some, and each of them takes the condition. */
  async #requireTables(channel: string, { tables, pipelines, where }: VerifyWrite): Promise<void> {
    const { document } = await findDocument(this.registry, 'channel', channel);
    const unknown = pipelines?.filter((asked) => !document.pipelines.some(({ name }) => name === asked)) ?? [];
    if (unknown.length > 0) throw new SyncError('CONFIG_MISSING', `channel ${channel} has no pipeline ${unknown.join(', ')}`);
    let count = 0;
    for (const { name } of document.pipelines) {
      if (pipelines && !pipelines.includes(name)) continue;
      const subject = await this.look.subject(channel, name);
      count += await this.look.atSource(subject, async (session) => {
        const carried = await tablesOf(session, subject.pipeline, tables);
        if (carried.length > maxVerifiedTables) throw tooMany(name, carried.length);
        if (where !== undefined) await requireWhere(session, where, carried);
        return carried.length;
      });
    }
    if (count === 0) throw new SyncError('CONFIG_CONFLICT', `no table that channel ${channel} carries matches ${tables.join(', ')}`);
  }
}

function tooMany(pipeline: string, count: number): SyncError {
  const what = `tables: pipeline ${pipeline} carries ${count} that match, and one order compares at most ${maxVerifiedTables}`;
  return new SyncError('CONFIG_CONFLICT', `${what}: name fewer`);
}

function missing(channel: string): SyncError {
  return new SyncError('CONFIG_MISSING', `channel ${channel} has no verification`);
}

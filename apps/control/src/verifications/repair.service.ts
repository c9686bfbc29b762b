/**
 * Repairs of what a verification found: checked at the targets, then written into the order of the verification, whose worker carries it
 * out. It is written over the version that was checked, so nothing is repaired that nobody has seen.
 */
import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { ClusterLevel } from '@lutra/host';
import { SyncError } from '@lutra/model';
import type { RepairOrder, VerificationOrder } from '@lutra/model';
import type { Registry } from '@lutra/registry';
import type { Logger } from '@lutra/telemetry';
import { found, listDocuments, findDocument } from '../configuration/configuration.js';
import { ConfigurationService } from '../configuration/configuration.service.js';
import { errorsOf, RefusedError } from '../configuration/problem.js';
import type { Problem } from '../configuration/problem.js';
import { heldProblems } from '../ddl/held-pipelines.js';
import { orderedBy, requireLevel, requireOrphansLevel } from '../orders/order-rules.js';
import { LEVEL, LOGGER, REGISTRY } from '../tokens.js';
import { keyText, RepairLookService } from './repair-look.service.js';
import {
  extraProblems,
  leftProblems,
  nothingToRepair,
  onwardProblems,
  orphansToTrash,
  standingProblems,
  tablesToRepair,
  winnerOf,
} from './repair.rules.js';
import type { RepairSubject } from './repair.rules.js';
import type { RepairAnswer, RepairWrite } from './repair.schemas.js';
import { VerificationService } from './verification.service.js';

@Injectable()
export class RepairService {
  constructor(
    @Inject(REGISTRY) private readonly registry: Registry,
    @Inject(LEVEL) private readonly level: Pick<ClusterLevel, 'current'>,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(ConfigurationService) private readonly configuration: ConfigurationService,
    @Inject(VerificationService) private readonly verifications: VerificationService,
    @Inject(RepairLookService) private readonly look: RepairLookService,
  ) {}

  /** @throws RefusedError CONFIG_CONFLICT with the whole list; SyncError CONFIG_MISSING, CONFIG_CONFLICT (level, lutra.difference) */
  async order(channel: string, id: string, write: RepairWrite): Promise<RepairAnswer> {
    requireLevel(this.level.current);
    if (write.orphans !== undefined) requireOrphansLevel(this.level.current);
    const known = await this.registry.verifications.read(channel);
    const subject = await this.#subject(channel, known?.document ?? null);
    const answer = await this.#answer(subject, id, write);
    answer.problems.push(...heldProblems(subject.channel, await this.registry.status.list(), subject.verification.pipelines));
    const errors = errorsOf(answer.problems);
    if (write.dryRun) return answer;
    if (errors.length > 0) throw new RefusedError('CONFIG_CONFLICT', `channel ${channel} cannot be repaired`, answer.problems);
    await this.#write(channel, { ...subject.verification, state: 'running', repair: answer.order }, known?.version ?? 0);
    const { winner, by } = answer.order;
    this.logger.warn({ channel, verification: id, repair: answer.order.id, winner, by }, 'a repair was ordered');
    return answer;
  }

  async #answer(subject: RepairSubject, id: string, write: RepairWrite): Promise<RepairAnswer> {
    const standing = standingProblems(subject, id);
    const tables = standing.length > 0 ? [] : tablesToRepair(subject.result, write);
    const orphans = standing.length > 0 ? [] : orphansToTrash(subject.result, write);
    const { winner, problems } = winnerOf(subject, new Set(tables.map(({ pipeline }) => pipeline)), write.winner);
    const look = await this.look.at({ channel: subject.channel.name, request: subject.verification.id, tables, keys: write.keys });
    const found: readonly Problem[] =
      standing.length > 0
        ? standing
        : [
            ...(tables.length + orphans.length === 0 ? [nothingToRepair(subject.channel.name)] : problems),
            ...look.problems,
            ...extraProblems(subject, look.tables, write.extra),
            ...onwardProblems(subject, look.tables, winner),
            ...leftProblems(subject.result, look.tables),
          ];
    const answer = { dryRun: write.dryRun, tables: [...look.tables], orphans, rows: [...look.rows], problems: [...found] };
    return { order: orderOf(write, winner), ...answer };
  }

  /** @throws SyncError CONFIG_MISSING */
  async #subject(channel: string, verification: VerificationOrder | null): Promise<RepairSubject> {
    const { document } = await findDocument(this.registry, 'channel', channel);
    if (!verification) throw new SyncError('CONFIG_MISSING', `channel ${channel} has no verification`);
    const endpoints = await listDocuments(this.registry, 'endpoint');
    const channels = await listDocuments(this.registry, 'channel');
    return {
      channel: document,
      regions: new Map(endpoints.map((endpoint) => [endpoint.name, endpoint.region])),
      channels,
      verification,
      result: await this.verifications.resultOf(channel, verification),
    };
  }

  #write(channel: string, order: VerificationOrder, version: number): Promise<void> {
    return this.configuration.write(async (snapshot) => {
      found(snapshot, 'channel', channel);
      if ((await this.registry.verifications.read(channel))?.version !== version)
        throw new SyncError('CONFIG_CONFLICT', `the verification of channel ${channel} was changed meanwhile: look again`);
      return { answer: undefined, operations: [this.registry.verifications.replacing(channel, order, version)] };
    });
  }
}

function orderOf({ tables = ['*.*'], keys, extra, orphans, untilEqual, reason }: RepairWrite, winner: string): RepairOrder {
  return {
    id: randomUUID(),
    tables,
    ...(keys && {
      keys: keys.map((key) => ({ pipeline: key.pipeline, database: key.schema, table: key.table, key: keyText(key) })),
    }),
    winner,
    extra,
    ...(orphans && { orphans }),
    untilEqual,
    by: orderedBy(reason),
    at: Date.now(),
  };
}

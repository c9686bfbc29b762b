/**
 * "then": "verify-and-repair" of a restart: what may be missing at the targets is found and repaired. First every routed table stands in
 * lutra.unequal at its target; only then may the log get its hole. The naive way orders the restart first. Counter-example: a row that was
 * changed in the hole is changed again before the entry is there, and home refuses it, or the pipeline stops.
 */
import { Inject, Injectable } from '@nestjs/common';
import type { ClusterLevel } from '@lutra/host';
import { SyncError, toSyncError } from '@lutra/model';
import type { ChannelDocument, PipelineDocument, VerificationOrder } from '@lutra/model';
import { readCheckpoint } from '@lutra/mysql';
import type { Operation, Registry } from '@lutra/registry';
import type { Logger } from '@lutra/telemetry';
import { problemId } from '../configuration/problem.js';
import type { Problem } from '../configuration/problem.js';
import { heldProblems } from '../ddl/held-pipelines.js';
import { orderedBy, requireLevel } from '../orders/order-rules.js';
import { LEVEL, LOGGER, REGISTRY } from '../tokens.js';
import { UnequalService } from '../unequal/unequal.service.js';
import type { Hole } from '../unequal/unequal-queries.js';
import { healConsequences, healOrder, isHeal, mergedHeal, withoutRestart } from './heal.js';
import type { HealedPipeline, HealOf } from './heal.js';
import { isUnderWay } from './verification-state.js';

/** A verification that was ordered, for the answer. */
export interface Ordered {
  readonly channel: string;
  readonly id: string;
}

export interface HealDraft {
  readonly ordered: readonly Ordered[];
  readonly operations: readonly (Operation | null)[];
}

@Injectable()
export class HealService {
  constructor(
    @Inject(REGISTRY) private readonly registry: Registry,
    @Inject(LEVEL) private readonly level: Pick<ClusterLevel, 'current'>,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(UnequalService) private readonly unequal: UnequalService,
  ) {}

  /** What the person accepts, and what refuses it: a target that cannot be reached. @throws SyncError CONFIG_CONFLICT: level */
  async consequences(healed: readonly HealedPipeline[]): Promise<readonly Problem[]> {
    requireLevel(this.level.current);
    const problems: Problem[] = [];
    const asking = (endpoint: string, work: Promise<void>): Promise<void> =>
      work.catch((thrown: unknown) => {
        const { code, message, help } = toSyncError(thrown);
        const what = `endpoint ${endpoint} must say in lutra.unequal which tables are not known to be equal: ${message}`;
        problems.push({ id: problemId(code), severity: 'error', what, fix: help });
      });
    for (const { channel, pipeline } of healed) {
      await asking(pipeline.target, this.unequal.reach(pipeline));
      await asking(pipeline.source, this.#otherWay(channel, pipeline, problems));
    }
    const replaced: string[] = [];
    const workers = await this.registry.status.list();
    for (const channel of channelsOf(healed)) {
      problems.push(...heldProblems(channel, workers));
      const order = await this.#underWay(channel.name);
      if (order && !isHeal(order)) replaced.push(channel.name);
    }
    return [...problems, ...healConsequences(healed, replaced)];
  }

  /** Rows of both sides that are sent to each other at once are swapped (4 of 6 in the model). */
  async #otherWay(channel: ChannelDocument, { source, target }: PipelineDocument, problems: Problem[]): Promise<void> {
    const back = channel.pipelines.filter((other) => other.source === target && other.target === source);
    for (const { name } of await this.unequal.holes(back)) {
      const what = `pipeline ${channel.name}.${name} has a hole that is not repaired yet, and the two sides cannot send each other rows at once`;
      const fix = 'wait until its tables are equal (GET …/verify), or repair them (POST …/verify/<id>/repair); then restart this one';
      problems.push({ id: 'heal-other-way', severity: 'error', what, fix });
    }
  }

  /**
   * Before the hole. Repeating it changes nothing.
   * @returns ms since 1970: the earliest last commit that arrived; 0 where nothing did, so all that a target changed is left to a person
   * @throws SyncError TARGET_*, CONFIG_CONFLICT: there must be no restart then
   */
  async raise(healed: readonly HealedPipeline[], hole: Hole): Promise<number> {
    const times: number[] = [];
    for (const { pipeline } of healed) {
      await this.unequal.raise(pipeline, hole);
      const checkpoint = await this.unequal.at(pipeline, (session) => readCheckpoint(session, pipeline.uid, 0));
      times.push(Math.floor((checkpoint?.sourceUs ?? 0) / 1000));
    }
    return Math.min(...times, Date.now());
  }

  /** One order a channel, in place of one that is under way: to be written with the restart, or behind it. */
  async orders(healed: readonly HealedPipeline[], of: Omit<HealOf, 'pipelines'>): Promise<HealDraft> {
    const ordered: Ordered[] = [];
    const operations: Operation[] = [];
    for (const channel of channelsOf(healed)) {
      const { name } = channel;
      const own = healed.filter((one) => one.channel.name === name).map(({ pipeline }) => pipeline.name);
      const known = await this.registry.verifications.read(name);
      const before = await this.#underWay(name);
      const existing = new Set(channel.pipelines.map((pipeline) => pipeline.name));
      const heal = { ...of, pipelines: own };
      const order = healOrder(before && isHeal(before) ? mergedHeal(before, heal, existing) : heal);
      operations.push(this.registry.verifications.replacing(name, order, known?.version ?? null));
      ordered.push({ channel: name, id: order.id });
    }
    return { ordered, operations };
  }

  /** Of an order that waits for this restart. Pipelines with an earlier hole stay in it. */
  async withdrawing(channels: readonly ChannelDocument[], endpoint: string, request: string): Promise<readonly Operation[]> {
    const operations: Operation[] = [];
    for (const { name, pipelines } of channels) {
      const known = await this.registry.verifications.read(name);
      if (!known || known.document.state === 'cancelled' || known.document.after?.restarts.includes(endpoint) !== true) continue;
      const own = new Set<string>();
      for (const pipeline of pipelines.filter(({ source }) => source === endpoint)) {
        const earlier = await this.unequal.holes([pipeline], request).catch(() => []); // it is shown as not known to be equal
        if (earlier.length === 0) own.add(pipeline.name);
      }
      operations.push(this.registry.verifications.replacing(name, withoutRestart(known.document, endpoint, own), known.version));
    }
    return operations;
  }

  /** Ends what the restart has raised, when it was taken back. @throws SyncError TARGET_*, CONFIG_CONFLICT, with what to do */
  async withdraw(healed: readonly HealedPipeline[], request: string): Promise<void> {
    const failures: SyncError[] = [];
    for (const [target, own] of Map.groupBy(healed, ({ pipeline }) => pipeline.target)) {
      const uids = own.map(({ pipeline }) => pipeline.uid);
      await this.unequal.withdraw(target, uids, request).catch((thrown: unknown) => {
        const { code, message } = toSyncError(thrown);
        const sql = `UPDATE lutra.unequal SET ended_at = NOW(3) WHERE request = '${request}' AND ended_at IS NULL`;
        failures.push(new SyncError(code, `the restart was taken back, but ${message}. Run there: ${sql}`, { cause: thrown }));
      });
    }
    const [first, ...others] = failures;
    if (!first) return;
    throw new SyncError(first.code, [first, ...others].map(({ message }) => message).join('; '), { cause: first });
  }

  /**
   * Ends what a restart has raised that was not ordered: nobody would end it. Never throws; what is left is shown as not known to be equal.
   * A write may have been made although it failed, and its verification says so.
   */
  async abandon(healed: readonly HealedPipeline[], request: string): Promise<void> {
    try {
      for (const { name } of channelsOf(healed))
        if ((await this.registry.verifications.read(name))?.document.repair?.id === request) return;
      await this.withdraw(healed, request);
    } catch (thrown) {
      const { code, message: reason } = toSyncError(thrown);
      this.logger.warn({ request, code, reason }, 'a restart was not ordered, and its entries in lutra.unequal stay');
    }
  }

  async #underWay(channel: string): Promise<VerificationOrder | null> {
    const order = (await this.registry.verifications.read(channel))?.document ?? null;
    if (!order) return null;
    const result = (await this.registry.verificationResults.read(channel))?.document ?? null;
    return isUnderWay(order, result?.request === order.id ? result : null) ? order : null;
  }
}

export function holeOf(request: string, reason: string): Hole {
  return { request, reason: orderedBy(reason) };
}

function channelsOf(healed: readonly HealedPipeline[]): readonly ChannelDocument[] {
  return [...new Map(healed.map(({ channel }) => [channel.name, channel])).values()];
}

/** Of these channels the pipelines that read the endpoint. */
export function healedBy(readers: readonly ChannelDocument[], endpoint: string): readonly HealedPipeline[] {
  return readers.flatMap((channel) =>
    channel.pipelines.filter(({ source }) => source === endpoint).map((pipeline) => ({ channel, pipeline })),
  );
}

/** The verification that follows a seed: its order is written with that of the seed, and waits for it. */
import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { PipelineUid, VerificationOrder } from '@lutra/model';
import type { Operation, Registry } from '@lutra/registry';
import type { Problem } from '../configuration/problem.js';
import { orderedBy } from '../orders/order-rules.js';
import { REGISTRY } from '../tokens.js';
import { isUnderWay } from './verification-state.js';

export interface Seeded {
  /** Patterns at the sources. */
  readonly tables: readonly string[];
  readonly where?: string | undefined;
  /** Names in the channel. */
  readonly pipelines?: readonly string[];
  /** What must be done before. */
  readonly seeds: readonly PipelineUid[];
}

export interface FollowUp {
  /** null: another one is under way. */
  readonly id: string | null;
  readonly operations: readonly Operation[];
}

export const shareOfFollowUp = 0.5;

@Injectable()
export class FollowUpService {
  constructor(@Inject(REGISTRY) private readonly registry: Registry) {}

  /** One channel has one verification: another one that is under way stays. */
  async afterSeeds(channel: string, { tables, where, pipelines, seeds }: Seeded): Promise<FollowUp> {
    const known = await this.registry.verifications.read(channel);
    if (known && (await this.#stays(channel, known.document, seeds))) return { id: null, operations: [] };
    const order: VerificationOrder = {
      id: randomUUID(),
      tables,
      ...(pipelines && { pipelines }),
      ...(where !== undefined && { where }),
      after: { seeds, restarts: [] },
      repeat: 'once',
      share: shareOfFollowUp,
      state: 'running',
      by: orderedBy('after the seed'),
      at: Date.now(),
    };
    return { id: order.id, operations: [this.registry.verifications.replacing(channel, order, known?.version ?? null)] };
  }

  /** Whether no verification will follow these seeds. */
  async inTheWay(channel: string, seeds: readonly PipelineUid[]): Promise<readonly Problem[]> {
    const known = await this.registry.verifications.read(channel);
    return known && (await this.#stays(channel, known.document, seeds)) ? [notVerified(channel)] : [];
  }

  /** One that waits for earlier orders of these seeds, and has not begun, is of no use to anybody. */
  async #stays(channel: string, order: VerificationOrder, seeds: readonly PipelineUid[]): Promise<boolean> {
    const found = (await this.registry.verificationResults.read(channel))?.document ?? null;
    const result = found?.request === order.id ? found : null;
    const before = order.after?.seeds ?? [];
    if (result === null && order.repair === undefined && before.length > 0 && before.every((uid) => seeds.includes(uid))) return false;
    return isUnderWay(order, result);
  }
}

function notVerified(channel: string): Problem {
  const what = `channel ${channel} has a verification under way, so none follows this seed`;
  return { id: 'verification-under-way', severity: 'warning', what, fix: 'verify the tables when both are done (POST …/verify)' };
}

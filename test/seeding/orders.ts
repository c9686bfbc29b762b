/** Orders of seeding, verification and repair, as an operator gives them, and what becomes of them. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { RepairResult, VerifiedRoot, VerifiedTable } from '@lutra/model';
import { ApiError, type Stack } from '../harness/index.js';

interface SeedAnswer {
  readonly order: { readonly id: string; readonly state: string } | null;
  readonly progress: {
    readonly request: string;
    readonly tables: readonly { readonly table: string; readonly state: string; readonly clashes: number }[];
  } | null;
}

export interface Difference {
  readonly pipeline: string;
  readonly table: string;
  readonly key: Readonly<Record<string, unknown>>;
  readonly outcome: string;
  readonly columns: readonly string[] | null;
  readonly here: Readonly<Record<string, unknown>> | null;
  readonly there: Readonly<Record<string, unknown>> | null;
}

export interface Verified {
  readonly id: string;
  readonly equal: boolean;
  readonly tables: readonly VerifiedTable[];
  readonly roots?: readonly VerifiedRoot[] | undefined;
  readonly repair: RepairResult | null;
}

interface VerifyAnswer {
  readonly order: { readonly id: string } | null;
  readonly result: {
    readonly endedAt: number | null;
    readonly waitingFor: string | null;
    readonly tables: readonly VerifiedTable[];
    readonly roots?: readonly VerifiedRoot[];
    readonly repair: RepairResult | null;
  } | null;
  readonly equal: boolean;
}

const pollMs = 500;

/** Control may be down for a while. */
async function askedUntil<T>(what: string, boundMs: number, ask: () => Promise<T | undefined>): Promise<T> {
  let last: unknown;
  for (const deadline = Date.now() + boundMs; Date.now() < deadline; await sleep(pollMs)) {
    const answer = await ask().catch((error: unknown) => {
      if (error instanceof ApiError && error.status < 500) throw error;
      last = error;
      return undefined;
    });
    if (answer !== undefined) return answer;
  }
  throw new Error(`${what} after ${boundMs / 1000} s`, { cause: last });
}

export interface Seeded {
  readonly pipeline: string;
  readonly tables: number;
  readonly clashes: number;
}

export interface Seeding {
  /** At side a, of which each pipeline from there has all; side b may have had none when the channel began. */
  readonly tables: number;
  readonly boundMs: number;
}

/** All tables of all pipelines are done. */
export async function seeded(stack: Stack, { tables, boundMs }: Seeding): Promise<Seeded[]> {
  const { pipelines } = await askedUntil('no status', boundMs, () => stack.api.channelStatus(stack.channel));
  const all: Seeded[] = [];
  for (const { name, source } of pipelines) {
    const path = `/api/v1/channels/${stack.channel}/pipelines/${name}/seed`;
    const what = `${name} is not seeded`;
    const least = source.endpoint === stack.endpoints.a ? tables : 1;
    all.push(
      await askedUntil(what, boundMs, async () => {
        const { order, progress } = await stack.api.request<SeedAnswer>('GET', path);
        if (!order || progress?.request !== order.id || progress.tables.length < least) return undefined;
        if (progress.tables.some(({ state }) => state !== 'done')) return undefined;
        return { pipeline: name, tables: progress.tables.length, clashes: progress.tables.reduce((sum, { clashes }) => sum + clashes, 0) };
      }),
    );
  }
  return all;
}

/** One pass. */
export async function verified(stack: Stack, tables: readonly string[], boundMs = 600_000): Promise<Verified> {
  const path = `/api/v1/channels/${stack.channel}/verify`;
  const begun = await askedUntil('no verification can be ordered', boundMs, () => ordered(stack, path, tables));
  const id = begun.order?.id ?? '';
  return askedUntil('the verification has not ended', boundMs, async () => {
    const { order, result, equal } = await stack.api.request<VerifyAnswer>('GET', path);
    if (order?.id !== id || result?.endedAt == null) return undefined;
    return { id, equal, tables: result.tables, roots: result.roots, repair: result.repair };
  });
}

/** Undefined: the one that follows a seed is under way. */
async function ordered(stack: Stack, path: string, tables: readonly string[]): Promise<VerifyAnswer | undefined> {
  try {
    return await stack.api.request<VerifyAnswer>('POST', path, { tables, share: 1 });
  } catch (error) {
    if (error instanceof ApiError && error.message.includes('has a verification already')) return undefined;
    throw error;
  }
}

/** The rows that it found become equal, as home has them. */
export async function repaired(stack: Stack, id: string, boundMs = 600_000): Promise<RepairResult> {
  const path = `/api/v1/channels/${stack.channel}/verify`;
  await stack.api.request('POST', `${path}/${id}/repair`, { reason: 'the test' });
  return askedUntil('the repair has not ended', boundMs, async () => {
    const { result } = await stack.api.request<VerifyAnswer>('GET', path);
    return result?.repair?.endedAt == null ? undefined : result.repair;
  });
}

export async function differencesOf(stack: Stack, id: string): Promise<readonly Difference[]> {
  const all: Difference[] = [];
  for (let after = ''; ;) {
    const path = `/api/v1/channels/${stack.channel}/verify/differences?limit=200&request=${id}${after}`;
    const { differences, next, unreachable } = await stack.api.request<{
      readonly differences: readonly Difference[];
      readonly next: string | null;
      readonly unreachable: readonly unknown[];
    }>('GET', path);
    if (unreachable.length > 0) throw new Error(`a target does not answer: ${JSON.stringify(unreachable)}`);
    all.push(...differences);
    if (next === null) return all;
    after = `&after=${encodeURIComponent(next)}`;
  }
}

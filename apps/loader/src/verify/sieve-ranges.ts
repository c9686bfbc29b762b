/** Ranges of a sieve beside each other, each with what both sides say of it. Pure. */
import { SyncError } from '@lutra/model';
import type { Row } from '@lutra/model';
import type { Digest, KeyRange } from '@lutra/mysql';
import type { Numbered } from './table-pair.js';

export interface Counted {
  readonly range: KeyRange;
  readonly source: Digest;
  readonly target: Digest;
}

export interface Cut {
  readonly counted: Counted;
  /** A range of so many rows is not cut any more. */
  readonly leaf: number;
  readonly isHashed: boolean;
}

/** Of a cut. */
const parts = 16;

export function partsOf({ counted: { range, source, target }, leaf }: Cut): Numbered {
  const most = Math.max(source.rows, target.rows);
  const rows = Math.max(leaf, Math.ceil(most / parts));
  return { range, numbers: multiples(rows, Math.max(1, Math.ceil(most / rows) - 1)) };
}

export function groups<T>(all: readonly T[], size: number): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, i) => all.slice(i * size, (i + 1) * size));
}

export function multiples(n: number, count: number): readonly number[] {
  return Array.from({ length: count }, (_, i) => n * (i + 1));
}

/** Side by side: each begins where the one before it ends. */
export function chain({ from }: KeyRange, ends: readonly (Row | null)[]): readonly KeyRange[] {
  return ends.map((to, i) => ({ from: i === 0 ? from : (ends[i - 1] ?? null), to }));
}

export function countedOf(ranges: readonly KeyRange[], there: readonly Digest[], here: readonly Digest[]): readonly Counted[] {
  return ranges.map((range, i) => ({ range, source: answerOf(there, i), target: answerOf(here, i) }));
}

/** A range without an answer is not equal to anything. */
export function answerOf<T>(answers: readonly T[], i: number): T {
  const answer = answers[i];
  if (answer === undefined) throw new SyncError('INTERNAL', `a server answered ${answers.length} times, and ${i + 1} were asked for`);
  return answer;
}

/**
 * The source transactions that share a target transaction, one by one: which of them a change belongs to, and which are settled together.
 * Pure.
 */
import type { Checkpoint } from '@lutra/marker';
import type { RowEvent } from '@lutra/model';
import type { Change, ExactText } from '@lutra/mysql';
import type { Place } from '../log-reader.js';

/** One source transaction, whole. */
export interface Member {
  readonly changes: readonly Change[];
  /** Its last row. */
  readonly event: RowEvent;
  readonly place: Place;
  /** With which it is committed if it is committed alone. */
  readonly checkpoint: Checkpoint;
}

/** Source transactions for one target transaction. */
export interface Batch {
  readonly statements: ExactText;
  /** Number of their first change, as the builder of the statements counts. */
  readonly first: number;
  readonly members: readonly Member[];
  readonly checkpoint: Checkpoint;
}

/** Changes that are settled in one target transaction. */
const groupChanges = 256;

/**
 * Behind the last member that is settled together with the suspect at `from`: no more changes than can hold their locks while they are
 * settled one by one, and the last one is a suspect too.
 */
export function endOfGroup(members: readonly Member[], from: number, suspects: ReadonlySet<Member>): number {
  let end = Math.min(from + 1, members.length);
  let changes = 0;
  for (const [i, member] of members.entries()) {
    if (i < from) continue;
    changes += member.changes.length;
    if (changes > groupChanges) break;
    if (suspects.has(member)) end = i + 1;
  }
  return end;
}

/** The last one is committed with the place of all: records that need no write may have passed behind it. */
export function endingAt(members: readonly Member[], checkpoint: Checkpoint): readonly Member[] {
  return members.map((member, i) => (i === members.length - 1 ? { ...member, checkpoint } : member));
}

/** Whose changes these are; all, if one of them is nobody's. */
export function membersOf(members: readonly Member[], changes: readonly number[]): ReadonlySet<Member> {
  const found = new Set<Member>();
  const numbers = changes.toSorted((a, b) => a - b);
  let next = 0;
  let behind = 0;
  for (const member of members) {
    behind += member.changes.length;
    for (let number = numbers[next]; number !== undefined && number >= 0 && number < behind; number = numbers[++next]) found.add(member);
  }
  return next < numbers.length ? new Set(members) : found;
}

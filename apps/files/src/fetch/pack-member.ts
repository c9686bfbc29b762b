/** A small file that waits for its pack, or travels in it. */
import { orAborted } from '@lutra/runtime';
import type { Address, FetchFile, Progress } from './fetch-file.js';
import type { PackPart } from './pack-split.js';

export interface Member {
  readonly file: FetchFile;
  readonly progress: Progress;
  readonly signal: AbortSignal;
  /** Null: it is staged. The first word counts. */
  settle(failure: unknown): void;
  /** Nobody waits for it any more. */
  readonly over: boolean;
}

export interface Addressed {
  readonly member: Member;
  readonly address: Address;
}

export interface MemberPart extends PackPart {
  readonly member: Member;
}

/** @returns it, and what it comes to. @throws what it is settled with; SyncError ABORTED */
export function newMember(
  file: FetchFile,
  progress: Progress,
  signal: AbortSignal,
): { readonly member: Member; readonly end: Promise<void> } {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let settled = false;
  const member = {
    file,
    progress,
    signal,
    settle: (failure: unknown): void => {
      settled = true;
      if (failure === null) resolve();
      else reject(failure);
    },
    get over(): boolean {
      return settled || signal.aborted;
    },
  };
  return { member, end: orAborted(promise, signal) };
}

/** Aborts when all of them are. */
export function untilNobody(members: readonly Member[]): AbortSignal {
  const nobody = new AbortController();
  let left = members.length;
  const leave = (): void => {
    left -= 1;
    if (left === 0) nobody.abort();
  };
  for (const { signal } of members) signal.addEventListener('abort', leave, { once: true });
  return nobody.signal;
}

/** One behind the other. */
export function partsOf(addressed: readonly Addressed[]): readonly MemberPart[] {
  let offset = 0;
  return addressed.map(({ member }) => {
    const part = { member, file: member.file, offset };
    offset += member.file.size;
    return part;
  });
}

/** Of one what its share of the pack is: the bytes come one behind the other, roughly. */
export function showPack(parts: readonly MemberPart[], done: number, bytesPerSecond: number): void {
  for (const { member, file, offset } of parts) {
    const own = Math.min(file.size, Math.max(0, done - offset));
    Object.assign(member.progress, { phase: 'sending', done: own, bytesPerSecond });
  }
}

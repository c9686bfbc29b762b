/**
 * How long a region was without the process that works, after kill -9 of it: until another one (or itself, restarted) says that it took
 * over.
 */
import type { Claim } from './app-logs.js';
import type { Struck } from './injector.js';

export interface TakeOver {
  readonly of: string;
  /** Null: nobody took over before the run ended. */
  readonly ms: number | null;
  /** No other fault was on meanwhile. */
  readonly alone: boolean;
}

/** `role`: the processes of which one works. */
export function takeOvers(struck: readonly Struck[], claims: readonly Claim[], role: (process: string) => readonly string[]): TakeOver[] {
  return struck.flatMap((one) => {
    const worked = claims.filter(({ at, pid }) => at < one.from && one.pids.includes(pid)).toSorted((x, y) => y.at - x.at)[0];
    if (one.fault.kind !== 'kill' || one.pids.length !== 1 || !worked) return []; // with nobody left to take over, it is the plan that decides
    const processes = role(worked.process);
    const ofRole = claims.filter(({ process }) => processes.includes(process)).toSorted((x, y) => x.at - y.at);
    // It may have lost the work to another one before it was killed.
    if (ofRole.findLast(({ at }) => at < one.from)?.pid !== worked.pid) return [];
    const next = ofRole.find(({ at }) => at > one.from);
    const end = next?.at ?? Infinity;
    const alone = struck.every((other) => other === one || other.from > end || (other.to ?? Infinity) < one.from);
    return [{ of: worked.process, ms: next ? next.at - one.from : null, alone }];
  });
}

/** One piece of work from the outside: lease, supervision, status. What capture does per endpoint and the loader per pipeline. */
import type { SyncError } from '@lutra/model';
import { errorReport } from './status-reporter.js';
import type { StatusReporter } from './status-reporter.js';
import { supervise } from './supervise.js';
import { underLease } from './under-lease.js';
import type { Grant } from './under-lease.js';

export interface Work {
  acquire(signal: AbortSignal): Promise<Grant>;
  /** One attempt, under a lease: works until it fails or the signal aborts. */
  run(lead: { leaseNumber: number; signal: AbortSignal }): Promise<void>;
  /** Told of every failure; `next` says what comes. */
  onFailure(error: SyncError, next: 'retry' | 'wait', delayMs: number): void;
  readonly status: StatusReporter;
  readonly signal: AbortSignal;
}

export async function runWork(work: Work): Promise<void> {
  const { status, signal } = work;
  await underLease({
    signal,
    acquire: (waitSignal) => work.acquire(waitSignal),
    onStandby: () =>
      status.update({
        state: 'standby',
        waitingFor: 'the lease, which another process holds or ZooKeeper has not granted yet',
        epoch: null,
      }),
    onError: (error) => work.onFailure(error, 'retry', 0),
    work: (leaseNumber, leaseSignal) => {
      status.update({ state: 'starting', waitingFor: null });
      return supervise({
        signal: leaseSignal,
        run: (runSignal) => work.run({ leaseNumber, signal: runSignal }),
        onFailure: (error, next, delayMs) => {
          const waitingFor = next === 'retry' ? error.message : `a person: ${error.code}`;
          status.update({ state: next === 'retry' ? 'waiting' : 'failed', waitingFor, lastError: errorReport(error) });
          work.onFailure(error, next, delayMs);
        },
      });
    },
  });
}

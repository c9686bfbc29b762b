/**
 * Works while a lease is held, and stands by for it while another process has it. The lease is a hint that avoids waste; fences keep the
 * data right.
 */
import { toSyncError } from '@lutra/model';
import type { SyncError } from '@lutra/model';
import { sleep } from './abort.js';

/** What @lutra/registry's leases offer. */
export interface Grant {
  readonly number: number;
  /** Aborts when the lease may belong to another. */
  readonly lost: AbortSignal;
  release(): Promise<void>;
}

export interface LeaseWork {
  acquire(signal: AbortSignal): Promise<Grant>;
  onStandby(): void;
  onError(error: SyncError): void;
  /** Works until its signal aborts: ours, or the lease's loss. */
  work(leaseNumber: number, signal: AbortSignal): Promise<void>;
  readonly signal: AbortSignal;
}

const retryMs = 1_000;

export async function underLease(options: LeaseWork): Promise<void> {
  const { signal } = options;
  while (!signal.aborted) {
    try {
      options.onStandby();
      const grant = await options.acquire(signal);
      try {
        await options.work(grant.number, AbortSignal.any([signal, grant.lost]));
      } finally {
        await grant.release();
      }
    } catch (error) {
      if (signal.aborted) return;
      options.onError(toSyncError(error));
      await sleep(retryMs, signal).catch(() => undefined); // aborted: the loop ends
    }
  }
}

/**
 * The life of one piece of work (an endpoint's capture, a pipeline's loader): run it, and when it fails do what the error's
 * outcome says. retry: back off and run again. stop: wait for another configuration, or until the signal ends this worker (a "retry" starts
 * a new one). Only its signal ends it, or what it gives up.
 */
import { toSyncError } from '@lutra/model';
import type { SyncError } from '@lutra/model';
import { sleep, untilAbort } from './abort.js';

export interface Supervised {
  /** Runs until it fails or the signal aborts. Returning normally means: run again at once. */
  run(signal: AbortSignal): Promise<void>;
  /** Told of every failure, with what happens next. restart: it waits for an operator, but is tried again after a while in any case. */
  onFailure(error: SyncError, next: 'retry' | 'restart' | 'wait', delayMs: number): void;
  /** In how long an error that waits for an operator is tried again by itself, ms; null: not. */
  restartsIn?(error: SyncError): number | null;
  /** Resolves once there is a configuration that no run has worked by: it is tried at once. Absent: there is never another one. */
  changed?(signal: AbortSignal): Promise<void>;
  /** After an error that waits for an operator: true ends the supervision, so that another process may take the work. */
  givesUp?(error: SyncError): boolean;
  readonly signal: AbortSignal;
  readonly backoff?: { readonly firstMs: number; readonly maxMs: number };
}

/** A run that lasted this long was a good one: the next failure starts with a short delay again. */
const goodRunMs = 20_000;

export async function supervise(work: Supervised): Promise<void> {
  const { firstMs, maxMs } = work.backoff ?? { firstMs: 100, maxMs: 5_000 };
  let failures = 0;
  while (!work.signal.aborted) {
    const startedAt = performance.now();
    try {
      await work.run(work.signal);
      failures = 0;
    } catch (thrown) {
      if (work.signal.aborted) return;
      const error = toSyncError(thrown);
      if (performance.now() - startedAt > goodRunMs) failures = 0;
      failures += 1;
      if (error.outcome === 'stop' && work.givesUp?.(error)) return work.onFailure(error, 'wait', 0);
      await pause(work, error, Math.min(maxMs, firstMs * 2 ** (failures - 1)));
    }
  }
}

async function pause(work: Supervised, error: SyncError, delayMs: number): Promise<void> {
  const over = new AbortController();
  const signal = AbortSignal.any([work.signal, over.signal]);
  const changed = work.changed?.(signal) ?? untilAbort(signal);
  changed.catch(() => undefined); // it says why it was waited for no longer
  try {
    // Aborted although nobody aborted us: something inside ended early. Ending here as well would hide it, and spin.
    if (error.outcome !== 'stop') {
      work.onFailure(error, 'retry', delayMs);
      // Half of the delay is random, so that many pipelines do not come back to a restarted server in step.
      return await Promise.race([sleep(delayMs / 2 + (Math.random() * delayMs) / 2, signal), changed]);
    }
    const restartMs = work.restartsIn?.(error) ?? null;
    work.onFailure(error, restartMs === null ? 'wait' : 'restart', restartMs ?? 0);
    await (restartMs === null ? changed : Promise.race([sleep(restartMs, signal), changed]));
  } catch (thrown) {
    if (!work.signal.aborted) throw thrown;
  } finally {
    over.abort();
  }
}

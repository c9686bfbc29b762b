/**
 * One piece of work from the outside: lease, supervision, status, metrics, log lines. What capture does per endpoint and the loader per
 * pipeline. Never throws: it ends when its signal says so.
 */
import { restartWaitsMs } from '@lutra/model';
import type { ConfigurationState, ErrorCode, SyncError, WorkStatus } from '@lutra/model';
import { untilAbort } from './abort.js';
import { AutomaticRestarts } from './automatic-restarts.js';
import { errorReport, StatusReporter } from './status-reporter.js';
import type { StatusSink } from './status-reporter.js';
import { supervise } from './supervise.js';
import { underLease } from './under-lease.js';
import type { Grant } from './under-lease.js';

/** What @lutra/telemetry's logger and metrics offer. */
interface Log {
  info(message: string): void;
  warn(facts: object, message: string): void;
  error(facts: object, message: string): void;
}
interface WorkMetrics {
  report(status: WorkStatus): void;
  countError(name: string, code: ErrorCode): void;
  discard(name: string): void;
}

export interface Work extends Pick<WorkStatus, 'app' | 'name' | 'instance'> {
  acquire(signal: AbortSignal): Promise<Grant>;
  /** One attempt, under a lease: works until it fails or the signal aborts. */
  run(runLeadership: Leadership): Promise<void>;
  /** As Supervised.changed. */
  changed(signal: AbortSignal): Promise<void>;
  /** Set while an operator wants the work to rest: no lease is taken. */
  readonly paused?: boolean;
  /** Why this process must not do it: it is reported, and no lease is taken. */
  readonly refused?: SyncError | null;
  /** By which configuration the process works. */
  configuration?(): ConfigurationState | null;
  /**
   * After an error that waits for an operator: when to run again by itself; null: not. The lease is given back meanwhile: another process
   * may know more.
   */
  until?(error: SyncError, signal: AbortSignal): Promise<void> | null;
  /** Codes of stops that are tried again by themselves (automatic-restarts.ts). Left out: none. */
  restartsAt?(): readonly ErrorCode[];
  readonly sink: StatusSink;
  readonly metrics: WorkMetrics;
  readonly logger: Log;
  readonly signal: AbortSignal;
}

export interface Leadership {
  readonly leaseNumber: number;
  readonly signal: AbortSignal;
  readonly status: StatusReporter;
}

const standby = {
  state: 'standby',
  waitingFor: 'the lease, which another process holds or ZooKeeper has not granted yet',
  epoch: null,
  routes: null,
  suspended: null,
} as const;
const paused = { state: 'paused', waitingFor: 'the pipeline, or its channel, to be started' } as const;

export async function runWork(work: Work): Promise<void> {
  const { app, name, instance, sink, metrics, signal } = work;
  const configuration = (): ConfigurationState | null => work.configuration?.() ?? null;
  const status = new StatusReporter({ app, name, instance, sink, configuration, onStatus: (current) => metrics.report(current) });
  try {
    if (work.refused) {
      failed(work, status, { error: work.refused, next: 'wait', delayMs: 0 });
      await untilAbort(signal).catch(() => undefined); // the end was asked for
    } else if (work.paused) {
      status.update(paused);
      await untilAbort(signal).catch(() => undefined); // the end was asked for
    } else {
      const restarts = new AutomaticRestarts();
      let until: Promise<void> | null = null;
      await underLease({
        signal,
        acquire: async (waitSignal) => {
          if (until) await until;
          if (until) status.update(standby);
          until = null;
          return work.acquire(waitSignal);
        },
        onStandby: () => until ?? status.update(standby),
        onError: (error) => failed(work, status, { error, next: 'retry', delayMs: 0 }),
        work: (leaseNumber, leaseSignal) =>
          runLeadership(work, status, { leaseNumber, signal: leaseSignal, restarts, onUntil: (promise) => (until = promise) }),
      });
    }
  } finally {
    await status.close();
    metrics.discard(name);
  }
}

interface Lead extends Omit<Leadership, 'status'> {
  readonly onUntil: (until: Promise<void>) => void;
  readonly restarts: AutomaticRestarts;
}

function runLeadership(work: Work, status: StatusReporter, { leaseNumber, signal, restarts, onUntil }: Lead): Promise<void> {
  status.update({ state: 'starting', waitingFor: null });
  return supervise({
    signal,
    run: (runSignal) => work.run({ leaseNumber, signal: runSignal, status }),
    changed: (waitSignal) => work.changed(waitSignal),
    onFailure: (error, next, delayMs) => failed(work, status, { error, next, delayMs, restarts }),
    restartsIn: ({ code }) => restarts.next(code, work.restartsAt?.() ?? []),
    givesUp: (reason) => {
      const until = work.until?.(reason, work.signal) ?? null;
      if (until) onUntil(until.catch(() => undefined)); // ended: who acquires sees it
      return until !== null;
    },
  });
}

interface Failure {
  readonly error: SyncError;
  readonly next: 'retry' | 'restart' | 'wait';
  readonly delayMs: number;
  readonly restarts?: AutomaticRestarts;
}

function failed({ name, metrics, logger }: Work, status: StatusReporter, { error, next, delayMs, restarts }: Failure): void {
  const lastError = errorReport(error);
  const { code } = error;
  const facts = { code, details: error.details, err: error, delayMs };
  const tries = restarts?.tries ?? [];
  metrics.countError(name, code);
  const told = { lastError, restarts: tries.length > 0 ? tries : undefined };
  if (next === 'retry') {
    status.update({ state: 'waiting', waitingFor: error.message, ...told });
    logger.warn(facts, 'failed; will try again');
  } else if (next === 'restart') {
    const when = new Date(tries.at(-1)?.at ?? Date.now()).toISOString();
    const waitingFor = `an automatic restart at ${when} (${tries.length} of ${restartWaitsMs.length} within an hour), or a retry: ${code}`;
    status.update({ state: 'waiting', waitingFor, ...told });
    logger.error(facts, 'stopped; will be tried again, as autoRestart lists the code');
  } else {
    const vain = tries.length > 0 ? `; ${tries.length} automatic restarts within an hour have not helped` : '';
    status.update({ state: 'failed', waitingFor: `a retry, or another configuration: ${code}${vain}`, ...told });
    logger.error(facts, `stopped; needs an operator${vain}`);
  }
}

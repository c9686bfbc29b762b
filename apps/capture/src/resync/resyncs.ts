/** Rows that are to be sent again, of one leadership: the queue lutra.resync, and what fills it from otter's retl.retl_buffer. */
import { SyncError, toSyncError } from '@lutra/model';
import type { SourceItem } from '@lutra/model';
import type { CaptureRun } from '../capture-run.js';
import type { KeyAsks } from '../seed/key-ask.js';
import type { Routing } from '../stream/routing.js';
import type { NewEntry } from './entry.js';
import { OtterRequests } from './otter-requests.js';
import { ResyncQueue } from './resync-queue.js';
import { passes } from './resync-store.js';
import type { ResyncStore } from './resync-store.js';

type Run = Pick<CaptureRun, 'deps' | 'endpoint' | 'source' | 'sourceName' | 'during' | 'signal' | 'work'>;

export interface ResyncsOptions {
  readonly routing: Routing;
  /** Who reads and publishes the rows. */
  readonly asks: KeyAsks;
}

export class Resyncs {
  readonly #run: Run;
  readonly #queue: ResyncQueue;
  readonly #requests: OtterRequests;
  readonly #recorder: ResyncStore;
  #isLossTold = false;
  #isHeld = false;

  constructor(run: Run, { routing, asks }: ResyncsOptions) {
    const { deps, endpoint, source, signal } = run;
    const { name } = endpoint;
    this.#run = run;
    // A connection of its own: one does one thing at a time.
    this.#recorder = deps.io.source.resyncs(source);
    for (const result of ['published', 'refused', 'lost']) deps.metrics.resyncEntries.inc({ name, result }, 0);
    this.#queue = new ResyncQueue({
      store: deps.io.source.resyncs(source),
      asks,
      signal,
      addressing: () => ({ carried: run.work.carried ?? {}, router: routing.now.here.router, foldsNames: routing.now.here.foldsNames }),
      level: () => deps.level.current,
      waits: (waiting, held) => this.#waits(waiting, held),
      ended: (result, entries) => deps.metrics.resyncEntries.inc({ name, result }, entries),
      trouble: (error) => this.#trouble(error),
    });
    this.#requests = new OtterRequests({ tables: () => run.work.otterTables, entered: () => this.#queue.wake() });
  }

  /** Each item before it is handed on, so that what it asks for is recorded before a position passes it. @throws SyncError SOURCE_* */
  accept(item: SourceItem): Promise<void> | null {
    const entries = this.#requests.accept(item);
    return entries === null ? null : this.#record(entries);
  }

  /** Until the signal aborts. @throws SyncError ABORTED */
  async run(): Promise<void> {
    try {
      await this.#queue.run();
    } finally {
      await this.#recorder.close();
    }
  }

  /** What can never be recorded stops nothing: it is counted, and said. */
  async #record(entries: readonly NewEntry[]): Promise<void> {
    const { deps, during, sourceName } = this.#run;
    // No process writes above the cluster's level.
    if (deps.level.current < 2) return this.#lost(entries, new SyncError('LEVEL_TOO_OLD', 'the cluster is at level 1'));
    try {
      await during(sourceName, () => this.#recorder.insert(entries));
      this.#queue.wake();
    } catch (thrown) {
      const error = toSyncError(thrown);
      if (passes(error)) throw error;
      this.#lost(entries, error);
    }
  }

  #lost(entries: readonly NewEntry[], { code, message }: SyncError): void {
    const { deps, endpoint } = this.#run;
    deps.metrics.resyncEntries.inc({ name: endpoint.name, result: 'lost' }, entries.length);
    if (this.#isLossTold) return;
    this.#isLossTold = true;
    const lost = 'requests in retl.retl_buffer are passed over: they cannot be written to lutra.resync (counted as lost; said once)';
    deps.logger.warn({ code, reason: message }, lost);
  }

  #trouble(error: SyncError | null): void {
    const { logger, status } = this.#run.deps;
    if (error === null) return logger.info('entries of lutra.resync are taken');
    logger.warn(
      { code: error.code, reason: error.message },
      'entries of lutra.resync are not taken: docs/02-setup.md, Sending a row again',
    );
    this.#tell(status.status.resync?.waiting ?? 0, `${error.code}: ${error.message}`);
  }

  #waits(waiting: number, held: number): void {
    const why = `${held} wait until their tables are equal: a repair or a restart here has not ended (lutra.unequal)`;
    if (held > 0 && !this.#isHeld) this.#run.deps.logger.warn({ held }, `entries of lutra.resync are held: ${why}`);
    this.#isHeld = held > 0;
    this.#tell(waiting, held > 0 ? why : null);
  }

  #tell(waiting: number, problem: string | null): void {
    const { deps, endpoint } = this.#run;
    deps.metrics.resyncWaiting.set({ name: endpoint.name }, waiting);
    deps.status.update({ resync: { waiting, problem } });
  }
}

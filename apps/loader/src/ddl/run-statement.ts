/**
 * One statement at the target, until it has run or is refused. It waits for the locks of its tables a few seconds at a time: meanwhile each
 * new statement on its table waits behind it, so one long wait would stop the applications. Between two tries it lets them pass.
 */
import { blockersOf, isSessionThere, progressOf, Session } from '@lutra/mysql';
import type { ConnectionOptions, DdlConnection, DdlFailure, DdlRun } from '@lutra/mysql';
import type { TableName } from '@lutra/model';
import { sleep, throwIfAborted } from '@lutra/runtime';

export interface DdlTiming {
  /** Of the first pause; each next one is twice as long. */
  readonly pauseMs: number;
  readonly maxPauseMs: number;
  /** From then on it is told who is in the way. */
  readonly blockedMs: number;
  readonly lookMs: number;
}

export const ddlTiming: DdlTiming = { pauseMs: 1_000, maxPauseMs: 30_000, blockedMs: 60_000, lookMs: 2_000 };

export interface StatementOptions {
  readonly target: ConnectionOptions;
  readonly tables: readonly TableName[];
  readonly timing: DdlTiming;
  /** Of the run: the statement goes on at the server when it ends. */
  readonly signal: AbortSignal;
  /** s, asked anew at each look; undefined: no bound. */
  maxSeconds(): number | undefined;
  onLook(seen: Pick<Seen, 'progress' | 'blockers'>): void;
}

interface Seen {
  readonly progress: number | null;
  readonly blockers: readonly string[];
}

/** The bound passed: it was killed, or not tried again. */
export const tooLong = 'too long';

const queryInterrupted = 1317;

/** Null: it ran. @throws SyncError FENCED, CHECKPOINT_MISSING, ABORTED; of outcome `retry`: the next run finds out what became of it */
export async function runStatement(
  connection: DdlConnection,
  run: DdlRun,
  options: StatementOptions,
): Promise<DdlFailure | typeof tooLong | null> {
  const { timing, signal } = options;
  throwIfAborted(signal);
  const onAbort = (): void => connection.destroy();
  signal.addEventListener('abort', onAbort, { once: true });
  const watch = new Watch(connection, options);
  try {
    for (let pauseMs = timing.pauseMs; ; pauseMs = Math.min(2 * pauseMs, timing.maxPauseMs)) {
      const failure = await watch.during(() => connection.run(run));
      if (failure === null) return null;
      if (watch.isOver() && (failure.errno === queryInterrupted || failure.error.code === 'TARGET_BUSY')) return tooLong;
      if (failure.error.code !== 'TARGET_BUSY') {
        // Tried again by itself, it would fill the disk again.
        if (failure.error.outcome === 'retry' && failure.error.code !== 'TARGET_FULL') throw failure.error;
        return failure;
      }
      await sleep(pauseMs / 2 + (pauseMs / 2) * Math.random(), signal);
      if (watch.isOver()) return tooLong;
    }
  } finally {
    signal.removeEventListener('abort', onAbort);
    await watch.close();
  }
}

/** Looks at the statement from another session. What it cannot see it does not tell; it never fails the statement. */
class Watch {
  readonly #connection: DdlConnection;
  readonly #options: StatementOptions;
  readonly #since = performance.now();
  readonly #timer: NodeJS.Timeout;
  #session: Session | null = null;
  #looking: Promise<void> = Promise.resolve();
  #isBusy = false;
  /** A statement of the connection is under way. */
  #isUnderWay = false;

  constructor(connection: DdlConnection, options: StatementOptions) {
    this.#connection = connection;
    this.#options = options;
    this.#timer = setInterval(() => this.#tick(), options.timing.lookMs);
  }

  async during<T>(work: () => Promise<T>): Promise<T> {
    this.#isUnderWay = true;
    try {
      return await work();
    } finally {
      this.#isUnderWay = false;
      // What it is about to kill must not be the next one.
      await this.#looking;
    }
  }

  isOver(): boolean {
    const max = this.#options.maxSeconds();
    return max !== undefined && performance.now() - this.#since >= max * 1000;
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#looking;
    await this.#session?.close();
  }

  #tick(): void {
    if (this.#isBusy) return;
    this.#isBusy = true;
    this.#looking = this.#look()
      .catch(() => {
        // The target does not answer: the statement's own connection tells.
        this.#session?.destroy();
        this.#session = null;
      })
      .finally(() => (this.#isBusy = false));
  }

  async #look(): Promise<void> {
    const { target, tables, timing, onLook } = this.#options;
    const { id } = this.#connection;
    if (this.#session?.broken !== false) this.#session = await Session.open(target, 'target');
    const session = this.#session;
    if (this.#isUnderWay && this.isOver()) return void (await session.query(`KILL QUERY ${id}`));
    // Nothing else would tell: no answer comes on a connection that only this side has.
    if (this.#isUnderWay && !(await isSessionThere(session, id)) && this.#isUnderWay) return this.#connection.destroy();
    const blockers = performance.now() - this.#since < timing.blockedMs ? [] : await blockersOf(session, tables, id);
    onLook({ progress: await progressOf(session, id), blockers });
  }
}

/** A statement that was refused, in words. */
export function wordsOf(failure: DdlFailure | typeof tooLong, maxSeconds: number | undefined): string {
  if (failure !== tooLong) return failure.words;
  return `it ran for longer than ddl.maxSeconds (${maxSeconds ?? 0} s), and was ended: nothing of it is left`;
}

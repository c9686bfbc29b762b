/**
 * A second look at a source whose dump is read: asks it over an ordinary connection, again and again, where its binlog ends. A dump alone
 * does not tell an idle source from one that sends nothing: after RESET it stays on the file that is gone, with heartbeats (MySQL 8.0, 9.7,
 * MariaDB 11.4), and a middlebox may pass heartbeats only. Each look connects anew, so an address that moved to another server is noticed
 * too.
 *
 * 1. The source's end lies before what was read: no server takes back what it wrote, so its binlog is another one.
 * 2. Its gtid_executed lacks what was read: the same, unless the transaction is only on its way into the set (a semi-synchronous commit is
 *    sent before). What stands at our position in the binlog decides.
 * 3. It ends where we are, and its gtid_executed has more than what was read: the dump left something out.
 * 4. Its end lies behind what was read, look after look, while heartbeats come and nothing else: the dump does not send it.
 *
 * A look that fails proves nothing and ends nothing: the dump may go on all the same. A lag is measured against the looks that succeeded.
 */
import { SyncError } from '@lutra/model';
import type { FilePosition, Position } from '@lutra/model';
import type { Logger } from '@lutra/telemetry';
import { withConnection } from './connection.js';
import type { Query } from './connection.js';
import { toSourceError } from './driver-error.js';
import { gtidSubset, gtidUnion } from './gtid.js';
import { checkHistory } from './history.js';
import type { HistorySource } from './history.js';
import type { SourceConnection, SourceEnd, SourceState } from './options.js';
import { isBefore } from './position-tracker.js';
import { readState } from './source-state.js';

/** What the dump has brought up to now. */
export interface DumpProgress {
  readonly read: Position;
  /** Nothing waits to be read, and the connection is not paused. */
  readonly isIdle: boolean;
  readonly heartbeats: number;
}

export interface WatchOptions {
  readonly source: SourceConnection;
  /** As it was when the dump began. */
  readonly state: SourceState;
  readonly lookMs: number;
  readonly logger: Pick<Logger, 'warn'>;
  fileCreated(file: string): Promise<number>;
  progress(): DumpProgress;
  onEnd(end: SourceEnd): void;
  /** Called once; nothing is looked at any more. */
  onLost(error: SyncError): void;
}

/** Fewer prove nothing: what the source has just committed may be on its way. */
const silentLooks = 4;

export class SourceWatch {
  readonly #options: WatchOptions;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;
  #isFailing = false;
  #silent = 0;
  #last: { readonly progress: DumpProgress; readonly end: FilePosition } | null = null;

  constructor(options: WatchOptions) {
    this.#options = options;
    this.#wait();
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  #wait(): void {
    if (!this.#isClosed) this.#timer = setTimeout(() => void this.#look(), this.#options.lookMs);
  }

  async #look(): Promise<void> {
    const { source, onEnd } = this.#options;
    const progress = this.#options.progress();
    const at = Date.now();
    try {
      const { state, verdict } = await withConnection(source, (query) => this.#ask(query, progress));
      const lost = verdict ?? this.#silence(progress, state);
      if (this.#isClosed) return;
      if (lost) return this.#lose(lost);
      onEnd({ file: state.file, pos: state.pos, at });
      this.#isFailing = false;
    } catch (error) {
      this.#fail(toSourceError(error));
    }
    this.#wait();
  }

  async #ask(query: Query, { read }: DumpProgress): Promise<{ state: SourceState; verdict: SyncError | null }> {
    const state = await readState(query);
    const { fileCreated } = this.#options;
    return {
      state,
      verdict: movedTo(this.#options.state, state) ?? (await anotherHistory({ query, state, fileCreated }, read)) ?? leftOut(read, state),
    };
  }

  #silence(progress: DumpProgress, { file, pos }: SourceState): SyncError | null {
    const last = this.#last;
    this.#last = { progress, end: { file, pos } };
    const isSilent =
      last !== null &&
      progress.isIdle &&
      progress.heartbeats > last.progress.heartbeats &&
      progress.read.file === last.progress.read.file &&
      progress.read.pos === last.progress.read.pos &&
      isBefore(progress.read, last.end);
    this.#silent = isSilent ? this.#silent + 1 : 0;
    if (!isSilent || this.#silent < silentLooks) return null;
    const { read } = progress;
    const message = `the binlog of the source ends at ${last.end.file}:${last.end.pos}, but its dump sends only heartbeats since ${read.file}:${read.pos}`;
    return new SyncError('SOURCE_SILENT', message, { details: { file: read.file, pos: read.pos } });
  }

  #lose(error: SyncError): void {
    this.close();
    this.#options.onLost(error);
  }

  #fail({ code, message }: SyncError): void {
    if (!this.#isClosed && !this.#isFailing)
      this.#options.logger.warn({ code, reason: message }, 'cannot ask the source where its binlog ends');
    this.#isFailing = true;
  }
}

function movedTo(begun: SourceState, now: SourceState): SyncError | null {
  if (begun.serverUuid === now.serverUuid && begun.serverId === now.serverId) return null;
  return new SyncError('SOURCE_UNAVAILABLE', 'the address of the source has moved to another server than the one whose binlog is read');
}

async function anotherHistory(source: HistorySource, read: Position): Promise<SyncError | null> {
  const { state } = source;
  const { file, pos, gtidSet } = read;
  if (isBefore(state, read)) {
    const message = `the binlog of the source ends at ${state.file}:${state.pos}, before ${file}:${pos}, up to where it was read: it was reset, or restored from a backup`;
    return new SyncError('SOURCE_BEHIND', message, { details: { file, pos } });
  }
  const { executed, serverUuid } = state;
  if (gtidSet === null || executed === null || serverUuid === null || gtidSubset(gtidSet, executed)) return null;
  try {
    await checkHistory(source, { ...read, serverUuid });
    return null;
  } catch (error) {
    if (error instanceof SyncError && error.code === 'SOURCE_BEHIND') return error;
    throw error;
  }
}

/**
 * The server reads its set before its position, so the set holds nothing from behind the position. What was declared as purged is in no
 * binlog.
 */
function leftOut({ file, pos, gtidSet }: Position, { executed, purged, ...end }: SourceState): SyncError | null {
  if (file !== end.file || pos !== end.pos || gtidSet === null || executed === null || purged === null) return null;
  if (gtidSubset(executed, gtidUnion(gtidSet, purged))) return null;
  const message = `the dump has left out transactions before ${file}:${pos}: gtid_executed of the source holds more than what was read`;
  return new SyncError('SOURCE_SILENT', message, { details: { file, pos } });
}

/**
 * The whole of reading a source: ask it who it is, check that it can go on from the start position, dump, decode, and ask again meanwhile
 * whether the dump still tells all (source-watch.ts). Promises commit order, nothing skipped, nothing after an error; never connects again
 * by itself.
 */
import { SyncError } from '@lutra/model';
import type { FilePosition, SourceItem } from '@lutra/model';
import { askText } from './ask-text.js';
import { withConnection } from './connection.js';
import { Dump } from './dump.js';
import { checkHistory, readFileCreated } from './history.js';
import type { BinlogOptions, SourceState } from './options.js';
import { fileStart } from './position-tracker.js';
import { preparedRows } from './prepared-rows.js';
import { readSessionDefaults } from './session.js';
import type { SessionDefaults } from './session.js';
import { readCharsets, readState } from './source-state.js';
import { SourceWatch } from './source-watch.js';
import { checkedStart } from './start-position.js';
import type { Start } from './start-position.js';
import { TransactionReader } from './transaction-reader.js';
import type { Elsewhere } from './transactions.js';

const defaultBufferBytes = 16 * 1024 * 1024;
const defaultHeartbeatMs = 1000;
const defaultLookMs = 3000;

interface Opening {
  readonly state: SourceState;
  readonly start: Start;
  /** Where the binlog ended when `start` was in it. */
  readonly end: FilePosition;
  readonly charsets: ReadonlyMap<number, string>;
  readonly session: SessionDefaults;
}

/**
 * The items of a source from `start` on, without end. Connects when the first one is asked for; returning or throwing in the loop closes.
 * @throws SyncError ABORTED when the signal aborts; SOURCE_*, SERVER_ID_TAKEN, BINLOG_*, COLUMN_UNSUPPORTED, VALUE_UNSUPPORTED,
 * CONFIG_INVALID
 */
export async function* readBinlog(options: BinlogOptions): AsyncGenerator<SourceItem, void, void> {
  const { signal, logger } = options;
  const opening = await abortable(signal, () => open(options));
  const { state, start } = opening;
  logger.info({ version: state.version, start }, 'reading the binlog');
  const dump = openDump(options, opening);
  const reader = openReader(options, opening);
  const watch = openWatch(options, { state, dump, reader });
  const abort = (): void => dump.queue.fail(aborted());
  signal.addEventListener('abort', abort, { once: true });
  try {
    if (signal.aborted) abort();
    for (;;) {
      const event = dump.queue.shift();
      if (event === undefined) {
        await dump.queue.wait();
        continue;
      }
      const read = reader.read(event);
      for (const item of read instanceof Promise ? await abortable(signal, () => read) : read) {
        if (item.kind === 'elsewhere') yield* elsewhere(options, opening, item);
        else
          yield item.kind === 'undecoded' ? item.finish(await abortable(signal, () => askText(options, item.charset, item.bytes))) : item;
        if (signal.aborted) throw aborted();
      }
    }
  } finally {
    signal.removeEventListener('abort', abort);
    watch.close();
    await dump.close();
  }
}

function open(options: BinlogOptions): Promise<Opening> {
  return withConnection(options, async (query) => {
    const state = await readState(query);
    const start = await checkedStart(query, options.start, state);
    if (options.known) await checkHistory({ query, state, fileCreated: fileCreatedAt(options, state) }, options.known);
    // Asked again: a replica may have received transactions of the start while it was checked.
    const end = await readState(query);
    return { state, start, end, charsets: await readCharsets(query, state.flavor), session: await readSessionDefaults(query) };
  });
}

function fileCreatedAt(options: BinlogOptions, { serverUuid }: SourceState): (file: string) => Promise<number> {
  return (file) => readFileCreated({ ...options, serverUuid }, file);
}

function openDump(options: BinlogOptions, { state, start }: Opening): Dump {
  const { bufferBytes = defaultBufferBytes, heartbeatMs = defaultHeartbeatMs } = options;
  // with GTIDs a file is read from its start: only there stands which transactions came before
  const from = 'gtidSet' in start || !state.gtidMode ? start : { file: start.file, pos: fileStart };
  return new Dump({ ...options, start: from, serverUuid: state.serverUuid, bufferBytes, heartbeatMs });
}

function openWatch(
  options: BinlogOptions,
  { state, dump, reader }: { state: SourceState; dump: Dump; reader: TransactionReader },
): SourceWatch {
  return new SourceWatch({
    source: options,
    state,
    lookMs: options.lookMs ?? defaultLookMs,
    logger: options.logger,
    fileCreated: fileCreatedAt(options, state),
    progress: () => ({ read: reader.position, isIdle: dump.isIdle, heartbeats: dump.heartbeats }),
    onEnd: (end) => options.onSourceEnd?.(end),
    onLost: (error) => dump.queue.close(error),
  });
}

function openReader(options: BinlogOptions, { state, start, end, charsets, session }: Opening): TransactionReader {
  const facts = { flavor: state.flavor, charsets };
  const { gtidMode } = state;
  return new TransactionReader({
    facts,
    start,
    end,
    gtidMode,
    session,
    wants: (table) => options.wants(table),
    filter: () => options.filter?.() ?? 0,
    onFiltered: () => options.onFiltered?.(),
    onPrepared: (prepared) => options.onPrepared?.(prepared),
  });
}

async function* elsewhere(options: BinlogOptions, opening: Opening, item: Elsewhere): AsyncGenerator<SourceItem, void, void> {
  if (options.xa === 'passed over') return yield { ...item.begin, session: opening.session.session };
  const { state, charsets, session } = opening;
  const facts = { flavor: state.flavor, charsets };
  yield* preparedRows(
    {
      options,
      state,
      bufferBytes: options.bufferBytes ?? defaultBufferBytes,
      reader: (xid, start) =>
        new TransactionReader({ facts, start, end: start, gtidMode: false, session, wants: (table) => options.wants(table), rereads: xid }),
    },
    item,
  );
}

function aborted(): SyncError {
  return new SyncError('ABORTED', 'reading the binlog was aborted');
}

/** After an abort the work goes on until its own time limits end it; nobody waits for it. */
async function abortable<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  if (signal.aborted) throw aborted();
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(aborted());
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([work(), promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

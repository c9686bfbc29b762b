/**
 * Rows that are asked for by their keys: one ask after another, each a chunk of its own. Each key that a chunk names has its answer in it:
 * a row, or none. So a row that is touched meanwhile is read again until it is quiet; a key that does not become quiet is asked for once
 * more, behind the other asks.
 */
import { createRouter, SyncError, tableName, toSyncError } from '@lutra/model';
import type { Row } from '@lutra/model';
import { Collations, loadTable, quoteTable } from '@lutra/mysql';
import { sleep, throwIfAborted } from '@lutra/runtime';
import type { CaptureWork } from '../assignments.js';
import type { Routes } from '../stream/routing.js';
import { chunkBytes, ChunkDiscarded } from './chunk-limits.js';
import { Chunk } from './chunk.js';
import type { ChunkDeps } from './chunk.js';
import { writeChunk } from './chunk-records.js';
import type { Log, LogFacts } from './chunk-records.js';
import { chunkTable } from './chunk-table.js';
import type { ChunkTable } from './chunk-table.js';
import type { KeyAsk, KeyAsks } from './key-ask.js';

export interface KeyChunksDeps extends ChunkDeps {
  readonly log: Log;
  readonly facts: LogFacts;
  work(): CaptureWork;
  routes(): Routes;
  level(): number;
  warn(about: object, message: string): void;
}

interface Sent {
  /** −1: nothing was published. */
  readonly seq: number;
  /** Keys that did not become quiet. */
  readonly left: readonly Row[];
}

const idleMs = 20;
const retryMs = 1_000;
/** Keys of one chunk. */
const maxKeys = 500;

export class KeyChunks implements KeyAsks {
  readonly #deps: KeyChunksDeps;
  #asks: KeyAsk[] = [];
  readonly #tables = new Map<string, ChunkTable>();
  /** Published, by the seq of the last record. */
  #unacknowledged: { readonly seq: number; readonly ask: KeyAsk }[] = [];
  #acknowledged = -1;

  constructor(deps: KeyChunksDeps) {
    this.#deps = deps;
  }

  ask(ask: KeyAsk): void {
    this.#asks.push(ask);
  }

  acknowledged(seq: number): void {
    this.#acknowledged = seq;
    const done = this.#unacknowledged.filter((one) => one.seq <= seq);
    this.#unacknowledged = this.#unacknowledged.filter((one) => one.seq > seq);
    for (const { ask } of done) ask.published();
  }

  /** Until the signal aborts. @throws SyncError ABORTED */
  async run(): Promise<void> {
    const { signal } = this.#deps;
    for (;;) {
      const [ask] = this.#asks;
      if (!ask) await sleep(idleMs, signal);
      else {
        this.#asks.shift();
        if (await this.#answered(ask)) continue;
        // The others do not wait behind it.
        this.#asks.push(ask);
        await sleep(retryMs, signal);
      }
    }
  }

  /** False: it is to be tried again. */
  async #answered(ask: KeyAsk): Promise<boolean> {
    const { signal, warn } = this.#deps;
    try {
      this.#requireCarried(ask);
      const table = await this.#table(ask);
      requireKeys(table, ask.keys);
      let seq = -1;
      const left: Row[] = [];
      const most = Math.min(maxKeys, Math.max(1, Math.floor((4 * chunkBytes) / table.plan.maxRowBytes)));
      for (let at = 0; at < ask.keys.length; at += most) {
        const sent = await this.#send(table, { ...ask, keys: ask.keys.slice(at, at + most) });
        seq = Math.max(seq, sent.seq);
        left.push(...sent.left);
      }
      if (left.length > 0) {
        // The answer to the last of them is told of, which stands behind the others.
        this.#asks.push({ ...ask, keys: left, published: () => ask.published(), refused: (error) => ask.refused(error) });
        return true;
      }
      this.#unacknowledged.push({ seq, ask });
      this.acknowledged(this.#acknowledged);
      return true;
    } catch (thrown) {
      throwIfAborted(signal);
      if (thrown instanceof ChunkDiscarded) return false;
      const error = toSyncError(thrown);
      if (error.outcome === 'retry') warn({ code: error.code, reason: error.message }, 'rows that were asked for cannot be read now');
      else ask.refused(error);
      return error.outcome !== 'retry';
    }
  }

  #requireCarried({ table, pipelines, keys }: KeyAsk): void {
    const { work, routes, level } = this.#deps;
    const { database, name } = table;
    const refused = (why: string): SyncError =>
      new SyncError('SEED_REFUSED', `${tableName(table)}: ${why}`, { details: { database, table: name } });
    if (level() < 2) throw refused('the cluster is at level 1, which knows no rows that are sent again');
    if (pipelines.length === 0 || keys.length === 0) throw refused('no pipeline, or no key, is named');
    const { carried } = work();
    for (const uid of pipelines) if (createRouter(carried?.[uid] ?? [])(table) === null) throw refused(`pipeline ${uid} does not carry it`);
    if (routes().here.router(table) === null) throw refused('the log does not hold it: it is suspended');
  }

  async #table({ table: name }: KeyAsk): Promise<ChunkTable> {
    const known = this.#tables.get(quoteTable(name));
    if (known && !known.watch.isStale) return known;
    const { sessions, windows } = this.#deps;
    const watch = windows.watch(name);
    const collations = new Collations((sql) => sessions.use((session) => session.query(sql)));
    const logsCascades = await sessions.logsCascades();
    const found = await sessions.use(async (session) => {
      const table = await loadTable(session, name.database, name.name);
      return chunkTable(session, { table, watch, collations, logsCascades });
    });
    this.#tables.set(quoteTable(name), found);
    return found;
  }

  async #send(table: ChunkTable, { keys, pipelines, purpose, request }: KeyAsk): Promise<Sent> {
    const { log, facts } = this.#deps;
    let sent: Sent = { seq: -1, left: [] };
    const chunk = await Chunk.open(this.#deps, table);
    try {
      await chunk.readKeys(keys, null);
      await chunk.settle(Promise.resolve(), {
        drops: false,
        where: null,
        moves: null,
        publish: async (place, found, left) => {
          sent = { seq: -1, left };
          if (found.length === 0) return;
          const rows = found.flatMap(({ row }) => (row === null ? [] : [row]));
          const answered = found.map(({ key }) => key);
          const of = { schema: table.plan.schema, pipelines, purpose, request, part: null, keys: answered };
          sent = { seq: await writeChunk(log, facts, { place, content: { ...of, rows, readAt: chunk.readAt } }), left };
        },
      });
    } finally {
      chunk.close();
    }
    return sent;
  }
}

/** @throws SyncError SEED_REFUSED */
function requireKeys({ name, plan }: ChunkTable, keys: readonly Row[]): void {
  const wanted = plan.key.map((part) => part.name);
  const wrong = keys.find(
    (key) => Object.keys(key).length !== wanted.length || wanted.some((column) => key[column] === undefined || key[column] === null),
  );
  if (!wrong) return;
  const message = `${tableName(name)}: a key names ${Object.keys(wrong).join(', ')}; the primary key is ${wanted.join(', ')}`;
  throw new SyncError('SEED_REFUSED', message, { details: { database: name.database, table: name.name } });
}

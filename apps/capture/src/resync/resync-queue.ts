/**
 * The queue lutra.resync of the source: rows that somebody wants sent again. An entry is asked for, and deleted once Kafka has the row; one
 * that cannot be sent says why, and stays. At least once: what was sent and not deleted before capture died is sent again.
 *
 * Each round looks at all that waits. The naive way goes on behind the last id; counter-example: a transaction inserts id 5, another one
 * inserts and commits id 6, the queue takes 6, the first one commits: 5 waits for ever.
 */
import { SyncError, toSyncError } from '@lutra/model';
import type { Row, TableName } from '@lutra/model';
import { quoteTable } from '@lutra/mysql';
import { orAborted, throwIfAborted } from '@lutra/runtime';
import type { KeyAsks } from '../seed/key-ask.js';
import { addressed } from './entry.js';
import type { Addressed, Addressing, ResyncEntry } from './entry.js';
import { passes } from './resync-store.js';
import type { ResyncStore } from './resync-store.js';
import { keyColumns, rowKeyOf } from './row-key.js';
import type { KeyColumns } from './row-key.js';

export interface QueueDeps {
  readonly store: ResyncStore;
  readonly asks: KeyAsks;
  readonly signal: AbortSignal;
  addressing(): Addressing;
  /** Of the cluster. */
  level(): number;
  /** `waiting`: no more than maxCounted are counted, and those that are held. */
  waits(waiting: number, held: number): void;
  ended(result: 'published' | 'refused', entries: number): void;
  /** Why entries are not taken; null: they are. Told when it changes. */
  trouble(error: SyncError | null): void;
}

export const maxCounted = 10_000;
const maxUnderWay = 4_000;
const keysPerAsk = 500;
const pollMs = 1_000;

interface Group {
  readonly of: Addressed;
  readonly ids: string[];
  /** By their text: one key may be asked for twice. */
  readonly keys: Map<string, Row>;
}

export class ResyncQueue {
  readonly #deps: QueueDeps;
  /** Taken and not done with. */
  readonly #underWay = new Set<string>();
  #published: string[] = [];
  #refused: { readonly ids: readonly string[]; readonly problem: string }[] = [];
  /** Of an ask that was refused with more than one: each is asked for by itself, so that only the one that is wrong is refused. */
  readonly #alone = new Set<string>();
  #wake = (): void => undefined;
  #isAwake = true;
  #trouble: string | null = null;

  constructor(deps: QueueDeps) {
    this.#deps = deps;
  }

  /** Something may wait. */
  wake(): void {
    this.#isAwake = true;
    this.#wake();
  }

  /** Until the signal aborts. It fails for nothing else. @throws SyncError ABORTED */
  async run(): Promise<void> {
    const { signal, store } = this.#deps;
    try {
      for (;;) {
        throwIfAborted(signal);
        this.#isAwake = false;
        await this.#tried();
        await this.#rest();
      }
    } finally {
      await store.close();
    }
  }

  async #tried(): Promise<void> {
    const { signal, trouble } = this.#deps;
    try {
      await this.#round();
      if (this.#trouble !== null) trouble(null);
      this.#trouble = null;
    } catch (thrown) {
      throwIfAborted(signal);
      const error = toSyncError(thrown);
      if (this.#trouble !== error.message) trouble(error);
      this.#trouble = error.message;
      // A wake brings nothing while it cannot be read.
      this.#isAwake = false;
    }
  }

  async #rest(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    if (this.#isAwake) resolve();
    const timer = setTimeout(resolve, pollMs);
    try {
      await orAborted(promise, this.#deps.signal);
    } finally {
      clearTimeout(timer);
    }
  }

  async #round(): Promise<void> {
    const { level, store, waits } = this.#deps;
    if (level() < 2) return;
    await this.#settle();
    const waiting = await store.waiting(maxCounted);
    const held = await store.held();
    waits(waiting.length + held, held);
    const fresh = waiting.filter((id) => !this.#underWay.has(id)).slice(0, maxUnderWay - this.#underWay.size);
    for (let at = 0; at < fresh.length; at += keysPerAsk) await this.#take(fresh.slice(at, at + keysPerAsk));
    await this.#settle();
  }

  /** What was told of asks is written down. Until then an entry is under way, so it is not taken twice. */
  async #settle(): Promise<void> {
    const { store, ended } = this.#deps;
    for (let ids = this.#published.slice(0, keysPerAsk); ids.length > 0; ids = this.#published.slice(0, keysPerAsk)) {
      await store.remove(ids);
      this.#published.splice(0, ids.length);
      this.#done(ids);
      ended('published', ids.length);
    }
    for (let one = this.#refused[0]; one; one = this.#refused[0]) {
      await store.refuse(one.ids, one.problem);
      this.#refused.shift();
      this.#done(one.ids);
      ended('refused', one.ids.length);
    }
  }

  #done(ids: readonly string[]): void {
    for (const id of ids) {
      this.#underWay.delete(id);
      this.#alone.delete(id);
    }
  }

  async #take(ids: readonly string[]): Promise<void> {
    const { store, addressing } = this.#deps;
    const at = addressing();
    const tables = new Map<string, KeyColumns | SyncError>();
    const groups = new Map<string, Group>();
    for (const entry of await store.read(ids)) {
      try {
        const of = addressed(entry, at);
        const key = rowKeyOf(await this.#columns(of.table, tables), textOf(entry));
        addTo(groups, { entry, of, key, alone: this.#alone.has(entry.id) });
        this.#underWay.add(entry.id);
      } catch (thrown) {
        this.#refuse([entry.id], refusal(thrown));
      }
    }
    for (const group of groups.values()) this.#ask(group);
  }

  /** Read anew for each page: a definition that is remembered may be an older one. */
  async #columns(table: TableName, known: Map<string, KeyColumns | SyncError>): Promise<KeyColumns> {
    const name = quoteTable(table);
    let found = known.get(name);
    if (!found) known.set(name, (found = await this.#load(table)));
    if (found instanceof SyncError) throw found;
    return found;
  }

  async #load(table: TableName): Promise<KeyColumns | SyncError> {
    try {
      return keyColumns(await this.#deps.store.definition(table));
    } catch (thrown) {
      const error = refusal(thrown);
      if (error.code !== 'TABLE_MISSING') return error;
      const what = `${error.message}: correct schema_name and table_name, or grant SELECT on it, and insert it again`;
      return new SyncError('CONFIG_INVALID', what, { cause: error });
    }
  }

  #ask({ of, ids, keys }: Group): void {
    this.#deps.asks.ask({
      ...of,
      keys: [...keys.values()],
      published: () => {
        this.#published.push(...ids);
        this.wake();
      },
      refused: (error) => {
        if (ids.length === 1 && error.outcome !== 'retry') this.#refuse(ids, error);
        else this.#again(ids);
        this.wake();
      },
    });
  }

  #again(ids: readonly string[]): void {
    for (const id of ids) {
      this.#underWay.delete(id);
      this.#alone.add(id);
    }
  }

  #refuse(ids: readonly string[], { code, message, help }: SyncError): void {
    for (const id of ids) this.#underWay.add(id);
    const isOurs = code === 'RECORD_INVALID' || code === 'CONFIG_INVALID';
    this.#refused.push({ ids, problem: isOurs ? message : `${code}: ${message}. ${help}` });
  }
}

interface Judged {
  readonly entry: ResyncEntry;
  readonly of: Addressed;
  readonly key: Row;
  readonly alone: boolean;
}

function addTo(groups: Map<string, Group>, { entry, of, key, alone }: Judged): void {
  const { table, pipelines, purpose, request } = of;
  const name = JSON.stringify([quoteTable(table), pipelines, purpose, request, alone ? entry.id : '']);
  const group = groups.get(name) ?? { of, ids: [], keys: new Map<string, Row>() };
  groups.set(name, group);
  group.ids.push(entry.id);
  group.keys.set(JSON.stringify(Object.values(key).map((value) => (Buffer.isBuffer(value) ? value.toString('hex') : String(value)))), key);
}

function textOf({ rowKey }: ResyncEntry): string {
  if (rowKey === null) throw new SyncError('RECORD_INVALID', 'row_key is longer than any key: write the columns of the primary key alone');
  return rowKey;
}

/** @throws what is no matter of an entry */
function refusal(thrown: unknown): SyncError {
  const error = toSyncError(thrown);
  if (passes(error)) throw error;
  return error;
}

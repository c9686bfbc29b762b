/**
 * Follows the configuration as long as it continues what this process has worked by. The naive way acts on whatever the watches say.
 * Counter-example: ZooKeeper is emptied, the list of channels is empty, and all work ends.
 *
 * 1. Documents are taken over only with a revision that was read after them and that continues the highest one so far.
 * 2. A tree that does not continue it (restored, emptied, another one) has regressed: the documents that are there stay in force, and work
 *    that begins goes by them. It is followed again when it continues, or when a person has adopted it.
 * 3. The revision is read before the documents too. All watches of writes up to it have fired by then, so the documents are not older.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { continues, toSyncError } from '@lutra/model';
import type { StoredChannel, Regression, SyncError, TreeRevision } from '@lutra/model';
import { untilAborted } from '@lutra/runtime';
import { watchConfiguration } from './configuration.js';
import type { Configuration } from './configuration.js';
import type { Latest } from './documents.js';
import type { Registry } from './registry.js';

export interface FollowerEvents {
  /** The documents of a tree that continues. Absent: only the revision is followed. */
  onChange?(configuration: Configuration): void;
  /** The tree has regressed, or another one than before; null: it continues again. */
  onRegression(regression: Regression | null): void;
  /** A document cannot be read; its last good version stays in force. */
  onInvalid(name: string, error: SyncError): void;
}

/** What work that begins goes by. */
export interface Current<T> {
  readonly found: T;
  readonly revision: TreeRevision | null;
  /** The tree has regressed: `found` and `revision` are those of the last one that continued. */
  readonly regression: Regression | null;
}

type Source = Pick<Registry, 'regions' | 'endpoints' | 'channels' | 'desired' | 'revision'>;
type Seen = { readonly tree: TreeRevision | null } | null;

const settlePollMs = 25;
const retryMs = 1_000;

export class TreeFollower {
  readonly #source: Source;
  #events: FollowerEvents | null = null;
  /** As the watches have them. */
  #newest: Configuration | null = null;
  /** Those in force, and the revision that they are at least of. */
  #documents: Configuration | null = null;
  #known: TreeRevision | null = null;
  #regression: Regression | null = null;
  /** The last one that was read; null: none was. */
  #seen: Seen = null;
  readonly #waiting = new Set<() => void>();
  #isLooking = false;
  #isStale = false;

  constructor(source: Source) {
    this.#source = source;
  }

  /** The highest revision that this process has worked by. */
  get known(): TreeRevision | null {
    return this.#known;
  }

  /** Why the tree in ZooKeeper is not followed. */
  get regression(): Regression | null {
    return this.#regression;
  }

  /** Returns a function that ends it. */
  follow(events: FollowerEvents): () => void {
    const ending = new AbortController();
    const look = (): void => void this.#look(ending.signal);
    this.#events = events;
    const ends = [this.#source.revision.watch(look)];
    const onChange = (documents: Configuration): void => {
      this.#newest = documents;
      look();
    };
    if (events.onChange)
      ends.push(watchConfiguration(this.#source, { onChange, onInvalid: (name, error) => events.onInvalid(name, error) }));
    return () => {
      ending.abort();
      for (const end of ends) end();
    };
  }

  /** All channels, not older than what anybody had written before the call. @throws SyncError ZOOKEEPER_*, CONFIG_INVALID */
  channels(): Promise<Current<Latest<StoredChannel>>> {
    const kept = (): Latest<StoredChannel> => ({ documents: [...(this.#documents?.channels.values() ?? [])], invalid: [] });
    return this.#current(() => this.#source.channels.listLatest(), kept);
  }

  /** One channel; null: there is none. @throws SyncError as `channels` */
  channel(name: string): Promise<Current<StoredChannel | null>> {
    const latest = async (): Promise<StoredChannel | null> => (await this.#source.channels.latest(name))?.document ?? null;
    return this.#current(latest, () => this.#documents?.channels.get(name) ?? null);
  }

  /** Asks ZooKeeper now. @throws SyncError ZOOKEEPER_*, CONFIG_INVALID */
  async look(): Promise<Regression | null> {
    this.#judge(await this.#source.revision.latest());
    return this.#regression;
  }

  /** Resolves when the tree is seen at another write than this one (null: at none). @throws SyncError ABORTED */
  untilOther(write: string | null, signal: AbortSignal): Promise<void> {
    const isOther = (): boolean => this.#seen !== null && (this.#seen.tree?.write ?? null) !== write;
    return untilAborted(signal, (resolve) => {
      const check = (): void => {
        if (!isOther()) return;
        this.#waiting.delete(check);
        resolve();
      };
      this.#waiting.add(check);
      check();
      return () => this.#waiting.delete(check);
    });
  }

  async #current<T>(read: () => Promise<T>, kept: () => T): Promise<Current<T>> {
    const found = await read().then(
      (value) => ({ value }),
      (error: unknown) => ({ error }),
    );
    const tree = await this.#source.revision.latest();
    if (!this.#judge(tree)) return { found: kept(), revision: this.#known, regression: this.#regression };
    if ('error' in found) throw found.error;
    return { found: found.value, revision: tree, regression: null };
  }

  /** One look at a time; one that is asked for meanwhile follows. */
  async #look(signal: AbortSignal): Promise<void> {
    this.#isStale = true;
    if (this.#isLooking) return;
    this.#isLooking = true;
    try {
      while (this.#isStale && !signal.aborted) {
        this.#isStale = false;
        await this.#lookOnce(signal).catch((thrown: unknown) => this.#failed(toSyncError(thrown), signal));
      }
    } finally {
      this.#isLooking = false;
    }
  }

  async #failed(reason: SyncError, signal: AbortSignal): Promise<void> {
    if (signal.aborted || reason.code === 'ABORTED') return;
    if (reason.code === 'CONFIG_INVALID') this.#events?.onInvalid('revision', reason);
    this.#isStale = true;
    await delay(retryMs, undefined, { signal }).catch(() => undefined); // ended: the loop sees it
  }

  async #lookOnce(signal: AbortSignal): Promise<void> {
    const { onChange } = this.#events ?? {};
    const before = await this.#source.revision.latest();
    if (onChange && this.#judge(before) && !(await this.#settled(signal))) return;
    const documents = this.#newest;
    const tree = onChange ? await this.#source.revision.latest() : before;
    // Of a write that came in between the documents have perhaps a part: the next look says.
    if (before?.write !== tree?.write) this.#isStale = true;
    if (signal.aborted || !this.#judge(tree) || !this.#isContinuedBy(before) || (onChange && !documents)) return;
    this.#known = before;
    this.#documents = documents;
    if (documents) this.#events?.onChange?.(documents);
  }

  /** False: something changed while the documents were read; the next look waits for them. */
  async #settled(signal: AbortSignal): Promise<boolean> {
    const { regions, endpoints, channels, desired } = this.#source;
    while (![regions, endpoints, channels, desired].every(({ isSettled }) => isSettled)) {
      await delay(settlePollMs, undefined, { signal });
      if (this.#isStale) return false;
    }
    return true;
  }

  #isContinuedBy(tree: TreeRevision | null): boolean {
    return this.#known === null || continues(tree, this.#known);
  }

  /** Does it continue what is known? Channels without a revision are a part of a tree: of an import that was cut off, for instance. */
  #judge(tree: TreeRevision | null): boolean {
    const stands = this.#isContinuedBy(tree) && (tree !== null || !this.#newest?.channels.size);
    const isNew = this.#seen === null || this.#seen.tree?.write !== tree?.write;
    const wasRegressed = this.#regression !== null;
    this.#seen = { tree };
    this.#regression = stands ? null : { known: this.#known, tree };
    if (stands ? wasRegressed : isNew || !wasRegressed) this.#events?.onRegression(this.#regression);
    if (isNew) for (const check of this.#waiting) check();
    return stands;
  }
}

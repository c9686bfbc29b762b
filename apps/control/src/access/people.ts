/**
 * Users and API tokens in memory, as ZooKeeper's watches keep them: no request waits for ZooKeeper to know who asks, and a control that is
 * cut off goes by what it knew. What this control has written itself it knows when the write resolves.
 */
import { Inject, Injectable } from '@nestjs/common';
import type { OnApplicationShutdown } from '@nestjs/common';
import { SyncError } from '@lutra/model';
import type { ApiToken, User } from '@lutra/model';
import type { AccessStore, Known, Operation, Registry, Versioned } from '@lutra/registry';
import { REGISTRY } from '../tokens.js';

/** A write is known at once; where a watch is late, the answer does not wait for ever. */
const knownWithinMs = 2_000;

/** What one kind of them is now. */
class Watched<T> {
  readonly #end: () => void;
  readonly #waiting = new Set<() => void>();
  #known: Known<T> | null = null;

  constructor(store: AccessStore<T>) {
    this.#end = store.watch((known) => {
      this.#known = known;
      for (const wake of this.#waiting) wake();
    });
  }

  /** @throws SyncError ZOOKEEPER_UNAVAILABLE */
  get known(): Known<T> {
    if (this.#known) return this.#known;
    throw new SyncError('ZOOKEEPER_UNAVAILABLE', 'users and tokens have not been read from ZooKeeper yet');
  }

  get isKnown(): boolean {
    return this.#known !== null;
  }

  async until(isSo: (known: Known<T>) => boolean): Promise<void> {
    const isReached = (): boolean => this.#known !== null && isSo(this.#known);
    if (isReached()) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => done(), knownWithinMs);
      const look = (): void => {
        if (isReached()) done();
      };
      const done = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
    });
  }

  end(): void {
    this.#end();
  }
}

@Injectable()
export class People implements OnApplicationShutdown {
  readonly #users: Watched<User>;
  readonly #tokens: Watched<ApiToken>;

  constructor(@Inject(REGISTRY) private readonly registry: Registry) {
    this.#users = new Watched(registry.people.users);
    this.#tokens = new Watched(registry.people.tokens);
  }

  /** @throws SyncError ZOOKEEPER_UNAVAILABLE */
  user(name: string): User | undefined {
    return this.#users.known.get(name)?.document;
  }

  /** One that may log in, and whose sessions and tokens count. @throws SyncError ZOOKEEPER_UNAVAILABLE */
  active(name: string): User | undefined {
    const user = this.user(name);
    return user?.disabled === false ? user : undefined;
  }

  /** @throws SyncError ZOOKEEPER_UNAVAILABLE */
  token(id: string): ApiToken | undefined {
    return this.#tokens.known.get(id)?.document;
  }

  /** All; none as long as they have not been read. */
  tokensIfKnown(): readonly ApiToken[] {
    if (!this.#tokens.isKnown || !this.#users.isKnown) return [];
    return [...this.#tokens.known.values()].map(({ document }) => document);
  }

  /** Not older than what anybody had written before the call. */
  latestUser(name: string): Promise<Versioned<User> | null> {
    return this.registry.people.users.latest(name);
  }

  /** Of all, by name. */
  async latestUsers(): Promise<Known<User>> {
    return (await this.registry.people.users.listLatest()).documents;
  }

  /** All or none, and known to this control then. False: somebody else wrote in between. */
  async write(operations: readonly Operation[]): Promise<boolean> {
    if (await this.registry.people.commit(operations)) return false;
    await Promise.all(operations.map((operation) => this.#isKnown(operation)));
    return true;
  }

  onApplicationShutdown(): void {
    this.#users.end();
    this.#tokens.end();
  }

  #isKnown({ type, path, ...rest }: Operation): Promise<void> {
    const [folder, name = ''] = path.split('/').slice(-2);
    const isSo = (known: Known<unknown>): boolean => {
      const found = known.get(name);
      if (type === 'remove') return found === undefined;
      return type === 'check' || (found !== undefined && ('version' in rest ? found.version > rest.version : true));
    };
    return folder === 'users' ? this.#users.until(isSo) : this.#tokens.until(isSo);
  }
}

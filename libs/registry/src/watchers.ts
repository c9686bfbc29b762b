/**
 * ZooKeeper's watches are one-shot and per path. The client takes a function per watch and keeps it until it fires: with a new function for
 * every wait on the same path they pile up. Here one function per path is given to the client, whatever the number of those who wait.
 */
interface Entry {
  readonly notify: () => void;
  readonly callbacks: Set<() => void>;
}

export interface Watch {
  /** What the client is to call; undefined where nobody wants to know. */
  readonly notify: (() => void) | undefined;
  discard(): void;
}

const noWatch: Watch = { notify: undefined, discard: () => undefined };

export class Watchers {
  readonly #entries = new Map<string, Entry>();

  /** Must be called before the request is sent: the notification may come in the same packet as the answer. */
  add(key: string, callback: (() => void) | undefined): Watch {
    if (!callback) return noWatch;
    let entry = this.#entries.get(key);
    if (!entry) this.#entries.set(key, (entry = this.#entry(key)));
    entry.callbacks.add(callback);
    return { notify: entry.notify, discard: () => this.discard(key, callback) };
  }

  discard(key: string, callback: () => void): void {
    // The entry stays: the client may hold its function already.
    this.#entries.get(key)?.callbacks.delete(callback);
  }

  #entry(key: string): Entry {
    const callbacks = new Set<() => void>();
    const notify = (): void => {
      this.#entries.delete(key);
      for (const callback of callbacks) callback();
    };
    return { notify, callbacks };
  }
}

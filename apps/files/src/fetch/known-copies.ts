/** Where bytes are on the disks of this process, as far as it read them or staged them for a place: a hint, whoever copies reads them. */
import type { FileName } from '@lutra/model';

const most = 100_000;

export class KnownCopies {
  readonly #byHash = new Map<string, FileName>();

  note(sha256: string, at: FileName): void {
    this.#byHash.delete(sha256);
    this.#byHash.set(sha256, { root: at.root, path: at.path });
    const [oldest] = this.#byHash.keys();
    if (this.#byHash.size > most && oldest !== undefined) this.#byHash.delete(oldest);
  }

  find(sha256: string): FileName | undefined {
    return this.#byHash.get(sha256);
  }

  forget(sha256: string): void {
    this.#byHash.delete(sha256);
  }
}

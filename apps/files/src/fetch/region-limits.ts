/** Bytes a second from each source region: what is on its way from it shares them equally. */
import type { Downloads } from './ports.js';

/** Less is no rate that a connection keeps. */
const leastBytes = 1024;

export class RegionLimits {
  readonly #downloads: Pick<Downloads, 'setLimit'>;
  #limits: Readonly<Record<string, number>> = {};
  readonly #running = new Map<string, Set<string>>();

  constructor(downloads: Pick<Downloads, 'setLimit'>) {
    this.#downloads = downloads;
  }

  /** By source region; one that is not named has none. */
  set(limits: Readonly<Record<string, number>>): void {
    const before = this.#limits;
    this.#limits = limits;
    for (const [region, running] of this.#running) if (before[region] !== limits[region]) this.#share(region, running);
  }

  /** @param work A download of this gid, which begins with this limit. */
  async within<T>(
    { region, gid }: { readonly region: string; readonly gid: string },
    work: (limit: number | null) => Promise<T>,
  ): Promise<T> {
    const running = this.#running.get(region) ?? new Set();
    this.#running.set(region, running);
    running.add(gid);
    if (this.#limits[region] !== undefined) this.#share(region, running);
    try {
      return await work(this.#each(region, running.size));
    } finally {
      running.delete(gid);
      if (this.#limits[region] !== undefined) this.#share(region, running);
    }
  }

  #share(region: string, running: ReadonlySet<string>): void {
    for (const gid of running) this.#downloads.setLimit(gid, this.#each(region, running.size));
  }

  #each(region: string, count: number): number | null {
    const limit = this.#limits[region];
    return limit === undefined ? null : Math.max(leastBytes, Math.floor(limit / count));
  }
}

/**
 * Tables that a hole in a log has left unequal (lutra.unequal, cause `hole`): which of them were so when a pass began, and their end when
 * that pass finds them equal. One whose source waits for its restart is not taken: what the hole loses is not all lost yet.
 */
import { tableName } from '@lutra/model';
import type { VerifyWork } from './assignments.js';
import type { Servers } from './servers.js';
import type { ListedPair } from './table-list.js';
import { endEntry, openHoles } from './repair/unequal.js';
import type { Hole } from './repair/unequal.js';

export interface HolesOptions {
  readonly work: Pick<VerifyWork, 'pipelines'>;
  readonly servers: Servers;
  /** An order to begin anew elsewhere waits at the endpoint. */
  isRestarting(endpoint: string): Promise<boolean>;
}

export class Holes {
  readonly #servers: Servers;
  readonly #open: readonly Hole[];

  private constructor(servers: Servers, open: readonly Hole[]) {
    this.#servers = servers;
    this.#open = open;
  }

  static async read({ work, servers, isRestarting }: HolesOptions): Promise<Holes> {
    const open: Hole[] = [];
    for (const { uid, source, target } of work.pipelines)
      if (!(await isRestarting(source.name))) open.push(...(await openHoles(await servers.of(target.name, 'target'), uid)));
    return new Holes(servers, open);
  }

  has({ pipeline, source }: ListedPair): boolean {
    return this.#open.some((hole) => hole.pipeline === pipeline.uid && tableName(hole.table) === tableName(source));
  }

  /** The pair is equal. */
  async end({ pipeline, source }: ListedPair): Promise<void> {
    const name = tableName(source);
    for (const hole of this.#open)
      if (hole.pipeline === pipeline.uid && tableName(hole.table) === name)
        await endEntry(await this.#servers.of(pipeline.target.name, 'target'), hole);
  }
}

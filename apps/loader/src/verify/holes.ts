/**
 * Tables that a hole in a log has left unequal (lutra.unequal, cause `hole`): which of them were so when a pass began, and their end when
 * that pass finds them equal. One whose source waits for its restart is not taken: what the hole loses is not all lost yet. Under a
 * condition nobody knows of the rows outside of it.
 */
import { tableName } from '@lutra/model';
import type { VerificationOrder } from '@lutra/model';
import type { VerifyWork } from './assignments.js';
import type { Servers } from './servers.js';
import type { ListedPair } from './table-list.js';
import { endEntry, openHoles } from './repair/unequal.js';
import type { Hole } from './repair/unequal.js';

export interface HolesOptions {
  readonly work: Pick<VerifyWork, 'pipelines'>;
  readonly servers: Servers;
  readonly order: Pick<VerificationOrder, 'where'>;
  /** Ends the work by throwing. `isNow`: however short ago the last look was. */
  look(isNow?: boolean): Promise<void>;
  /** An order to begin anew elsewhere waits at the endpoint. */
  isRestarting(endpoint: string): Promise<boolean>;
}

export class Holes {
  readonly #options: HolesOptions;
  readonly #open: readonly Hole[];

  private constructor(options: HolesOptions, open: readonly Hole[]) {
    this.#options = options;
    this.#open = open;
  }

  static async read(options: HolesOptions): Promise<Holes> {
    const { work, servers, order, isRestarting } = options;
    const open: Hole[] = [];
    if (order.where !== undefined) return new Holes(options, open);
    for (const { uid, source, target } of work.pipelines)
      if (!(await isRestarting(source.name))) open.push(...(await openHoles(await servers.of(target.name, 'target'), uid)));
    return new Holes(options, open);
  }

  has(pair: ListedPair): boolean {
    return this.#of(pair).length > 0;
  }

  /** The pair is equal. Another restart may have been ordered since the last look: its hole has the same entry. */
  async end(pair: ListedPair): Promise<void> {
    for (const hole of this.#of(pair)) {
      const target = await this.#options.servers.of(pair.pipeline.target.name, 'target');
      await this.#options.look(true);
      await endEntry(target, { ...hole, cause: 'hole' });
    }
  }

  #of({ pipeline, source }: ListedPair): readonly Hole[] {
    return this.#open.filter((hole) => hole.pipeline === pipeline.uid && tableName(hole.table) === tableName(source));
  }
}

/** The files apps that live, as ZooKeeper has them. */
import { SyncError } from '@lutra/model';

/** A files app. */
export interface FilesInstance {
  readonly region: string | null;
  /** https://host:port */
  readonly url: string;
  readonly roots: readonly string[];
  /** Of these, those that it alone places files in. */
  readonly places: readonly string[];
}

export type ListInstances = () => Promise<readonly FilesInstance[]>;

/** ZooKeeper is not asked before each request. */
const freshMs = 3_000;

export class Instances {
  readonly #list: ListInstances;
  #known: { readonly at: number; readonly list: Promise<readonly FilesInstance[]> } | null = null;
  #turn = 0;

  constructor(list: ListInstances) {
    this.#list = list;
  }

  /** What was known was of no use: they are listed anew. */
  forget(): void {
    this.#known = null;
  }

  /** The one that places in the root. @throws SyncError FILES_UNAVAILABLE, FILE_ROOT_UNKNOWN, ZOOKEEPER_* */
  async placing(region: string, root: string): Promise<FilesInstance> {
    const all = await this.serving(region, root);
    const found = all.find(({ places }) => places.includes(root));
    if (found) return found;
    this.forget();
    throw new SyncError('FILES_UNAVAILABLE', `no files app of region ${region} places files in root ${root}: none holds its lease`, {
      details: { region, root },
    });
  }

  /** Those that have the root (null: any), each time another one first. @throws SyncError as placing */
  async serving(region: string, root: string | null): Promise<readonly [FilesInstance, ...FilesInstance[]]> {
    const ofRegion = (await this.#all()).filter((instance) => instance.region === region);
    const having = ofRegion.filter(({ roots }) => root === null || roots.includes(root));
    this.#turn += 1;
    const from = having.length === 0 ? 0 : this.#turn % having.length;
    const [first, ...others] = [...having.slice(from), ...having.slice(0, from)];
    if (first) return [first, ...others];
    this.forget();
    if (ofRegion.length === 0)
      throw new SyncError('FILES_UNAVAILABLE', `no files app of region ${region} is connected`, { details: { region } });
    throw new SyncError('FILE_ROOT_UNKNOWN', `no files app of region ${region} has root ${root}`, { details: { region, root } });
  }

  #all(): Promise<readonly FilesInstance[]> {
    if (!this.#known || performance.now() - this.#known.at > freshMs) {
      const list = this.#list();
      const known = { at: performance.now(), list };
      this.#known = known;
      list.catch(() => {
        if (this.#known === known) this.#known = null;
      });
    }
    return this.#known.list;
  }
}

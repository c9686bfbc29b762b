/** Regions that a test writes one at a time: each write is one of the configuration, from the state that is there. */
import { SyncError } from '@lutra/model';
import type { RegionDocument } from '@lutra/model';
import type { DocumentStore } from '../documents.js';
import type { Versioned } from '../json.js';
import type { Registry } from '../registry.js';

const author = { by: 'test', from: '127.0.0.1', reason: '' };
type Change = { readonly name: string; readonly version: number | null; readonly after: RegionDocument | null };

export type WrittenRegions = DocumentStore<RegionDocument> & {
  /** One invalid document fails it. */
  list(): Promise<readonly Versioned<RegionDocument>[]>;
  create(document: RegionDocument): Promise<number>;
  replace(name: string, document: RegionDocument, version: number): Promise<number>;
  remove(name: string, version: number): Promise<void>;
};

export function writtenRegions(registry: Registry): WrittenRegions {
  const { regions, snapshot, configuration } = registry;
  /** As the rules of control would, by the version that the caller has read. */
  const write = async ({ name, version, after }: Change): Promise<void> => {
    for (;;) {
      const { revision: tree, revisionVersion, regions: known } = await snapshot.latest();
      const before = known.get(name) ?? null;
      if ((before?.version ?? null) !== version) throw new SyncError('CONFIG_CONFLICT', `region ${name} has another version`);
      const base = { tree, version: revisionVersion };
      const changes = [{ kind: 'regions', name, before, after } as const];
      if (await configuration.commit({ base, changes, operations: [], author })) return;
    }
  };
  return {
    get: (name) => regions.get(name),
    latest: (name) => regions.latest(name),
    listLatest: () => regions.listLatest(),
    list: async () =>
      [...(await snapshot.latest()).regions.values()].map(({ document, version, error }) => {
        if (error) throw error;
        return { document, version };
      }),
    watch: (callback, onError) => regions.watch(callback, onError),
    get isSettled() {
      return regions.isSettled;
    },
    create: async (document) => {
      await write({ name: document.name, version: null, after: document });
      return 0;
    },
    replace: async (name, after, version) => {
      await write({ name, version, after });
      return version + 1;
    },
    remove: (name, version) => write({ name, version, after: null }),
  };
}

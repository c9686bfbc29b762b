/** The roots that a channel's pipelines write to are searched for files that no row names, behind the tables of a pass. */
import { Slots } from '@lutra/files';
import { createRouter, SyncError } from '@lutra/model';
import type { VerificationOrder, VerifiedRoot, VerifiedTable } from '@lutra/model';
import { lastPlaced } from '@lutra/mysql';
import type { Session } from '@lutra/mysql';
import type { SearchedRoot, VerifiedPipeline, VerifyWork } from '../assignments.js';
import { Servers } from '../servers.js';
import type { Login } from '../servers.js';
import { FoundFiles } from './found-files.js';
import { pathsNamedIn } from './naming-tables.js';
import { findOrphans, mostOrphans } from './orphans.js';
import type { FoundOrphans, RootSearch } from './orphans.js';
import type { FilesOf } from './verify-files.js';

export interface RootsOptions {
  readonly work: VerifyWork;
  readonly order: Pick<VerificationOrder, 'id' | 'repair'>;
  readonly login: Login;
  readonly files: FilesOf;
  readonly pass: number;
  /** Of this pass. */
  readonly tables: readonly VerifiedTable[];
  /** Those of this pass are not searched again. */
  readonly known: readonly VerifiedRoot[];
  /** Before each piece of work. Ends the search by throwing. */
  between(root: string): Promise<void>;
  /** One is done. */
  searched(root: VerifiedRoot): Promise<void>;
  readonly signal: AbortSignal;
}

/** Each takes much memory. */
const searching = new Slots(1);

export async function searchRoots(options: RootsOptions): Promise<void> {
  const isDone = ({ pipeline, root }: SearchedRoot): boolean =>
    options.known.some((known) => known.pipeline === pipeline && known.root === root && known.pass === options.pass);
  for (const root of options.work.roots.filter((each) => isAsked(options, each) && !isDone(each))) {
    const servers = new Servers(options.login);
    try {
      await options.searched(await searching.run(() => search(options, root, servers), options.signal));
    } finally {
      await servers.close();
    }
  }
}

/** A table of the order has a rule of the root. A repair that goes on until all is equal is about rows. */
function isAsked({ work, order, tables }: RootsOptions, { pipeline: name, root }: SearchedRoot): boolean {
  const pipeline = work.pipelines.find((each) => each.name === name);
  if (!pipeline || order.repair) return false;
  const router = createRouter(pipeline.routes);
  return tables.some(
    (table) =>
      table.pipeline === name && router.filesOf({ database: table.database, name: table.table }).some((rule) => rule.root === root),
  );
}

async function search(options: RootsOptions, searched: SearchedRoot, servers: Servers): Promise<VerifiedRoot> {
  const { pipeline: name, root } = searched;
  const done = { pipeline: name, root, pass: options.pass, asOf: Date.now() };
  try {
    const found = await findOrphans(rootSearch(options, searched, servers));
    await keep(options, searched, { servers, found });
    const bytes = [...found.orphans.values()].reduce((sum, each) => sum + each, 0);
    const notes = found.isWhole ? [] : [`no row names ${mostOrphans} files, and those behind them were not looked at`];
    return { ...done, files: found.files, orphans: found.orphans.size, bytes, notes };
  } catch (thrown) {
    if (!(thrown instanceof SyncError) || thrown.code === 'ABORTED') throw thrown;
    return { ...done, files: 0, orphans: 0, bytes: 0, notes: [`it is not searched: ${thrown.code}: ${thrown.message}`] };
  }
}

/** What the rows of all its users say of a root. */
export function rootSearch(
  { files, between }: Pick<RootsOptions, 'files' | 'between'>,
  { root, region, users }: SearchedRoot,
  servers: Servers,
): RootSearch {
  const targets = users.filter(({ isTarget }) => isTarget);
  const sessionOf = (endpoint: string): Promise<Session> => servers.of(endpoint, 'target');
  return {
    async *named() {
      for (const { endpoint, routes } of users)
        yield* pathsNamedIn({ root, routes, session: await sessionOf(endpoint.name), between: () => between(root) });
    },
    list: (request) => files(region).list({ root, ...request }),
    placed: async (paths) => {
      const found = await Promise.all(targets.map(async ({ endpoint }) => lastPlaced(await sessionOf(endpoint.name), root, paths)));
      return new Map(found.flatMap((each) => [...each]));
    },
    between: () => between(root),
  };
}

/** In lutra.difference, under the name of the root in place of a table. */
export function foundOrphansOf(target: Session, { uid }: Pick<VerifiedPipeline, 'uid'>, of: { request: string; root: string }): FoundFiles {
  return new FoundFiles(target, { pipeline: uid, request: of.request, table: { database: '', name: of.root } });
}

async function keep(
  { work, order }: RootsOptions,
  { pipeline: name, root }: SearchedRoot,
  { servers, found }: { readonly servers: Servers; readonly found: FoundOrphans },
): Promise<void> {
  const pipeline = work.pipelines.find((each) => each.name === name);
  if (!pipeline) return;
  const session = await servers.of(pipeline.target.name, 'target');
  const store = foundOrphansOf(session, pipeline, { request: order.id, root });
  const orphans = [...found.orphans.keys()].map((path) => ({ root, path, hash: null, key: {}, outcome: 'file-orphan' as const }));
  await store.keep(orphans, { log: '', seq: -1 });
}

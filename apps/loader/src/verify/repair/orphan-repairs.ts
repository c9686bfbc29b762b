/**
 * Files that no row names go to the trash of their root. They are looked for in the rows once more, of all who may name them, and given
 * to the loader of the pipeline that fills the root, as files are whose rows have left them: it marks each, looks whether a row names it,
 * and moves it. So nothing else deletes in a root, and a row that comes meanwhile keeps its file. docs/decisions/0035-files.md, 16 to 18
 * and 27.
 */
import type { RepairResult } from '@lutra/model';
import { letOrphansGo, stillLeaving } from '@lutra/mysql';
import { sleep } from '@lutra/runtime';
import type { SearchedRoot, VerifiedPipeline, VerifyWork } from '../assignments.js';
import type { FoundFiles, KeptFile } from '../files/found-files.js';
import { stillOrphans } from '../files/orphans.js';
import { foundOrphansOf, rootSearch } from '../files/search-roots.js';
import type { RootsOptions } from '../files/search-roots.js';
import type { Servers } from '../servers.js';
import { groups } from '../sieve-ranges.js';

type Counts = NonNullable<RepairResult['orphans']>;

export interface OrphanRepairsOptions extends Pick<RootsOptions, 'files' | 'signal'> {
  readonly work: Pick<VerifyWork, 'pipelines' | 'roots'>;
  /** Of the verification. */
  readonly request: string;
  readonly servers: Servers;
  /** Of an earlier run of the same repair. */
  readonly before: Counts | undefined;
  look(): Promise<void>;
  told(counts: Counts, waitingFor: string | null): Promise<void>;
  readonly pollMs: number;
  /** Without one that has gone. */
  readonly patienceMs?: number | undefined;
}

interface Found {
  readonly searched: SearchedRoot;
  readonly pipeline: VerifiedPipeline;
  readonly store: FoundFiles;
  readonly files: readonly KeptFile[];
}

const listed = 1_000;

/** How many are gone. @throws SyncError FILES_*, TARGET_*, as findOrphans */
export async function trashOrphans(options: OrphanRepairsOptions): Promise<number> {
  const { before = { gone: 0, kept: 0 }, told } = options;
  const all = await foundIn(options);
  let { gone, kept } = before;
  let left = all.reduce((sum, { files }) => sum + files.length, 0);
  for (const root of all) {
    const went = await trashIn(options, root, (waitingFor) => told({ gone, kept, left }, waitingFor));
    gone += went;
    kept += root.files.length - went;
    left -= root.files.length;
    await told({ gone, kept, left }, null);
  }
  return gone - before.gone;
}

async function foundIn({ work, request, servers }: OrphanRepairsOptions): Promise<readonly Found[]> {
  const found: Found[] = [];
  for (const searched of work.roots) {
    const pipeline = work.pipelines.find(({ name }) => name === searched.pipeline);
    if (!pipeline) continue;
    const store = foundOrphansOf(await servers.of(pipeline.target.name, 'target'), pipeline, { request, root: searched.root });
    const files = await store.read();
    if (files.length > 0) found.push({ searched, pipeline, store, files });
  }
  return found;
}

async function trashIn(
  options: OrphanRepairsOptions,
  { searched, pipeline, store, files }: Found,
  waiting: (what: string) => Promise<void>,
): Promise<number> {
  const { servers, look } = options;
  const other = searched.users.find(({ endpoint }) => endpoint.name !== pipeline.target.name);
  if (other) {
    const why = `rows of ${other.endpoint.name} may come to name it, and only ${pipeline.target.name} is asked when it goes: remove it yourself`;
    await store.problem(files, why);
    return 0;
  }
  const target = await servers.of(pipeline.target.name, 'target');
  const asked = await stillLeaving(target, pipeline.uid, files);
  const isAsked = new Set(asked);
  const more = files.filter((file) => !isAsked.has(file));
  const search = rootSearch({ files: options.files, between: look }, searched, servers);
  const still = await stillOrphans(
    search,
    more.map(({ path }) => path),
  );
  const { root } = searched;
  await letOrphansGo(
    target,
    pipeline.uid,
    [...still.values()].map((file) => ({ ...file, root })),
  );
  const going = [...asked, ...more.filter(({ path }) => still.has(path))];
  await untilGone(options, { target, pipeline, files: going }, waiting);
  const there = await pathsThere(options, searched, files);
  const stays = new Set(going.filter(({ path }) => there.has(path)));
  await store.problem(
    [...stays],
    `pipeline ${pipeline.name} has not moved it: it does not run, a row names the file by now, or it has changed`,
  );
  await store.remove(files.filter((file) => !stays.has(file)));
  return files.filter(({ path }) => !there.has(path)).length;
}

interface Going {
  readonly target: Parameters<typeof stillLeaving>[0];
  readonly pipeline: VerifiedPipeline;
  readonly files: readonly KeptFile[];
}

async function untilGone(
  { look, pollMs, patienceMs = 180_000, signal }: OrphanRepairsOptions,
  { target, pipeline, files }: Going,
  waiting: (what: string) => Promise<void>,
): Promise<void> {
  let [before, since] = [Infinity, Date.now()];
  for (;;) {
    const { length: left } = await stillLeaving(target, pipeline.uid, files);
    if (left === 0) return;
    if (left < before) [before, since] = [left, Date.now()];
    if (Date.now() - since > patienceMs) return;
    await look();
    await waiting(`pipeline ${pipeline.name}, which has ${left} files to move to the trash`);
    await sleep(pollMs, signal);
  }
}

async function pathsThere(
  { files: filesOf }: OrphanRepairsOptions,
  { root, region }: SearchedRoot,
  files: readonly KeptFile[],
): Promise<ReadonlySet<string>> {
  const there = new Set<string>();
  for (const some of groups(
    files.map(({ path }) => path),
    listed,
  )) {
    const answer = await filesOf(region).list({ root, from: some, most: some.length, unchangedMs: 0 });
    for (const { path } of answer.files) there.add(path);
  }
  return there;
}

/**
 * Files in a root that no row names. All rows are read that may name one: only then the tree. A file that none of them named is looked for
 * in the rows once more, by its very path, because rows change while they are read. Files that were put there less than an hour ago are not
 * looked at: applications write the file first, and commit its row then.
 *
 * Counter-example for the second look alone: a row comes behind it that names a file which was there already, so nothing is written; its
 * placing is settled before anybody asks for open ones. lutra.file has another number then.
 */
import type { ListAnswer, ListedFile, ListRequest } from '@lutra/files';
import type { LastPlaced } from '@lutra/mysql';
import { groups } from '../sieve-ranges.js';
import { SeenPaths } from './seen-paths.js';

export interface RootSearch {
  /** Paths in the root that rows name, of all tables that may name any, in pieces. @throws SyncError: they cannot be told */
  named(): AsyncIterable<readonly string[]>;
  /** Without what open placings name. */
  list(request: Pick<ListRequest, 'from' | 'most' | 'unchangedMs'>): Promise<ListAnswer>;
  placed(paths: readonly string[]): Promise<ReadonlyMap<string, LastPlaced>>;
  /** Before each piece of work. */
  between(): Promise<void>;
  /** Kept; the search ends where there are more. */
  readonly most?: number;
}

export interface FoundOrphans {
  /** By path: bytes. */
  readonly orphans: ReadonlyMap<string, number>;
  /** Files that were looked at. */
  readonly files: number;
  readonly isWhole: boolean;
}

export const mostOrphans = 10_000;
const unchangedMs = 3_600_000;
const listed = 10_000;
const asked = 1_000;

export async function findOrphans(of: RootSearch): Promise<FoundOrphans> {
  const seen = new SeenPaths();
  for await (const paths of of.named()) for (const path of paths) seen.add(path);
  const { candidates, files, isWhole } = await unnamed(of, seen);
  const still = await stillOrphans(of, [...candidates.keys()]);
  return { orphans: new Map([...still].map(([path, { size }]) => [path, size])), files, isWhole };
}

interface Candidates {
  readonly candidates: Map<string, number>;
  readonly files: number;
  readonly isWhole: boolean;
}

async function unnamed({ list, between, most = mostOrphans }: RootSearch, seen: SeenPaths): Promise<Candidates> {
  const candidates = new Map<string, number>();
  let files = 0;
  for (let from: string | null = null; ;) {
    await between();
    const answer: ListAnswer = await list({ from, most: listed, unchangedMs });
    files += answer.looked;
    for (const { path, size } of answer.files) {
      if (seen.has(path)) continue;
      if (candidates.size === most) return { candidates, files, isWhole: false };
      candidates.set(path, size);
    }
    if (answer.next === null) return { candidates, files, isWhole: true };
    from = answer.next;
  }
}

export interface Orphan extends ListedFile {
  /** Who has placed it; null: no pipeline to here. */
  readonly by: string | null;
}

/** Of these paths, the files that no row names, by their path. */
export async function stillOrphans(of: RootSearch, candidates: readonly string[]): Promise<ReadonlyMap<string, Orphan>> {
  const there = new Map<string, Orphan>();
  if (candidates.length === 0) return there;
  const before = await of.placed(candidates);
  const left = new Set(candidates);
  for await (const paths of of.named()) for (const path of paths) left.delete(path);
  for (const some of groups([...left], asked)) {
    await of.between();
    const { files } = await of.list({ from: some, most: some.length, unchangedMs });
    for (const file of files) there.set(file.path, { ...file, by: before.get(file.path)?.by ?? null });
  }
  const after = await of.placed([...there.keys()]);
  for (const path of there.keys()) {
    const now = after.get(path);
    if (now && (now.isLeaving || now.by !== before.get(path)?.by)) there.delete(path);
  }
  return there;
}

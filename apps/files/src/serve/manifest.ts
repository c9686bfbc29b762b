/** What is at paths of a root, by size and hash, each with a URL that opens that very version: the answer to `manifest`. */
import { toSyncError } from '@lutra/model';
import { sealToken } from '@lutra/files';
import type { BlobToken, FilesKeys, ManifestAnswer, ManifestEntry, ManifestRequest } from '@lutra/files';
import { largeBytes } from './file-hashes.js';
import { eachOf } from '../each-of.js';
import type { FileHashes } from './file-hashes.js';
import { statOfStamp } from './root.js';
import type { FileStat, OpenFile, Root } from './root.js';
import { lookBeside } from './small-files.js';

/** After that what is not hashed yet is answered as such. */
const answerMs = 2_000;
/** Of small files that are hashed in one go: others are to have their turn. */
const batchBytes = 16 * 1024 * 1024;

export interface Manifests {
  readonly keys: FilesKeys;
  readonly hashes: FileHashes;
}

export async function manifestOf(deps: Manifests, root: Root, { paths, hashes }: ManifestRequest): Promise<ManifestAnswer> {
  const looks = await lookAll(root, paths);
  const deadline = performance.now() + answerMs;
  const small = await smallOnes(deps, root, { looks, deadline });
  const entries = await eachOf(looks, async (look, index): Promise<ManifestEntry> => {
    const { path } = look;
    const found =
      look.entry ?? small.get(index) ?? (await versionOf(deps, root, { path, deadline, open: () => root.open(path) }).catch(refusal));
    return wantedOf(deps, root, { entry: found, wanted: hashes?.[index] ?? null, deadline }).catch(refusal);
  });
  return { entries };
}

interface Looked {
  readonly path: string;
  /** Null: it is there. */
  readonly entry: ManifestEntry | null;
  readonly stat: FileStat | null;
}

async function lookAll(root: Root, paths: readonly string[]): Promise<readonly Looked[]> {
  const refused = paths.map((path) => attempt(() => root.requirePath(path)));
  const followed = paths.filter((_, index) => refused[index] === null);
  const looks = await lookBeside(followed.map((path) => ({ root: root.path, path })));
  let at = 0;
  return paths.map((path, index): Looked => {
    const no = refused[index] ?? null;
    if (no) return { path, entry: no, stat: null };
    const look = looks[at++] ?? 'ENOENT';
    if (typeof look === 'string') return { path, entry: attempt(() => root.nothingAt(path, look)) ?? { kind: 'missing' }, stat: null };
    const stat = statOfStamp(look);
    return { path, entry: tooBig(root, path, stat.size), stat };
  });
}

/** Entries of small files by their index: known, hashed now, or to be asked for again. */
async function smallOnes(
  { keys, hashes }: Manifests,
  root: Root,
  { looks, deadline }: { readonly looks: readonly Looked[]; readonly deadline: number },
): Promise<ReadonlyMap<number, ManifestEntry>> {
  const entries = new Map<number, ManifestEntry>();
  let batch: { readonly index: number; readonly path: string; readonly stat: FileStat }[] = [];
  const flush = async (): Promise<void> => {
    const some = batch;
    batch = [];
    const found = some.length === 0 ? [] : await hashes.ofSmall(root, some);
    for (const [i, { index, path, stat }] of some.entries()) {
      const sha256 = found[i];
      entries.set(index, sha256 ? fileEntry(keys, { root, path, stat, sha256 }) : { kind: 'unstable' });
    }
  };
  for (const [index, { path, stat, entry }] of looks.entries()) {
    if (entry || !stat || stat.size >= largeBytes) continue;
    const known = hashes.known({ stat });
    if (known !== null) entries.set(index, fileEntry(keys, { root, path, stat, sha256: known }));
    else if (performance.now() > deadline) entries.set(index, { kind: 'hashing', size: stat.size, done: 0 });
    else batch.push({ index, path, stat });
    if (batch.reduce((sum, each) => sum + each.stat.size, 0) > batchBytes) await flush();
  }
  await flush();
  return entries;
}

/** What was replaced since the row was written is still there by its hash. */
async function wantedOf(
  deps: Manifests,
  root: Root,
  { entry, wanted, deadline }: { readonly entry: ManifestEntry; readonly wanted: string | null; readonly deadline: number },
): Promise<ManifestEntry> {
  const isOther = entry.kind === 'missing' || (entry.kind === 'file' && entry.sha256 !== wanted);
  if (wanted === null || !isOther) return entry;
  const kept = await versionOf(deps, root, { path: wanted, trash: true, deadline, open: () => root.openTrash(wanted) });
  return kept.kind === 'hashing' || (kept.kind === 'file' && kept.sha256 === wanted) ? kept : entry;
}

interface Version {
  readonly path: string;
  readonly trash?: true;
  readonly deadline: number;
  open(): Promise<OpenFile | null>;
}

async function versionOf({ keys, hashes }: Manifests, root: Root, version: Version): Promise<ManifestEntry> {
  const { path, trash, deadline, open } = version;
  const file = await open();
  if (!file) return { kind: 'missing' };
  try {
    const { stat } = file;
    const answer = await hashes.of(file, open, deadline);
    if (answer.kind === 'hashing') return { kind: 'hashing', size: stat.size, done: answer.done };
    if (answer.kind === 'unstable') return { kind: 'unstable' };
    return fileEntry(keys, { root, path, trash, stat, sha256: answer.sha256 });
  } finally {
    await file.handle.close();
  }
}

interface HashedFile {
  readonly root: Root;
  readonly path: string;
  readonly trash?: true | undefined;
  readonly stat: FileStat;
  readonly sha256: string;
}

function fileEntry(keys: FilesKeys, { root, path, trash, stat, sha256 }: HashedFile): ManifestEntry {
  const { size, mtimeNs, stamp } = stat;
  const blob: BlobToken = { kind: 'blob', root: root.name, path, ...(trash && { trash }), stamp, sha256 };
  const token = sealToken(keys, blob);
  return { kind: 'file', size, mtimeNs: String(mtimeNs), sha256, url: `/v1/blob/${token}`, token };
}

function tooBig({ name, settings: { maxBytes } }: Root, path: string, size: number): ManifestEntry | null {
  if (maxBytes === null || size <= maxBytes) return null;
  return refused('FILE_TOO_BIG', `root ${name}: ${path} has ${size} bytes, and the root takes ${maxBytes}`);
}

/** Null: it does not throw. */
function attempt(work: () => unknown): ManifestEntry | null {
  try {
    work();
    return null;
  } catch (error) {
    return refusal(error);
  }
}

function refusal(error: unknown): ManifestEntry {
  const { code, message } = toSyncError(error);
  return refused(code, message);
}

function refused(code: (ManifestEntry & { kind: 'refused' })['code'], message: string): ManifestEntry {
  return { kind: 'refused', code, message };
}

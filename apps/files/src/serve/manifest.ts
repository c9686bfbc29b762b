/** What is at paths of a root, by size and hash, each with a URL that opens that very version: the answer to `manifest`. */
import { toSyncError } from '@lutra/model';
import { sealToken } from '@lutra/files';
import type { BlobToken, FilesKeys, ManifestAnswer, ManifestEntry, ManifestRequest } from '@lutra/files';
import { largeBytes } from './file-hashes.js';
import type { FileHashes } from './file-hashes.js';
import type { OpenFile, Root } from './root.js';
import { eachOf } from './slots.js';

/** After that what is not hashed yet is answered as such. */
const answerMs = 2_000;
const filesAtOnce = 32;

export interface Manifests {
  readonly keys: FilesKeys;
  readonly hashes: FileHashes;
}

export async function manifestOf(deps: Manifests, root: Root, { paths, hashes }: ManifestRequest): Promise<ManifestAnswer> {
  const deadline = performance.now() + answerMs;
  const entries = await eachOf(paths, filesAtOnce, (path, index) =>
    entryOf(deps, root, { path, wanted: hashes?.[index] ?? null, deadline }).catch(refusal),
  );
  return { entries };
}

interface Asked {
  readonly path: string;
  readonly wanted: string | null;
  readonly deadline: number;
}

/** What was replaced since the row was written is still there by its hash. */
async function entryOf(deps: Manifests, root: Root, asked: Asked): Promise<ManifestEntry> {
  const { path, wanted } = asked;
  const entry = await versionOf(deps, root, { ...asked, open: () => root.open(path) });
  const isOther = entry.kind === 'missing' || (entry.kind === 'file' && entry.sha256 !== wanted);
  if (wanted === null || !isOther) return entry;
  const kept = await versionOf(deps, root, { ...asked, trash: true, open: () => root.openTrash(wanted) });
  return kept.kind === 'hashing' || (kept.kind === 'file' && kept.sha256 === wanted) ? kept : entry;
}

interface Version extends Asked {
  readonly trash?: true;
  open(): Promise<OpenFile | null>;
}

async function versionOf({ keys, hashes }: Manifests, root: Root, version: Version): Promise<ManifestEntry> {
  const { path, trash, deadline, open } = version;
  const file = await open();
  if (!file) return { kind: 'missing' };
  try {
    const { size, mtimeNs, stamp } = file.stat;
    const { maxBytes } = root.settings;
    if (maxBytes !== null && size > maxBytes)
      return refused('FILE_TOO_BIG', `root ${root.name}: ${path} has ${size} bytes, and the root takes ${maxBytes}`);
    const isLate = size < largeBytes && performance.now() > deadline && hashes.known(file) === null;
    if (isLate) return { kind: 'hashing', size, done: 0 };
    const answer = await hashes.of(file, open, deadline);
    if (answer.kind === 'hashing') return { kind: 'hashing', size, done: answer.done };
    if (answer.kind === 'unstable') return { kind: 'unstable' };
    const { sha256 } = answer;
    const blob: BlobToken = { kind: 'blob', root: root.name, path: trash ? sha256 : path, ...(trash && { trash }), stamp, sha256 };
    const token = sealToken(keys, blob);
    return { kind: 'file', size, mtimeNs: String(mtimeNs), sha256, url: `/v1/blob/${token}`, token };
  } finally {
    await file.handle.close();
  }
}

function refusal(error: unknown): ManifestEntry {
  const { code, message } = toSyncError(error);
  return refused(code, message);
}

function refused(code: (ManifestEntry & { kind: 'refused' })['code'], message: string): ManifestEntry {
  return { kind: 'refused', code, message };
}

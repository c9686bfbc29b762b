/** What is at a path of this region, and what its bytes are. Read only where nobody has read this version yet. */
import type { FileName } from '@lutra/model';
import { throwIfAborted } from '@lutra/runtime';
import type { OpenFile } from '../serve/root.js';
import type { OwnHashes, OwnRoots } from './ports.js';

export interface OwnParts {
  readonly roots: OwnRoots;
  readonly hashes: OwnHashes;
}

/** A large file is read on only while somebody asks so often. */
const askMs = 1_000;

export type OwnFile = { readonly sha256: string } | 'missing' | 'unstable' | 'another';

/** @param size Another one is not read. @throws SyncError FILE_PATH_INVALID, FILES_UNAVAILABLE, ABORTED */
export async function readOwn(
  parts: OwnParts,
  { root: name, path, size }: FileName & { readonly size?: number },
  signal: AbortSignal,
): Promise<OwnFile> {
  const root = parts.roots.get(name);
  const open = (): Promise<OpenFile | null> => root?.open(path) ?? Promise.resolve(null);
  const file = await open();
  if (!file) return 'missing';
  try {
    if (size !== undefined && file.stat.size !== size) return 'another';
    for (;;) {
      throwIfAborted(signal);
      const answer = await parts.hashes.of(file, open, performance.now() + askMs);
      if (answer.kind === 'hashed') return answer;
      if (answer.kind === 'unstable') return 'unstable';
    }
  } finally {
    await file.handle.close();
  }
}

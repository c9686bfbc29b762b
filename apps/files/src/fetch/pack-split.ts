/** A pack that arrived, taken apart: each file hashed while it is written, on the disk before it bears its name. */
import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { throwIfAborted } from '@lutra/runtime';
import type { LocalFile } from './local-bytes.js';
import type { StageFolder } from './stage-folder.js';

/** Files that are written at once: the file system's journal takes their flushes together. */
const atOnce = 16;
const chunkBytes = 256 * 1024;

export interface PackPart {
  readonly file: LocalFile;
  /** Where it begins in the pack. */
  readonly offset: number;
}

export type PartResult = 'staged' | 'corrupt';

class Corrupt extends Error {}

interface ArrivedPack<P extends PackPart> {
  readonly stage: StageFolder;
  readonly name: string;
  readonly parts: readonly P[];
  readonly signal: AbortSignal;
}

/** Tells each part's result as soon as it is known. @throws what the disk says; what is told until then stands */
export async function splitPack<P extends PackPart>(
  { stage, name, parts, signal }: ArrivedPack<P>,
  tell: (part: P, result: PartResult) => void,
): Promise<void> {
  const pack = await open(stage.file(name), 'r');
  const left = parts.values();
  const work = async (): Promise<void> => {
    const chunk = Buffer.allocUnsafe(chunkBytes);
    for (const part of left) {
      throwIfAborted(signal);
      tell(part, await writePart(stage, { pack, part, chunk }));
    }
  };
  try {
    const ends = await Promise.allSettled(Array.from({ length: Math.min(atOnce, parts.length) }, work));
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
  } finally {
    await pack.close();
  }
}

async function writePart(
  stage: StageFolder,
  from: { readonly pack: FileHandle; readonly part: PackPart; readonly chunk: Buffer },
): Promise<PartResult> {
  try {
    await stage.add(from.part.file, (to) => copyPart(from, to));
    return 'staged';
  } catch (error) {
    if (error instanceof Corrupt) return 'corrupt';
    throw error;
  }
}

async function copyPart(
  { pack, part: { file, offset }, chunk }: { readonly pack: FileHandle; readonly part: PackPart; readonly chunk: Buffer },
  to: FileHandle,
): Promise<void> {
  const hash = createHash('sha256');
  for (let done = 0; done < file.size;) {
    const { bytesRead } = await pack.read(chunk, 0, Math.min(chunk.length, file.size - done), offset + done);
    if (bytesRead === 0) throw new Corrupt();
    const bytes = chunk.subarray(0, bytesRead);
    hash.update(bytes);
    await to.writeFile(bytes);
    done += bytesRead;
  }
  if (hash.digest('hex') !== file.sha256) throw new Corrupt();
}

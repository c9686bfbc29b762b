/** A pack that arrived, taken apart: each file is hashed before it is written, and on the disk before it bears its name. */
import { throwIfAborted } from '@lutra/runtime';
import type { LocalFile } from './local-bytes.js';
import type { StagedPart, StageFolder } from './stage-folder.js';

/** Written in one go, and flushed at once: the file system's journal takes their flushes together. */
const mostFiles = 64;
const mostBytes = 8 * 1024 * 1024;
/** One is written while another one is flushed. */
const groupsAtOnce = 2;

export interface PackPart extends StagedPart {
  readonly file: LocalFile;
}

export type PartResult = 'staged' | 'corrupt';

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
  const left = groupsOf(parts).values();
  const work = async (): Promise<void> => {
    for (const group of left) {
      throwIfAborted(signal);
      const staged = await stage.addParts(name, group);
      for (const [i, part] of group.entries()) tell(part, staged[i] ? 'staged' : 'corrupt');
    }
  };
  const ends = await Promise.allSettled(Array.from({ length: groupsAtOnce }, work));
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
}

function groupsOf<P extends PackPart>(parts: readonly P[]): readonly (readonly P[])[] {
  const groups: P[][] = [];
  let bytes = 0;
  for (const part of parts) {
    const last = groups.at(-1);
    bytes += part.file.size;
    if (last && last.length < mostFiles && bytes <= mostBytes) last.push(part);
    else [bytes] = [part.file.size, groups.push([part])];
  }
  return groups;
}

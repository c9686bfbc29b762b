/** What a disk says when it does not do as it is told. */
import { SyncError } from '@lutra/model';

export function errnoOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

const full = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

/** @returns FILES_DISK_FULL for what a full disk says; anything else as it is */
export function orDiskFull(error: unknown, root: string): unknown {
  if (!full.has(errnoOf(error) ?? '')) return error;
  const details = { root, errno: errnoOf(error) };
  return new SyncError('FILES_DISK_FULL', `root ${root}: its disk takes no more (${errnoOf(error)})`, { cause: error, details });
}

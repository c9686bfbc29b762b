/** What a loader says of a seed, in numbers. Pure. */
import type { SeedProgress } from '@lutra/model';

/** Rows that the target has met, whatever became of them. */
export function handledRows(progress: SeedProgress | null): number {
  const tables = progress?.tables ?? [];
  return tables.reduce((sum, { inserted, equal, replaced, kept, yielded, clashes }) => {
    return sum + inserted + equal + replaced + kept + yielded + clashes;
  }, 0);
}

export function tableStates(progress: SeedProgress | null): { seeding: number; done: number; cancelled: number } {
  const counts = { seeding: 0, done: 0, cancelled: 0 };
  for (const { state } of progress?.tables ?? []) counts[state] += 1;
  return counts;
}

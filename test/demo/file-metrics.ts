/** How many files have arrived at a side, and how many bytes of them: what its files app counts. */
import type { Side, Stack } from '../harness/index.js';

export interface Arrived {
  readonly files: number;
  readonly bytes: number;
}

/** null: the app does not answer. */
export async function arrivedAt(stack: Stack, side: Side): Promise<Arrived | null> {
  const { files } = stack.site(side);
  if (!files) return null;
  const answer = await fetch(`${files.app.url}/metrics`, { signal: AbortSignal.timeout(5_000) }).catch(() => null);
  if (!answer?.ok) return null;
  const text = await answer.text();
  const sum = (name: string, label: string): number =>
    text
      .split('\n')
      .filter((line) => line.startsWith(`${name}{`) && line.includes(label))
      .reduce((all, line) => all + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
  return { files: sum('lutra_files_total', 'outcome="sent"'), bytes: sum('lutra_file_bytes_total', 'way="received"') };
}

/** What the loaders counted themselves, beside what they logged. Only where none of them ended meanwhile: counters begin anew. */
import type { AppProcess } from '../harness/index.js';

/** The sum of lutra_conflicts_total over all loaders. */
export async function countedConflicts(apps: readonly AppProcess[]): Promise<number> {
  const loaders = apps.filter(({ app }) => app === 'loader');
  const texts = await Promise.all(loaders.map(async ({ url }) => (await fetch(`${url}/metrics`)).text()));
  const lines = texts.flatMap((text) => text.split('\n').filter((line) => line.startsWith('lutra_conflicts_total{')));
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}

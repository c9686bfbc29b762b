/** Pipelines that hold at a schema change: what is compared behind one would wait for a person's answer. */
import { heldText } from './crossing.js';
import type { CrossingIo, Way } from './crossing.js';

/** The first of them, and where it holds; null: none does. */
export async function heldOf(ways: readonly Way[], io: Pick<CrossingIo, 'loader'>): Promise<string | null> {
  for (const way of ways) {
    const said = await io.loader(way);
    if (said?.state === 'held') return heldText(`pipeline ${way.name}`, said);
  }
  return null;
}

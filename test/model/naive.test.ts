/** Naive rules end with different rows: the model can fail. Each prints in how many interleavings, and the shortest. */
import { describe, expect, it } from 'vitest';
import { naive, three, unique } from './cases.js';
import { explore } from './explore.js';
import type { Policy } from './words.js';
import { protocol } from './protocol.js';
import type { Rules } from './rules.js';
import type { Case } from './words.js';

const home = { kind: 'home' } as const satisfies Policy;
const latest = { kind: 'latest', deletes: 'win' } as const satisfies Policy;

function diverges(example: Case, policy: Policy, otherwise: Partial<Rules>): void {
  const { bad, interleavings, shortest } = explore(example, protocol(policy, otherwise));
  console.log(`${bad} of ${interleavings} interleavings: ${shortest?.join('; ') ?? ''}`);
  expect(bad).toBeGreaterThan(0);
  expect(explore(example, protocol(policy)).bad).toBe(0);
}

describe('regions end with different rows', () => {
  it('where only the before image is compared', () => diverges(naive['there and back'], home, { detect: 'before-image' }));

  it('where each side decides by itself and versions go in a circle', () =>
    diverges(naive['versions in a circle'], latest, { resolutions: 'none' }));

  it('where a resolution is no change of home, with three regions', () =>
    diverges(naive['each once'], home, { resolutionsInIndex: false }));

  it('where a loader does not wait for its watermark', () => diverges(naive['there and back'], home, { watermark: false }));

  it('where unique values are no conflict keys', () => diverges(unique['taken and released']!, home, { uniqueConflictKeys: false }));

  it('where a loader does not wait for what a change from a third region had seen', () =>
    diverges(naive['each once'], home, { causalWait: false }));

  it('where the index of recent changes has no changes of third regions', () =>
    diverges(three['a row in the way without a conflict']!, home, { othersRecentChanges: false, capture: 'at once' }));
});

describe('regions end with different rows, by what is easily overlooked', () => {
  it('where only the rows that a decision touched get a resolution, not those whose changes made it a conflict', () =>
    diverges(unique['taken and released']!, latest, { remedied: 'touched' }));

  it('where a region decides about a row that differs although nothing in the index of recent changes changed it', () =>
    diverges(three['a row in the way without a conflict']!, home, { mismatch: 'decide', capture: 'at once' }));

  // Alone it does no harm: what a resolution brings from the future comes again as the change that it is, and is taken whole.
  for (const resolutions of ['read by capture', 'read by loader'] as const) {
    it(`where a resolution is the row as it is when ${resolutions} and a row that differs is decided about`, () =>
      diverges(naive['a counter'], { kind: 'delta' }, { resolutions, mismatch: 'decide' }));
  }

  it('where a restarted capture publishes resolutions once more, with three regions', () =>
    diverges(naive['each once'], home, { crashes: 1 }));

  it('where such resolutions yield to what came from the third region too', () =>
    diverges(naive['each once'], home, { crashes: 1, resolutionYields: 'all' }));
});

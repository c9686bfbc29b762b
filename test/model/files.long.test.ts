/** The cases of `files.ts` and `files-both.ts` with more that goes wrong at once. */
import { expect, it } from 'vitest';
import { calm, filesCases } from './files-cases.js';
import { bothCases } from './files-both-cases.js';
import { bothModel } from './files-both.js';
import { bothProtocol } from './files-both-words.js';
import { filesModel } from './files.js';
import { filesProtocol } from './files-words.js';
import type { FileFaults } from './files-words.js';
import { endsOf } from './paths.js';

const each: readonly Partial<FileFaults>[] = [
  { loader: 1, app: 1 },
  { sleep: 1, refusal: 1 },
  { loader: 1, skip: 1, refusal: 1 },
];
/** With these a state has most steps. */
const asleep: Partial<FileFaults> = { sleep: 1, app: 1 };
/** Where a path is named again while it is to go, two loaders and a deletion are enough: with two faults of these it takes ten minutes. */
const one: readonly Partial<FileFaults>[] = [{ sleep: 1 }, { refusal: 1, session: 1 }];
const { again, pair, onePath, ...small } = filesCases;

it.each([
  { name: 'again', example: again, all: one },
  ...Object.entries({ pair, onePath }).map(([name, example]) => ({ name, example, all: each })),
  ...Object.entries(small).map(([name, example]) => ({ name, example, all: [...each, asleep] })),
])('$name', { timeout: 600_000 }, ({ example, all }) => {
  let total = 0;
  for (const faults of all) {
    const { good, shortest } = endsOf(filesModel({ ...example, faults: { ...calm, ...faults } }, filesProtocol));
    expect(shortest, JSON.stringify(faults)).toBeNull();
    total += good;
  }
  console.log(`files: ${total.toExponential(1)} interleavings`);
});

it.each(Object.entries(bothCases))('both ways: %s', { timeout: 600_000 }, (_, writes) => {
  for (const policy of ['home', 'incoming'] as const)
    for (const hash of [false, true])
      expect(endsOf(bothModel({ writes, kills: 1, isMutable: false }, { ...bothProtocol, policy, hash })).shortest).toBeNull();
});

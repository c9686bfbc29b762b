/** Whatever is answered, fails, changes and is begun anew: each want is answered once, and what is staged is what was stated. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { SyncError } from '@lutra/model';
import type { DownloadFailureKind } from '@lutra/files';
import { FetchBed, sha256 } from './fetch.fixture.js';

const paths = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
const kinds: readonly DownloadFailureKind[] = ['expired', 'changed', 'checksum', 'network', 'aria2'];

const path = fc.constantFrom(...paths);
/** Few, so that some paths have the same. */
const content = fc.constantFrom('', 'x', 'yy', 'zzz', 'a longer one');
const fate = fc.oneof({ weight: 4, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: fc.constantFrom('flipped' as const, ...kinds) });
const step = fc.oneof(
  { weight: 6, arbitrary: fc.constant({ kind: 'nothing' as const }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('write' as const), path, content }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('remove' as const), path }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'away' as const }) },
);
const wanted = fc.record({
  path,
  hash: fc.option(
    content.map((bytes) => sha256(bytes)),
    { freq: 5 },
  ),
});

interface Case {
  readonly there: readonly (readonly [string, string])[];
  readonly here: readonly (readonly [string, string])[];
  readonly requests: readonly (readonly { readonly path: string; readonly hash: string | null }[])[];
  readonly fates: readonly (DownloadFailureKind | 'flipped' | null)[];
  /** Before each request to the source. */
  readonly steps: readonly (
    | { kind: 'nothing' | 'away' }
    | { kind: 'write'; path: string; content: string }
    | { kind: 'remove'; path: string }
  )[];
  readonly restarts: boolean;
}

const cases: fc.Arbitrary<Case> = fc.record({
  there: fc.array(fc.tuple(path, content), { maxLength: 12 }),
  here: fc.array(fc.tuple(path, content), { maxLength: 4 }),
  requests: fc.array(fc.array(wanted, { minLength: 1, maxLength: 10 }), { minLength: 1, maxLength: 3 }),
  fates: fc.array(fate, { maxLength: 20 }),
  steps: fc.array(step, { maxLength: 25 }),
  restarts: fc.boolean(),
});

async function holds({ there, here, requests, fates, steps, restarts }: Case): Promise<void> {
  const bed = await FetchBed.make();
  try {
    const stated = new Map<string, Set<string>>();
    const write = (name: string, bytes: string): void => {
      bed.source.write(name, bytes);
      stated.set(name, (stated.get(name) ?? new Set()).add(sha256(bytes)));
    };
    for (const [name, bytes] of there) write(name, bytes);
    for (const [name, bytes] of here) await bed.put(name, bytes);
    const [fatesLeft, stepsLeft] = [[...fates], [...steps]];
    bed.downloads.fate = () => fatesLeft.shift() ?? null;
    bed.source.before = () => {
      const next = stepsLeft.shift();
      if (next?.kind === 'write') write(next.path, next.content);
      if (next?.kind === 'remove') bed.source.files.delete(next.path);
      if (next?.kind === 'away') throw new SyncError('FILES_UNAVAILABLE', 'away');
    };
    const answering = requests.map((request) => bed.answers(request));
    if (restarts) {
      await Promise.race(answering).catch(() => undefined); // looked at below, with all others
      bed.restart();
    }
    for (const [index, ends] of (await Promise.allSettled(answering)).entries()) {
      const request = requests[index] ?? [];
      const answers = ends.status === 'fulfilled' ? ends.value : await bed.answers(request);
      expect(answers.map(({ id }) => id)).toEqual(request.map((_, id) => id));
      for (const answer of answers) {
        if (answer.kind !== 'staged') continue;
        const want = request[answer.id];
        // What a row's hash names may be here already, whatever its source has.
        if (!want?.hash) expect(stated.get(want?.path ?? '')).toContain(answer.sha256);
        if (want?.hash) expect(answer.sha256).toBe(want.hash);
        if (answer.way !== 'same') expect(sha256(await bed.staged(answer.sha256))).toBe(answer.sha256);
      }
    }
    const left = (await bed.stageNames().catch(() => [])).filter((name) => !/^[0-9a-f]{64}$/.test(name));
    if (!restarts)
      await expect.poll(async () => (await bed.stageNames().catch(() => [])).filter((name) => !/^[0-9a-f]{64}$/.test(name))).toEqual([]);
    else expect(left.every((name) => /\.(part|tmp)$/.test(name))).toBe(true);
  } finally {
    await bed.end();
  }
}

it('each want is answered once, with bytes that are right', async () => {
  await fc.assert(fc.asyncProperty(cases, holds), { numRuns: 150 });
});

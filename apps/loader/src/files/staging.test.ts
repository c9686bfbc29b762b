import type { FilesService, StageAnswer } from '@lutra/files';
import type { FileRule, PipelineUid } from '@lutra/model';
import { afterEach, expect, it, vi } from 'vitest';
import { Staging } from './staging.js';
import type { Wanted } from './wanted.js';

const without: string[] = [];

afterEach(() => void vi.useRealTimers());

/** What is answered, one ask after the other; the last one for good. */
function asked(rule: Partial<FileRule> | null, answers: readonly Omit<StageAnswer, 'id'>[]): Wanted {
  vi.useFakeTimers();
  const whole = { root: 'pics', path: '{v}', hash: 'sha', missing: 'stop', waitSeconds: 60, ...rule } as FileRule;
  let next = 0;
  const stage: FilesService['stage'] = async function* ({ files }) {
    for (const { id } of files) yield { ...answers[Math.min(next++, answers.length - 1)], id } as StageAnswer;
  };
  const staging = new Staging({
    files: { stage },
    pipeline: 'p' as PipelineUid,
    sourceRegion: 'ca',
    signal: new AbortController().signal,
    ruleNow: () => rule && whole,
    onWithout: (_, why) => without.push(why),
  });
  const table = { database: 'shop', name: 't' };
  return staging.want({
    root: 'pics',
    path: 'a',
    hash: '11',
    rule: whole,
    endpoint: 'orders',
    table,
    key: { id: '1' },
    rowKey: '1',
    rowName: 'shop.t, row 1',
  });
}

const others = { kind: 'refused', code: 'FILE_HASH_MISMATCH', message: 'it has other bytes' } as const;
const staged = { kind: 'staged', way: 'sent', sha256: '11', size: 1, mtimeNs: '1' } as const;

it('asks again for a file whose hash is another one: its row may be a moment behind', async () => {
  const file = asked({}, [others, others, staged]);
  await vi.advanceTimersByTimeAsync(500);
  expect([file.failure, file.staged]).toEqual([null, undefined]);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(file.staged).toMatchObject({ sha256: '11' });
});

it('ends with that, or as the rule says, when the time of the rule is over', async () => {
  const stopped = asked({}, [others]);
  await vi.advanceTimersByTimeAsync(100_000);
  expect(stopped.failure).toMatchObject({ code: 'FILE_HASH_MISMATCH', details: { path: 'a', table: 't' } });
  const skipped = asked({ missing: 'skip' }, [others]);
  await vi.advanceTimersByTimeAsync(100_000);
  expect([skipped.staged, skipped.missing?.path]).toEqual([null, 'a']);
});

it('counts a row that goes without its file because no rule is about it any more', async () => {
  without.length = 0;
  const file = asked(null, [{ kind: 'missing' }]);
  await vi.advanceTimersByTimeAsync(500);
  expect([file.staged, without]).toEqual([null, ['superseded']]);
});

import type { FilesService, StageAnswer } from '@lutra/files';
import { SyncError } from '@lutra/model';
import type { FileRule, PipelineUid } from '@lutra/model';
import { afterEach, expect, it, vi } from 'vitest';
import { Staging } from './staging.js';
import type { Wanted } from './wanted.js';

const without: string[] = [];

afterEach(() => void vi.useRealTimers());

/** What is answered, one ask after the other; the last one for good. An error: of the request. */
function asked(rule: Partial<FileRule> | null, answers: readonly (Omit<StageAnswer, 'id'> | SyncError)[]): Wanted {
  return staging(rule, answers).file;
}

function staging(rule: Partial<FileRule> | null, answers: readonly (Omit<StageAnswer, 'id'> | SyncError)[]) {
  vi.useFakeTimers();
  const whole = { root: 'pics', path: '{v}', hash: 'sha', missing: 'stop', waitSeconds: 60, ...rule } as FileRule;
  let next = 0;
  const stage: FilesService['stage'] = async function* ({ files }) {
    for (const { id } of files) {
      const answer = answers[Math.min(next++, answers.length - 1)];
      if (answer instanceof SyncError) throw answer;
      yield { ...answer, id } as StageAnswer;
    }
  };
  const room = new Staging({
    files: { stage },
    pipeline: 'p' as PipelineUid,
    sourceRegion: 'ca',
    signal: new AbortController().signal,
    ruleNow: () => rule && whole,
    onWithout: (_, why) => without.push(why),
  });
  const table = { database: 'shop', name: 't' };
  const file = room.want({
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
  return { room, file };
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

it('keeps a row whose rule is in force no more: the run ends, and it is named by the rules of then', async () => {
  without.length = 0;
  const { room, file } = staging(null, [{ kind: 'missing' }]);
  await vi.advanceTimersByTimeAsync(5_000);
  expect([file.staged, without]).toEqual([undefined, []]);
  expect([room.hasWaitedBy(() => true, 2_000), room.hasWaitedBy(() => false, 2_000), room.hasWaitedBy(() => true, 60_000)]).toEqual([
    true,
    false,
    false,
  ]);
});

const away = new SyncError('FILES_UNAVAILABLE', 'no files app of region ca is connected');
const sourceAway = { kind: 'refused', code: 'FILES_UNAVAILABLE', message: 'region ca does not answer', details: {} } as const;

it.each([
  ['of the own region', away],
  ['of the source', sourceAway],
] as const)('waits for a files app %s for as long as it is away, and says so', async (_, trouble) => {
  const { room, file } = staging({}, [...Array.from({ length: 20 }, () => trouble), staged]);
  await vi.advanceTimersByTimeAsync(120_000);
  room.throwIfEnded();
  expect([file.staged, file.failure]).toEqual([undefined, null]);
  expect(room.activity?.trouble).toMatchObject({ code: 'FILES_UNAVAILABLE', message: trouble.message });
  expect(Date.now() - (room.activity?.trouble?.since ?? Date.now())).toBeGreaterThan(110_000);
  await vi.advanceTimersByTimeAsync(600_000);
  expect(file.staged).toMatchObject({ sha256: '11' });
  expect(room.activity).toBeUndefined();
});

it('takes a root that nobody has for one whose files app begins anew, until the time of the rule is over', async () => {
  const unknown = { kind: 'refused', code: 'FILE_ROOT_UNKNOWN', message: 'no files app has it', details: {} } as const;
  const { file } = staging({}, [unknown]);
  await vi.advanceTimersByTimeAsync(50_000);
  expect(file.failure).toBe(null);
  await vi.advanceTimersByTimeAsync(50_000);
  expect(file.failure).toMatchObject({ code: 'FILE_ROOT_UNKNOWN' });
});

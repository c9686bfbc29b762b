/** Placings of one pipeline: one at a time, each with a number of its own, until it is committed or taken back. */
import type { PlaceRequest } from '@lutra/files';
import { SyncError } from '@lutra/model';
import type { FileRule, PipelineUid } from '@lutra/model';
import { expect, it, vi } from 'vitest';
import type { Placing, TransactionFiles } from './commit-files.js';
import { memoryStage } from './memory-stage.fixture.js';
import type { MemoryStage } from './memory-stage.fixture.js';

const rule = { root: 'pics', path: '{v}', immutable: true, deletes: 'keep', missing: 'stop', waitSeconds: 0 } as FileRule;
const table = {
  database: 'shop',
  name: 't',
  columns: [
    { name: 'id', type: 'int' },
    { name: 'v', type: 'varchar', charset: 'latin1', length: 100 },
  ] as never,
  primaryKey: ['id'],
};

async function stagedIn(stage: MemoryStage, ...paths: readonly string[]): Promise<TransactionFiles> {
  for (const path of paths) stage.service.source.set(`pics/${path}`, `bytes of ${path}`);
  const comes = paths.flatMap((v, id) => stage.files.filesOf(table, { before: null, after: { id, v } })?.comes ?? []);
  const files = { comes, leaves: [] };
  await stage.files.ready([{ files }]);
  return files;
}

async function placed(placing: ReturnType<MemoryStage['files']['place']>): Promise<Placing> {
  const answer = await placing;
  if (!answer || answer === 'again') throw new Error('nothing is placed');
  return answer;
}

const open = (): MemoryStage => memoryStage(rule, { pipeline: 'p' as PipelineUid, epoch: 1 });

it('what is not staged any more is asked for anew; nothing of it is placed, and it is placed under another number', async () => {
  const stage = open();
  const files = await stagedIn(stage, 'a', 'b');
  const place = stage.service.place.bind(stage.service);
  const lost = vi.spyOn(stage.service, 'place').mockImplementationOnce(async () => ({ placed: [], notStaged: ['b'] }));
  expect(await stage.files.place(files)).toBe('again');
  expect(files.comes.map(({ staged }) => staged !== undefined)).toEqual([true, false]);
  lost.mockImplementation((request: PlaceRequest) => place(request));
  expect(await stage.files.ready([{ files }])).toBe(1);
  expect(await stage.files.place(files)).toMatchObject({ n: 2 });
  expect(stage.service.open('p')).toEqual([2]);
});

it('a placing of which nobody knows whether it counts lets nothing be placed behind it', async () => {
  const stage = open();
  const [first, second] = [await stagedIn(stage, 'a'), await stagedIn(stage, 'b')];
  await stage.files.place(first);
  await expect(stage.files.place(second)).rejects.toMatchObject({ code: 'TARGET_UNAVAILABLE' });
  expect(stage.service.open('p')).toEqual([1]);
});

it('what cannot be taken back stays open; what can is as before', async () => {
  const stage = open();
  stage.service.write({ root: 'pics', path: 'a' }, 'before');
  const files = await stagedIn(stage, 'a');
  const placing = await stage.files.place(files);
  if (!placing || placing === 'again') throw new Error('nothing is placed');
  stage.service.fail('unplace', 'before', new SyncError('FENCED', 'another loader has taken over'));
  await expect(stage.files.takeBack(placing)).rejects.toMatchObject({ code: 'FENCED' });
  expect(stage.service.open('p')).toEqual([1]);
  await stage.files.takeBack(placing);
  expect(stage.service.bytesAt({ root: 'pics', path: 'a' })).toBe('before');
  expect(await stage.files.place(files)).toMatchObject({ n: 2 });
});

it('a place whose answer is lost is asked for once more, under its number', async () => {
  const stage = open();
  const files = await stagedIn(stage, 'a');
  stage.service.fail('place', 'after', new SyncError('FILES_UNAVAILABLE', 'lost'));
  expect(await stage.files.place(files)).toMatchObject({ n: 1 });
  expect(stage.service.log.filter((step) => step.startsWith('place'))).toEqual(['place 1 pics/a', 'place 1 pics/a']);
  expect(stage.service.open('p')).toEqual([1]);
});

it('a files app that is away holds the run up, and the status says so; it goes on when the app is there again', async () => {
  const stage = open();
  const files = await stagedIn(stage, 'a');
  for (let times = 0; times < 2; times += 1) stage.service.fail('place');
  const placing = stage.files.place(files);
  await vi.waitFor(() => expect(stage.commit.trouble).toMatchObject({ code: 'FILES_UNAVAILABLE' }));
  expect(await placing).toMatchObject({ n: 1 });
  expect(stage.commit.trouble).toBeUndefined();
  stage.service.fail('unplace');
  await stage.files.takeBack(await placed(placing));
  expect(stage.service.bytesAt({ root: 'pics', path: 'a' })).toBeUndefined();
});

it('where rows are locked it is waited for shortly; what may have happened is taken back when nothing is held', async () => {
  vi.useFakeTimers({ toFake: ['Date', 'setTimeout', 'clearTimeout'] });
  try {
    const stage = open();
    const files = await stagedIn(stage, 'a');
    stage.service.fail('place', 'after', new SyncError('FILES_UNAVAILABLE', 'lost'));
    const placing = stage.files.place(files, { isLocked: true });
    await vi.advanceTimersByTimeAsync(0);
    for (let times = 0; times < 20; times += 1) stage.service.fail('place');
    await vi.advanceTimersByTimeAsync(10_000);
    expect(await placing).toBe('again');
    expect(await stage.files.place(files, { isLocked: true })).toBe('again');
    expect(stage.service.open('p')).toEqual([1]);
    stage.service.heal('place');
    stage.service.fail('unplace');
    const ready = stage.files.ready([{ files }]);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await ready).toBe(1);
    expect(stage.service.open('p')).toEqual([]);
    expect(await stage.files.place(files, { isLocked: true })).toMatchObject({ n: 2 });
  } finally {
    vi.useRealTimers();
  }
});

it('a run that ends waits for no files app', async () => {
  const stage = open();
  const files = await stagedIn(stage, 'a');
  for (let times = 0; times < 20; times += 1) {
    stage.service.fail('place');
    stage.service.fail('unplace');
  }
  const placing = stage.files.place(files);
  await vi.waitFor(() => expect(stage.commit.trouble).toBeDefined());
  stage.over.abort(new SyncError('ABORTED', 'the run ends'));
  await expect(placing).rejects.toMatchObject({ code: 'ABORTED' });
});

it('settles what is committed when it ends', async () => {
  const stage = open();
  const placing = await stage.files.place(await stagedIn(stage, 'a'));
  if (!placing || placing === 'again') throw new Error('nothing is placed');
  stage.files.committed(placing);
  expect(stage.service.open('p')).toEqual([1]);
  await stage.commit.close();
  expect(stage.service.open('p')).toEqual([]);
});

it('names the table whose rule lacks its column: the others of the route go on', () => {
  const { files } = memoryStage({ ...rule, path: '{nothing}' }, { pipeline: 'p' as PipelineUid, epoch: 1 });
  const refused = { table: { database: 'shop', name: 't', code: 'FILE_PATH_INVALID' } };
  const thrown = ((): unknown => {
    try {
      return files.filesOf(table, { before: null, after: { id: 1, v: 'a' } });
    } catch (error) {
      return error;
    }
  })();
  expect(thrown).toMatchObject({ code: 'FILE_PATH_INVALID', refused });
});

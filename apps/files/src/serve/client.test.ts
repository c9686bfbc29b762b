/** The loader's side of the wire, against the server's. Behind it are the files of tests. */
import type { FilesInstance, FilesService, StageAnswer, StageProgress, StageRequest, WantedFile } from '@lutra/files';
import { SyncError } from '@lutra/model';
import type { FileRule, PipelineUid } from '@lutra/model';
import { afterEach, expect, it, vi } from 'vitest';
import { MemoryFiles } from '../../../../libs/files/src/memory-files.fixture.js';
import { Serving } from './serving.fixture.js';

const pipeline = 'abcdefghjkmn' as PipelineUid;
const of = { pipeline, root: 'pics', epoch: 3 };
const row = { endpoint: 'orders', database: 'shop', table: 'items', key: { id: '1' }, rule: { root: 'pics', path: '{image}' } as FileRule };
const wanted = (count: number, root = 'pics'): readonly WantedFile[] =>
  Array.from({ length: count }, (_, id) => ({ id, root, path: `${id}`, hash: null, row }));

const servings: Serving[] = [];
afterEach(async () => {
  for (const serving of servings.splice(0)) await serving.close();
});

type Room = FilesService & { close(): Promise<void> };

async function started(files: Partial<Room>): Promise<Serving> {
  const room = { close: async () => undefined, ...files } as Room;
  const serving = await Serving.start({ rooms: { fetch: room, place: { ...room, hold: async () => undefined } } });
  servings.push(serving);
  return serving;
}

/** Methods of a class are not copied by a spread. */
function roomOf(files: MemoryFiles): Partial<Room> {
  return {
    stage: (...asked) => files.stage(...asked),
    place: (request) => files.place(request),
    unplace: (request) => files.unplace(request),
    settle: (request) => files.settle(request),
    fence: (request) => files.fence(request),
    delete: (request) => files.delete(request),
    compare: (request) => files.compare(request),
  };
}

async function all(client: FilesService, request: StageRequest, signal = new AbortController().signal) {
  const answers: (StageAnswer | StageProgress)[] = [];
  for await (const answer of client.stage(request, signal)) answers.push(answer);
  return answers;
}

it('carries each request and its answer, and errors by their code', async () => {
  const files = new MemoryFiles();
  for (let i = 0; i < 500; i += 1) files.source.set(`pics/${i}`, `bytes of ${i}`);
  const client = (await started(roomOf(files))).client();
  const answers = await all(client, { pipeline, sourceRegion: 'ca', files: wanted(501) });
  expect(answers.filter(({ kind }) => kind === 'staged')).toHaveLength(500);
  expect(answers.at(-1)).toEqual({ kind: 'missing', id: 500 });

  const file = { root: 'pics', path: '7', sha256: MemoryFiles.sha256('bytes of 7'), size: 10, mtimeNs: '0' };
  const { placed } = await client.place({ ...of, n: 1, files: [file] });
  expect(placed).toMatchObject([{ path: '7', sha256: file.sha256 }]);
  expect(await client.fence({ ...of, epoch: 4 })).toEqual({ open: [1] });
  const refused = client.settle({ ...of, n: 1 });
  await expect(refused).rejects.toMatchObject({ code: 'FENCED', message: expect.stringContaining('epoch 3 is below 4') });
  await client.unplace({ ...of, epoch: 4, n: 1 });
  expect(await client.delete({ ...of, epoch: 4, path: '7', placed: placed[0]!, way: 'trash', mark: null })).toEqual({ outcome: 'gone' });
  expect(await client.compare({ sourceRegion: 'ca', root: 'pics', files: [{ path: '1', hash: null }] })).toEqual({
    differs: ['missing-here'],
  });
  await expect(client.place({ ...of, epoch: 4, n: -1, files: [] })).rejects.toMatchObject({ code: 'FILES_REFUSED' });
});

it('an error in the middle of a stage is that error; what was answered is not asked again', async () => {
  const asked: (readonly number[])[] = [];
  const serving = await started({
    async *stage({ files }) {
      asked.push(files.map(({ id }) => id));
      yield { kind: 'missing', id: files[0]!.id };
      if (asked.length === 1) throw new SyncError('FILES_UNAVAILABLE', 'aria2 does not answer');
      for (const { id } of files.slice(1)) yield { kind: 'missing', id };
    },
  });
  const request = { pipeline, sourceRegion: 'ca', files: wanted(3) };
  expect(await all(serving.client(), request)).toHaveLength(3);
  expect(asked).toEqual([
    [0, 1, 2],
    [1, 2],
  ]);
  const full = await started({
    // oxlint-disable-next-line require-yield -- it fails before it has anything to tell
    async *stage() {
      throw new SyncError('FILES_DISK_FULL', 'no space', { details: { root: 'pics' } });
    },
  });
  await expect(all(full.client(), request)).rejects.toMatchObject({ code: 'FILES_DISK_FULL', details: { root: 'pics' } });
});

it('a stage that nobody waits for any more ends at the server', async () => {
  const ended = vi.fn();
  const serving = await started({
    async *stage(_, signal) {
      try {
        for (let id = 0; ; id += 1) {
          yield { kind: 'progress', id, phase: 'sending', size: 1, done: 0, bytesPerSecond: 0 };
          await new Promise((resolve) => setImmediate(resolve));
          if (signal.aborted) throw signal.reason;
        }
      } finally {
        ended();
      }
    },
  });
  const request = { pipeline, sourceRegion: 'ca', files: wanted(1) };
  for await (const _ of serving.client().stage(request, new AbortController().signal)) break;
  await vi.waitFor(() => expect(ended).toHaveBeenCalledTimes(1));
  const given = new AbortController();
  const stopped = (async () => {
    for await (const _ of serving.client().stage(request, given.signal)) given.abort();
  })();
  await expect(stopped).rejects.toMatchObject({ code: 'ABORTED' });
  await vi.waitFor(() => expect(ended).toHaveBeenCalledTimes(2));
});

it('a slow reader slows the server down', async () => {
  let told = 0;
  const serving = await started({
    async *stage() {
      for (; told < 1_000_000; told += 1)
        yield { kind: 'refused', id: told, code: 'FILE_TOO_BIG', message: 'x'.repeat(1_000), details: {} };
    },
  });
  for await (const _ of serving.client().stage({ pipeline, sourceRegion: 'ca', files: wanted(1) }, new AbortController().signal)) {
    await new Promise((resolve) => setTimeout(resolve, 300));
    break;
  }
  expect(told).toBeLessThan(100_000);
});

it('goes to whoever holds the root by now, and says that nobody does', async () => {
  const files = new MemoryFiles();
  const dead: FilesInstance = { region: 'ca', url: 'https://127.0.0.1:1', roots: ['pics'], places: ['pics'] };
  const living = await started(roomOf(files));
  let asked = 0;
  const client = living.client(async () => ((asked += 1) === 1 ? [dead, { ...living.instance, places: [] }] : [living.instance]));
  expect(await client.fence(of)).toEqual({ open: [] });
  const nobody = living.client(async () => [{ ...living.instance, places: [] }]);
  await expect(nobody.fence(of)).rejects.toMatchObject({
    code: 'FILES_UNAVAILABLE',
    message: expect.stringContaining('none holds its lease'),
  });
  await expect(living.client(async () => []).fence(of)).rejects.toMatchObject({ code: 'FILES_UNAVAILABLE' });
  const other = living.client(async () => [{ ...living.instance, roots: ['docs'] }]);
  await expect(other.fence(of)).rejects.toMatchObject({ code: 'FILE_ROOT_UNKNOWN' });
});

import { SyncError } from '@lutra/model';
import type { PipelineUid } from '@lutra/model';
import { expect, it } from 'vitest';
import { MemoryFiles } from '../../../../libs/files/src/memory-files.fixture.js';
import { takeOverRemoved } from './removed-pipelines.js';
import type { RemovedPipelinesOptions } from './removed-pipelines.js';

const gone = 'gone' as PipelineUid;
const at = (path: string) => ({ root: 'pics', path });
const own = { pipeline: gone, root: 'pics' };

/** A loader of `gone` was killed with a and b placed, and committed a. */
async function left(): Promise<MemoryFiles> {
  const files = new MemoryFiles();
  for (const [n, path] of ['a', 'b'].entries()) {
    files.source.set(`pics/${path}`, `bytes of ${path}`);
    const row = { endpoint: 'x', database: 'shop', table: 't', key: {}, rule: {} as never };
    const request = { pipeline: gone, sourceRegion: 'a', files: [{ id: 0, ...at(path), hash: null, row }] };
    for await (const _ of files.stage(request, new AbortController().signal)) void _;
    const sha256 = MemoryFiles.sha256(`bytes of ${path}`);
    await files.place({ ...own, epoch: 3, n: n + 1, files: [{ ...at(path), sha256, size: 10, mtimeNs: '0' }] });
  }
  return files;
}

function options(files: MemoryFiles, more: Partial<RemovedPipelinesOptions> & { readonly fails?: SyncError } = {}) {
  const inherited: string[] = [];
  const of: RemovedPipelinesOptions = {
    files,
    store: {
      othersPlacing: async () => [gone],
      takeOver: async () => (more.fails ? Promise.reject(more.fails) : ({ checkpoint: { epoch: 4 }, created: false } as never)),
      readPlacing: async () => new Map([['pics', 1]]),
      inheritLeaving: async (_, { from, to }) => void inherited.push(`${from} ${to}`),
    },
    target: {} as never,
    endpoint: 'b',
    pipeline: 'next' as PipelineUid,
    readUid: async () => ({ target: 'b', removedAt: 1 }),
    ...more,
  };
  return { of, inherited };
}

it('takes back what a removed pipeline has not committed, settles the rest, and works off what is to go', async () => {
  const files = await left();
  const { of, inherited } = options(files);
  expect(await takeOverRemoved(of, 'pics')).toEqual([gone]);
  expect(files.open('gone')).toEqual([]);
  expect([files.bytesAt(at('a')), files.bytesAt(at('b')), inherited]).toEqual(['bytes of a', undefined, ['gone next']]);
  await expect(files.place({ ...own, epoch: 3, n: 9, files: [] })).rejects.toMatchObject({ code: 'FENCED' });
});

it.each([
  ['lives', { readUid: async () => ({ target: 'b' }) }],
  ['was of another target', { readUid: async () => ({ target: 'c', removedAt: 1 }) }],
  ['nobody knows', { readUid: async () => null }],
  ['has lost its row', { fails: new SyncError('CHECKPOINT_MISSING', 'gone') }],
])('leaves one alone that %s', async (_, more) => {
  const files = await left();
  const { of, inherited } = options(files, more);
  expect([await takeOverRemoved(of, 'pics'), files.open('gone'), inherited]).toEqual([[], [1, 2], []]);
});

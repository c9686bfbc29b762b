import { FilePaths } from '@lutra/files';
import type { CompareAnswer } from '@lutra/files';
import { fileRuleSchema } from '@lutra/model';
import type { FileRule, Row, TableSchema } from '@lutra/model';
import { beforeEach, expect, it } from 'vitest';
import { MemoryPair } from '../memory-pair.fixture.js';
import { compareFiles } from './compare-files.js';
import type { ComparedFiles, FilesVerification } from './compare-files.js';

const table = {
  database: 'shop',
  name: 't',
  columns: [
    { name: 'id', type: 'int' },
    { name: 'v', type: 'varchar', charset: 'utf8mb4', length: 100 },
  ],
  primaryKey: ['id'],
} as unknown as TableSchema;

let pair: MemoryPair;
/** Of both sides: path → bytes. */
let [there, here]: [Map<string, string>, Map<string, string>] = [new Map(), new Map()];
/** Calls. */
let asked: number[] = [];
beforeEach(() => {
  pair = new MemoryPair();
  [there, here] = [new Map(), new Map()];
  asked = [];
});

function row(id: number, path: string): void {
  for (const side of [pair.source, pair.target]) side.set(id, path);
}

function rows(count: number): void {
  for (let id = 1; id <= count; id++) {
    row(id, `${id}.jpg`);
    for (const tree of [there, here]) tree.set(`${id}.jpg`, 'x');
  }
}

function difference(path: string): CompareAnswer['differs'][number] {
  const [one, other] = [there.get(path), here.get(path)];
  if (one === other) return one === undefined ? 'missing' : null;
  if (other === undefined) return 'missing-here';
  return one === undefined ? 'missing-there' : 'different';
}

function compare(more: Partial<FilesVerification> = {}, rule: Partial<FileRule> = { immutable: true }): Promise<ComparedFiles> {
  return compareFiles({
    paths: [new FilePaths(fileRuleSchema.parse({ root: 'pics', path: '{v}', ...rule }), table)],
    naming: pair,
    pair,
    compare: async (_, files) => {
      asked.push(files.length);
      return files.map(({ path }) => difference(path));
    },
    crossed: async () => null,
    between: async () => undefined,
    chunkRows: 3,
    ...more,
  });
}

const found = ({ found: files }: ComparedFiles): readonly string[] => files.map(({ path, outcome }) => `${path} ${outcome}`);

it('each file that a row names is compared once, and those that differ are named with their rows', async () => {
  rows(7);
  here.delete('2.jpg');
  there.delete('4.jpg');
  here.set('6.jpg', 'y');
  for (const tree of [there, here]) tree.delete('7.jpg');
  const result = await compare();
  expect(found(result)).toEqual(['2.jpg file-not-here', '4.jpg file-not-there', '6.jpg file-different', '7.jpg file-missing']);
  expect(result.found[0]).toMatchObject({ key: { id: 2 }, root: 'pics' });
  expect(result.counts).toEqual({ named: 7, missingHere: 1, missingThere: 1, missing: 1, different: 1, unsettled: 0 });
  expect(asked).toEqual([3, 3, 1, 4]);
});

it('what had only not arrived yet is no difference', async () => {
  rows(2);
  here.delete('1.jpg');
  const crossed = async (): Promise<null> => {
    here.set('1.jpg', 'x');
    return null;
  };
  expect(await compare({ crossed })).toMatchObject({ found: [], notes: [], counts: { named: 2, missingHere: 0, unsettled: 0 } });
});

it('a row that is on one side only, or that names another file by now, has none to compare', async () => {
  row(1, 'a.jpg');
  pair.source.delete(1);
  row(2, 'b.jpg');
  pair.source.set(2, 'c.jpg');
  expect(found(await compare())).toEqual([]);
});

it('a row that is deleted, and its file after it, between the two looks, is none', async () => {
  rows(1);
  here.delete('1.jpg');
  let looks = 0;
  const compared: FilesVerification['compare'] = async (_, files) => {
    if ((looks += 1) === 2) pair.source.delete(1);
    return files.map(({ path }) => difference(path));
  };
  expect(found(await compare({ compare: compared }))).toEqual([]);
});

it('a path that is written over is reported only where its whole row stays as it is, on both sides', async () => {
  rows(2);
  here.set('1.jpg', 'old');
  here.set('2.jpg', 'old');
  // The touched row of 2.jpg has not come.
  const touching: FilesVerification['pair'] = {
    rowsOf: async (side, keys) =>
      (await pair.rowsOf(side, keys)).map((some) => some.map((one): Row => ({ ...one, n: side === 'source' && one['id'] === 2 ? 1 : 0 }))),
    same: async (one, other) => one['n'] === other['n'],
  };
  const result = await compare({ pair: touching }, {});
  expect(found(result)).toEqual(['1.jpg file-different']);
  expect(result).toMatchObject({ counts: { unsettled: 1 }, notes: ['1 files changed while they were compared'] });
});

it('where nothing arrives, files that differ are not known', async () => {
  rows(1);
  here.delete('1.jpg');
  const result = await compare({ crossed: async () => 'pipeline c.p is paused' });
  expect(result).toMatchObject({ found: [], counts: { unsettled: 1 }, notes: ['1 files differ, and pipeline c.p is paused'] });
});

it('a row that the rule cannot be followed for is told of, and the others are compared', async () => {
  rows(2);
  row(3, '../x');
  const result = await compare();
  expect(result.counts).toMatchObject({ named: 2, unsettled: 1 });
  expect(result.notes).toEqual([expect.stringMatching(/^FILE_PATH_INVALID: shop.t, row .*3/)]);
});

it('many that differ end the walk, which says so', async () => {
  rows(10);
  here.clear();
  const result = await compare({ maxFound: 3 });
  expect(result).toMatchObject({
    counts: { named: 3, missingHere: 3, unsettled: 1 },
    notes: ['3 files differed, and those of the rows behind were not compared'],
  });
});

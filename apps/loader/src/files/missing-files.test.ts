import type { FilesService, StageAnswer } from '@lutra/files';
import type { FileRule, PipelineUid } from '@lutra/model';
import type { MissingFileRow } from '@lutra/mysql';
import { expect, it, vi } from 'vitest';
import { MissingFiles } from './missing-files.js';

const rule = { root: 'pics', path: '{v}', deletes: 'keep', missing: 'skip', waitSeconds: 0 } as FileRule;
const at = (path: string) => ({ root: 'pics', path });
const entry = (path: string, id: string): MissingFileRow & { readonly id: string } => ({
  ...at(path),
  id,
  sha256: null,
  table: { database: 'shop', name: 't' },
  key: '{"id":"1"}',
});

/** The files app answers when it is told to; `superseded` by the path of a rule. */
function looking(paths: readonly string[], rules: readonly FileRule[] = [rule], superseded: readonly string[] = []) {
  const ended = new AbortController();
  const by: string[] = [];
  const [read, answered] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const stage: FilesService['stage'] = async function* ({ files }) {
    await answered.promise;
    for (const { id, row } of files) {
      by.push(row.rule.path);
      if (superseded.includes(row.rule.path)) yield { kind: 'superseded', id };
      else yield { kind: 'staged', id, way: 'sent', sha256: 'old', size: 1, mtimeNs: '1' } satisfies StageAnswer;
    }
  };
  const missing = new MissingFiles({
    files: { stage },
    store: {
      readMissing: async () => {
        const entries = paths.map((path, i) => entry(path, String(i + 1)));
        await read.promise;
        return entries;
      },
    },
    target: {} as never,
    pipeline: 'p' as PipelineUid,
    sourceRegion: 'ca',
    endpoint: 'orders',
    signal: ended.signal,
    rulesOf: () => rules,
    warn: () => undefined,
    onFound: () => undefined,
  });
  const run = missing.run();
  return { missing, by, read: read.resolve, answer: answered.resolve, end: async () => (ended.abort(), await run) };
}

it('places no bytes that were asked for before a row brought newer ones, or left the path', async () => {
  const { missing, read, answer, end } = looking(['read', 'asked', 'found', 'late']);
  missing.passed([at('read')]);
  read();
  await new Promise((resolve) => setImmediate(resolve));
  missing.passed([at('asked')]);
  answer();
  await vi.waitFor(() => expect(missing.hasFound).toBe(true));
  missing.passed([at('found')]);
  expect(missing.take().map(({ path }) => path)).toEqual(['late']);
  expect(missing.some).toBe(true);
  await end();
});

it('knows that there are entries as long as it has not seen that there are none', async () => {
  const { missing, read, end } = looking([]);
  expect(missing.some).toBe(true);
  read();
  await vi.waitFor(() => expect(missing.some).toBe(false));
  missing.noted();
  expect(missing.some).toBe(true);
  await end();
});

it('knows of entries that somebody else wrote when there were none, so that they go with their files', async () => {
  vi.useFakeTimers();
  const paths: string[] = [];
  const { missing, read, answer, end } = looking(paths);
  read();
  answer();
  await vi.waitFor(() => expect(missing.some).toBe(false));
  paths.push('repaired');
  await vi.waitFor(() => expect([missing.some, missing.hasFound]).toEqual([true, true]), { timeout: 10_000 });
  vi.useRealTimers();
  await end();
});

it('asks by the rule that can name the path, one after the other where several can', async () => {
  const of = (path: string): FileRule => ({ ...rule, path });
  const rules = [of('thumbs/{t}'), of('{a}'), of('{b}'), of('large/{l}')];
  const { missing, by, read, answer, end } = looking(['x'], rules, ['{a}']);
  read();
  answer();
  await vi.waitFor(() => expect(missing.hasFound).toBe(true));
  expect(by).toEqual(['{a}', '{b}']);
  expect(missing.take()).toMatchObject([{ path: 'x', staged: { sha256: 'old' } }]);
  await end();
});

it('lets an entry go that no rule can name, or whose row names it by none', async () => {
  const rules = ['a/{v}', '{w}'].map((path) => ({ ...rule, path }));
  const { missing, by, read, answer, end } = looking(['x'], rules, ['{w}']);
  read();
  answer();
  await vi.waitFor(() => expect(missing.hasFound).toBe(true));
  expect(by).toEqual(['{w}']);
  expect(missing.take()).toMatchObject([{ path: 'x', staged: null }]);
  await end();
});

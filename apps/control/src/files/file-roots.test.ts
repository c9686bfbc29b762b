import { fileRuleSchema } from '@lutra/model';
import type { ChannelInput } from '@lutra/model';
import type { Worker, WorkerFiles } from '@lutra/registry';
import { expect, it } from 'vitest';
import { rootProblems, sharedRootProblems } from './file-roots.js';

const endpoints = [
  { name: 'a', region: 'here' },
  { name: 'b', region: 'there' },
];
const channel = {
  pipelines: [{ source: 'a', target: 'b', routes: [{ files: [fileRuleSchema.parse({ root: 'pics', path: '{image}' })] }, {}] }],
} as unknown as ChannelInput;

function problems(...apps: readonly (readonly [region: string, files: Partial<WorkerFiles> | undefined])[]): readonly string[] {
  const workers = apps.map(
    ([region, files]) => ({ region, files: files && { url: '', roots: [], places: [], ...files } }) as unknown as Worker,
  );
  return rootProblems(channel, { endpoints, workers }).map(({ id, what }) => `${id}: ${what}`);
}

const placed = { roots: ['pics'], places: ['pics'] };

it('both regions have the root, and one app places it at the target', () => {
  expect(problems(['here', { roots: ['pics'] }], ['there', { roots: ['pics'] }], ['there', placed])).toEqual([]);
  expect(problems(['here', { roots: ['pics'] }], ['there', { roots: ['pics'] }])).toEqual([
    'file-root-not-placed: root pics of region there is served, and no files app places files in it',
  ]);
});

it('a region without it is named', () => {
  expect(problems(['here', undefined], ['there', placed])).toEqual([
    'file-root-unknown: region here has no files app that lives, and file rules name root pics',
  ]);
  expect(problems(['here', { roots: ['docs', 'x'] }], ['there', placed])).toEqual([
    'file-root-unknown: no files app of region here has root pics: they have docs, x',
  ]);
});

it('where files go, no other database of the region has rows that name files of the root', () => {
  const all = [...endpoints, { name: 'c', region: 'elsewhere' }, { name: 'd', region: 'there' }];
  const way = (name: string, [source, target]: readonly [string, string], deletes: string, root = 'pics'): ChannelInput => {
    const files = [fileRuleSchema.parse({ root, path: '{image}', deletes })];
    return { name, pipelines: [{ source, target, routes: [{ files }] }] } as unknown as ChannelInput;
  };
  const told = (...channels: readonly ChannelInput[]): readonly string[] =>
    sharedRootProblems({ name: 'x' }, { endpoints: all, all: channels }).map(
      ({ id, what }) => `${id} ${/of rows of (\w+)/.exec(what)?.[1]}`,
    );
  expect(told(way('x', ['a', 'b'], 'trash'))).toEqual([]);
  expect(told(way('x', ['a', 'b'], 'trash'), way('y', ['a', 'd'], 'keep'))).toEqual(['file-root-shared b']);
  expect(told(way('x', ['a', 'b'], 'trash'), way('y', ['d', 'c'], 'keep'))).toEqual(['file-root-shared b']);
  expect(told(way('x', ['a', 'd'], 'keep'), way('y', ['a', 'b'], 'remove'))).toEqual(['file-root-shared b']);
  expect(told(way('x', ['a', 'b'], 'keep'), way('y', ['a', 'd'], 'keep'))).toEqual([]);
  expect(told(way('x', ['a', 'b'], 'trash'), way('y', ['a', 'd'], 'keep', 'docs'))).toEqual([]);
  expect(told(way('y', ['a', 'b'], 'trash'), way('z', ['a', 'd'], 'keep'))).toEqual([]);
});

import { fileRuleSchema } from '@lutra/model';
import type { ChannelInput } from '@lutra/model';
import type { Worker, WorkerFiles } from '@lutra/registry';
import { expect, it } from 'vitest';
import { rootProblems } from './file-roots.js';

const endpoints = [
  { name: 'a', region: 'here' },
  { name: 'b', region: 'there' },
];
const channel = {
  pipelines: [{ source: 'a', target: 'b', routes: [{ files: [fileRuleSchema.parse({ root: 'pics', path: '{image}' })] }, {}] }],
} as unknown as ChannelInput;

type Apps = readonly (readonly [region: string, files: Partial<WorkerFiles> | undefined])[];

function problems(...apps: Apps): readonly string[] {
  return found(channel, apps).map(({ id, what }) => `${id}: ${what}`);
}

function found(given: ChannelInput, apps: Apps): ReturnType<typeof rootProblems> {
  const workers = apps.map(
    ([region, files]) => ({ region, files: files && { url: '', roots: [], places: [], ...files } }) as unknown as Worker,
  );
  return rootProblems(given, { endpoints, workers });
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

it('a root that folds names is refused where files go both ways, and a warning where they are only placed', () => {
  const [there] = channel.pipelines;
  const both = { pipelines: [there, { ...there, source: 'b', target: 'a' }] } as unknown as ChannelInput;
  const folding = { ...placed, folds: ['pics'] };
  const told = (given: ChannelInput, apps: Apps): readonly string[] => found(given, apps).map(({ severity, id }) => `${severity} ${id}`);
  expect(
    told(both, [
      ['here', placed],
      ['there', folding],
    ]),
  ).toEqual(['error file-root-folds']);
  expect(
    told(channel, [
      ['here', placed],
      ['there', folding],
    ]),
  ).toEqual(['warning file-root-folds']);
  expect(
    told(channel, [
      ['here', folding],
      ['there', { ...placed, folds: ['docs'] }],
    ]),
  ).toEqual([]);
});

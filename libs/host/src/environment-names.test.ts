import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { lutraVariables, unknownVariables, unknownWork } from './environment-names.js';

const root = new URL('../../../', import.meta.url);

it('every variable that an app reads or a page names is known', async () => {
  const files = ['docs/02-setup.md', 'docker/compose.yaml', 'docker/configure.mjs', 'docker/.env.example', 'libs/registry/src/secret.ts'];
  const readers = [
    'apps/control/src/environment.ts',
    'libs/host/src/worker/worker-environment.ts',
    'apps/files/src/environment.ts',
    ...['capture', 'loader'].map((app) => `apps/${app}/src/main.ts`),
  ];
  const read = await Promise.all([...files, ...readers].map((file) => readFile(new URL(file, root), 'utf8')));
  const used = new Set(
    read
      .join('\n')
      .match(/\bLUTRA_[A-Z0-9_]+\b/g)
      // References to secrets have names of their own; LUTRA_TOKEN is of the command line.
      ?.filter((name) => !/^LUTRA_(SECRET_(?!KEY)|TOKEN$)/.test(name)),
  );
  expect([...used].filter((name) => !lutraVariables.includes(name))).toEqual([]);
  expect(lutraVariables.filter((name) => !used.has(name))).toEqual([]);
});

it('a variable of Lutra that nobody reads is told by its name', () => {
  const secrets = { LUTRA_SECRETKEY: 'hush', LUTRA_SECRET_DB: 'hush' };
  expect(unknownVariables({ LUTRA_REGOIN: 'hz', LUTRA_REGION: 'hz', PATH: '/bin', ...secrets })).toEqual([
    'LUTRA_REGOIN',
    'LUTRA_SECRETKEY',
  ]);
});

it('a region, an endpoint or a pipeline that is not there is told, with those that are', () => {
  const there = { regions: ['hz', 'ca'], works: ['orders.to-hz'] };
  const only = { variable: 'LUTRA_PIPELINES', names: ['orders.to-hz', 'orders.hz'] };
  expect(unknownWork({ region: 'hz', only: null }, there)).toBeNull();
  expect(unknownWork({ region: 'hs', only: null }, there)).toMatch(/LUTRA_REGION is hs, .*there are: ca, hz/);
  expect(unknownWork({ region: 'hz', only }, there)).toBe(
    'LUTRA_PIPELINES names orders.hz, which does not exist (there are: orders.to-hz)',
  );
  expect(unknownWork({ region: 'hs', only: null }, { regions: [], works: [] })).toBeNull(); // nothing is configured yet
});

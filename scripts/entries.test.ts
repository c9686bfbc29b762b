/** What somebody starts by hand: under an old Node it says which one is needed, and a command of the docs shows what the API answers. */
import { spawnSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (file: string): string => readFileSync(`${root}${file}`, 'utf8');

describe('an entry under Node 20', () => {
  /** `process.versions.node` is what it goes by: as an old one has it. */
  const pretends = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.20.2' } })`;
  const started = (file: string): string => {
    const { status, stderr } = spawnSync(process.execPath, ['--import', `data:text/javascript,${encodeURIComponent(pretends)}`, file], {
      cwd: root,
      encoding: 'utf8',
    });
    return `${status} ${stderr}`;
  };
  const message = /^1 Node 24\.6 or newer is needed; this is 20\.20\.2 \(.*npm ci brings one/;

  it('of the build says which Node is needed', () => expect(started('scripts/build.mjs')).toMatch(message));
  it('of an app does, as its first import', () => {
    for (const app of ['capture', 'control', 'loader'])
      expect(/^import .*$/m.exec(read(`apps/${app}/src/main.ts`))?.[0]).toBe("import '@lutra/node';");
    expect(started('libs/node/src/index.ts')).toMatch(message);
  });

  it('imports nothing from Node by a name that Node 20 lacks before it has asked', () => {
    for (const file of globSync('{scripts,docker}/*.mjs', { cwd: root }))
      expect({ file, names: /import \{[^}]*\b(glob|globSync)\b/.test(read(file)) }).toEqual({ file, names: false });
  });
});

it('no curl of the docs swallows what the API answers', () => {
  const files = ['README.md', ...globSync('docs/**/*.md', { cwd: root }), ...globSync('docker/**/*.sh', { cwd: root })];
  const swallows = files.flatMap((file) =>
    read(file)
      .split('\n')
      .filter((line) => /curl\b(?:.*\s)?(?:-[a-zA-Z]*f[a-zA-Z]*|--fail)(?=\s)/.test(line))
      .map((line) => `${file}: ${line}`),
  );
  expect(swallows).toEqual([]);
});

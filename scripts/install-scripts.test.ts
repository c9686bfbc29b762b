import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const read = (file: string): string => readFileSync(new URL(`../${file}`, import.meta.url), 'utf8');

it('no package runs code at install time unasked, and those that would are known', () => {
  expect(read('.npmrc')).toMatch(/^ignore-scripts=true$/m);
  expect(read('scripts/packages.mjs')).toContain("['ci', '--ignore-scripts',");
  expect(read('docker/Dockerfile')).toMatch(/RUN npm ci --ignore-scripts\n[^]*npm prune --omit=dev --ignore-scripts\n/);
  const lock = JSON.parse(read('package-lock.json')) as { packages: Record<string, { hasInstallScript?: boolean }> };
  const scripted = Object.entries(lock.packages).flatMap(([path, entry]) => (entry.hasInstallScript === true ? [path] : []));
  // esbuild: replaces its launcher by the binary, a faster start. node: fetches its binary, run by scripts/packages.mjs. fsevents: macOS.
  expect(scripted.filter((path) => !/\/(esbuild|node|fsevents)$/.test(path))).toEqual([]);
});

/** Files between whole files apps of two regions: names, links, a line that is long or cut. What changes while it travels: fetch/. */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { until, useZooKeeper } from '../../../libs/registry/src/testing/harness.js';
import { sha256 } from './fetch/fetch.fixture.js';
import { pipeline, treeOf, TwoRegions } from './two-regions.fixture.js';

const zooKeeper = useZooKeeper();
let two: TwoRegions;
beforeEach(async () => {
  two = await TwoRegions.start(zooKeeper);
  const fence = { pipeline, epoch: 1, root: 'pics' };
  await until(async () => expect(await two.client.fence(fence)).toEqual({ open: [] }));
});
afterEach(() => two?.close());

/** Left of what travelled. */
const left = (): readonly string[] => treeOf(two.folders.target).own.filter((path) => /^\.lutra\/(stage|undo)\//.test(path));

it('a name is carried as it is: twins by case or form, 255 bytes, what is dear to aria2 and to shells', async () => {
  const names = [
    'case/A.jpg',
    'case/a.jpg',
    'CASE/a.jpg',
    'form/\u00fc'.normalize('NFC'),
    'form/\u00fc'.normalize('NFD'),
    `long/${'x'.repeat(255)}`,
    `long/${'\u753b'.repeat(85)}`,
    `deep/${'d/'.repeat(40)}end`,
    'film.torrent',
    'film.metalink',
    'film.meta4',
    'film.aria2',
    'film.part',
    '-o',
    '--out=x',
    '%2e%2e%2fx',
    'a?b#c&d',
    'back\\slash',
    ' ',
    '...',
    'it\'s "so"',
    '$(touch x);`id`|*',
  ];
  const large = randomBytes(9_000_000);
  for (const [index, name] of names.entries()) two.write(name, `bytes of ${index}`);
  for (const name of ['large.torrent', 'large.metalink', 'large.aria2']) two.write(name, Buffer.concat([Buffer.from(name), large]));
  const all = [...names, 'large.torrent', 'large.metalink', 'large.aria2'];
  await two.carry(all);
  expect(treeOf(two.folders.target).files).toEqual(treeOf(two.folders.source).files);
  expect(treeOf(two.folders.target).files.size).toBe(all.length);
  await expect.poll(left).toEqual([]);
});

it('no name leads out of a root, at neither side', async () => {
  const { source, target } = two.folders;
  symlinkSync('/etc', join(source, 'etc'));
  symlinkSync('/etc/hostname', join(source, 'link'));
  symlinkSync('/proc/self', join(source, 'self'));
  execFileSync('mkfifo', [join(source, 'fifo')]);
  mkdirSync(join(source, 'folder'));
  const names = [
    'etc/hostname',
    'link',
    'self/environ',
    'fifo',
    'folder',
    '../x',
    '/etc/hostname',
    'a/../../x',
    'a//b',
    './a',
    'a\0b',
    'a\nb',
  ];
  const hostile = [...names, '.lutra/stage/x', 'x'.repeat(256), `${'d/'.repeat(2048)}x`, ''];
  for (const path of hostile) {
    const answer = await two.stage([path]).then(
      ([one]) => (one?.kind === 'refused' ? one.code : one?.kind),
      (error: { readonly code?: string }) => error.code,
    );
    expect(answer, JSON.stringify(path)).toBe('FILE_PATH_INVALID');
  }

  // What the target's own tree leads to is no place either.
  const outside = mkdtempSync(join(tmpdir(), 'lutra-outside-'));
  symlinkSync(outside, join(target, 'out'));
  const place = async (): Promise<unknown> =>
    two.client.place({
      pipeline,
      epoch: 1,
      root: 'pics',
      n: 1,
      files: [{ root: 'pics', path: 'out/x', sha256: sha256('real'), size: 4, mtimeNs: '0' }],
    });
  two.write('real', 'real');
  await two.stage(['real']);
  await expect(place()).rejects.toMatchObject({ code: 'FILE_PATH_INVALID' });
  expect(readdirSync(outside)).toEqual([]);
  rmSync(outside, { recursive: true });
  expect([...treeOf(target).files.keys()]).toEqual([]);
});

it('a line of 200 ms carries small and large ones, and is cut and healed meanwhile', async () => {
  two.network.disturb({ kind: 'slow', delayMs: 100, who: () => true });
  const names = Array.from({ length: 400 }, (_, index) => `small/${index % 20}/${index}`);
  for (const [index, name] of names.entries()) two.write(name, randomBytes(index * 100));
  two.write('large', randomBytes(24_000_000));
  let cuts = 0;
  await two.carry([...names, 'large'], (line) => {
    if (line.kind !== 'progress' || line.done === 0 || cuts > 0) return;
    cuts += 1;
    const heal = two.network.disturb({ kind: 'cut', who: () => true });
    setTimeout(heal, 3_000);
  });
  expect(cuts).toBe(1);
  expect(treeOf(two.folders.target).files).toEqual(treeOf(two.folders.source).files);
  await expect.poll(left).toEqual([]);
});

it('a file that changes between being staged and being placed is placed as it was staged', async () => {
  two.write('film', 'first');
  const [answer] = await two.stage(['film']);
  two.write('film', 'other');
  if (answer?.kind !== 'staged') throw new Error(`it is ${answer?.kind}`);
  const { sha256: hash, size, mtimeNs } = answer;
  const files = [{ root: 'pics', path: 'film', sha256: hash, size, mtimeNs }];
  const { placed } = await two.client.place({ pipeline, epoch: 1, root: 'pics', n: 1, files });
  expect(placed).toMatchObject([{ path: 'film', sha256: sha256('first') }]);
  // The row of the other bytes comes next.
  await two.client.settle({ pipeline, epoch: 1, root: 'pics', n: 1 });
  writeFileSync(join(two.folders.target, 'by-the-way'), 'of an application');
  const [next] = await two.stage(['film']);
  expect(next).toMatchObject({ kind: 'staged', way: 'sent', sha256: sha256('other') });
});

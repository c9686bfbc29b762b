/** Paths that lead elsewhere, and staged bytes that are not what they were. */
import { existsSync, linkSync, lstatSync, mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import * as fs from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Disk } from './disk.js';
import { call, file, request, sha256, TestRoot, useRoot } from './placing.fixture.js';
import type { RootPlaces } from './root-places.js';

let root: TestRoot;
let places: RootPlaces;

const place = useRoot(
  (made) => void ({ root, places } = made),
  () => ({ root, places }),
);

test('no path leads out of the root, into .lutra, or over a link or a folder', async () => {
  const outside = new TestRoot();
  outside.write('secret', 'secret');
  symlinkSync(outside.path, join(root.path, 'out'));
  symlinkSync(join(outside.path, 'secret'), join(root.path, 'link'));
  mkdirSync(join(root.path, 'folder'));
  root.write('plain', 'plain');
  const paths = ['../x', '/etc/x', 'x/../../y', '.lutra/stage/x', 'out/x', 'link', 'folder', 'plain/x', 'a//b', 'n'.repeat(256), 'nul\0'];
  for (const path of paths) await expect(place(1, { [path]: 'bytes' }), path).rejects.toMatchObject({ code: 'FILE_PATH_INVALID' });
  await expect(place(1, { x: 'file', 'x/y': 'in it' })).rejects.toMatchObject({ code: 'FILE_PATH_INVALID' });
  expect(root.files()).toEqual({ link: 'secret', 'out/secret': 'secret', plain: 'plain' });
  expect(readFileSync(join(outside.path, 'secret'), 'utf8')).toBe('secret');
  expect(existsSync(join(outside.path, 'x'))).toBe(false);
  expect(await places.fence(call(0))).toEqual({ open: [] });
  outside.remove();
});

test('staged bytes that go while they are placed are not staged, and nothing is placed', async () => {
  const goes = (when: string): Disk =>
    new Proxy<Disk>(fs, {
      get:
        (target, name: keyof Disk) =>
        async (...args: unknown[]) => {
          const isIt = when === 'opened' ? name === 'open' : name === 'rename';
          if (isIt && String(args[0]).endsWith(`/${sha256('1')}`)) rmSync(join(root.path, '.lutra/stage', sha256('1')));
          return (await Reflect.apply(target[name], target, args)) as unknown;
        },
    });
  for (const when of ['opened', 'moved']) {
    await places.close();
    places = await root.open({ disk: goes(when) });
    expect(await place(1, { one: '1', 'x/two': '2' }), when).toEqual({ placed: [], notStaged: ['one'] });
    expect([root.files(), root.folders()]).toEqual([{}, []]);
    expect(await places.fence(call(0))).toEqual({ open: [] });
  }
  await places.close();
  places = await root.open();
});

test('a hash is no path', async () => {
  const bad = { ...file('one', '1'), sha256: '../../../etc/passwd' };
  await expect(places.place(request({ n: 1, files: [bad] }))).rejects.toMatchObject({ code: 'FILE_PATH_INVALID' });
});

test('staged bytes that a link names are not taken', async () => {
  root.stage('1');
  linkSync(join(root.path, '.lutra/stage', sha256('1')), join(root.path, 'elsewhere'));
  expect(await places.place(request({ n: 1, files: [file('one', '1')] }))).toMatchObject({ notStaged: ['one'] });
});

test('our own folder is ours alone', () => {
  for (const name of ['.lutra', '.lutra/undo', '.lutra/trash', '.lutra/fence']) {
    expect(lstatSync(join(root.path, name)).mode & 0o077 & (name === '.lutra' ? 0 : 0o777), name).toBe(0);
  }
});

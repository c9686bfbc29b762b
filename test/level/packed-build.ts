/**
 * A built product in a file: what test/fixtures keeps of the first build at a level, so that later ones are tried beside it. A shallow
 * clone has the file; it does not have the commit. Packages are installed anew where the lockfile has changed since.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cp, mkdtemp, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { cached } from '../servers/cache.js';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));
/** The first build at level 1; scripts/fixture.ts makes it. */
export const firstBuildFile = join(root, 'test/fixtures/first-level.tgz');
const mostBytes = 2_000_000;
const installMs = 300_000;

/** dist/ as it is, with what it reads at run time. The same build gives the same file. @returns its bytes */
export async function packBuild(file: string): Promise<number> {
  const same = ['--sort=name', '--mtime=2000-01-01', '--owner=0', '--group=0', '--numeric-owner', '--exclude=*.map', '--exclude=.inputs'];
  const parts = ['dist', 'schemas', 'package.json', 'package-lock.json', 'scripts/no-scarf'];
  await run('tar', [...same, '-C', root, '-I', 'gzip -n9', '-cf', file, ...parts]);
  const { size } = await stat(file);
  if (size > mostBytes) throw new Error(`${file} has ${size} bytes; a fixture may have ${mostBytes}`);
  return size;
}

/** A folder that apps can run from. Whoever asks for it removes it. */
export async function unpackBuild(file: string): Promise<string> {
  const folder = await newFolder();
  await run('tar', ['-C', folder, '-xzf', file]);
  await symlink(await packagesFor(folder), join(folder, 'node_modules'));
  return folder;
}

/** A copy of dist/ that may be changed. */
export async function copyBuild(): Promise<string> {
  const folder = await newFolder();
  for (const part of ['dist', 'schemas', 'package.json']) await cp(join(root, part), join(folder, part), { recursive: true });
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
  return folder;
}

function newFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'lutra-build-'));
}

async function packagesFor(folder: string): Promise<string> {
  const [its, ours] = await Promise.all([folder, root].map((of) => readFile(join(of, 'package-lock.json'))));
  if (its?.equals(ours ?? Buffer.alloc(0))) return join(root, 'node_modules');
  const key = createHash('sha256')
    .update(its ?? '')
    .digest('hex')
    .slice(0, 16);
  const entry = await cached(`packages-${key}`, async (draft) => {
    for (const part of ['package.json', 'package-lock.json', 'scripts/no-scarf'])
      await cp(join(folder, part), join(draft, part), { recursive: true });
    await writeFile(join(draft, '.npmrc'), 'ignore-scripts=true\n');
    await run('npm', ['ci', '--omit=dev', '--no-audit', '--no-fund'], { cwd: draft, timeout: installMs });
  });
  return join(entry, 'node_modules');
}

/**
 * Debian packages without installing them: a private apt (own lists, own archives, no dpkg database, no root) that looks at
 * one suite of whatever Debian mirror this machine already uses. Never touches the system's apt state.
 */
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { machineSources } from './apt-sources.js';
import { MissingToolError, run } from './command.js';

/** Newest first: sid has the servers that a stable Debian lacks; what bookworm has does not change any more. */
export type Suite = 'sid' | 'bookworm';

export interface UnpackOptions {
  readonly suite?: Suite;
  /** Down to libc. */
  readonly withDependencies: boolean;
}

/** Unpacks packages under `root`. Returns the names of the .deb files. */
export async function unpackPackages(
  packages: readonly string[],
  root: string,
  { suite = 'sid', withDependencies }: UnpackOptions,
): Promise<string[]> {
  const work = join(root, '.apt');
  await mkdir(join(work, 'lists/partial'), { recursive: true });
  await mkdir(join(work, 'archives/partial'), { recursive: true });
  await writeFile(join(work, 'status'), ''); // nothing is installed, so every dependency is fetched
  const options = aptOptions(work);
  await update(work, options, suite);
  const fetch = withDependencies ? ['install', '-y', '--download-only', ...packages] : ['download', ...packages];
  await run('apt-get', [...options, ...fetch], { cwd: join(work, 'archives') });
  const debs = (await readdir(join(work, 'archives'))).filter((name) => name.endsWith('.deb'));
  for (const deb of debs) await run('dpkg-deb', ['-x', join(work, 'archives', deb), root]);
  await rm(work, { recursive: true, force: true });
  return debs;
}

function aptOptions(work: string): string[] {
  const settings = [
    `Dir::Etc::sourcelist=${join(work, 'sources.list')}`,
    'Dir::Etc::sourceparts=/dev/null',
    `Dir::State::Lists=${join(work, 'lists')}`,
    `Dir::State::status=${join(work, 'status')}`,
    `Dir::State::extended_states=${join(work, 'extended_states')}`,
    `Dir::Cache=${work}`,
    `Dir::Cache::archives=${join(work, 'archives')}`,
    'APT::Install-Recommends=false',
    'APT::Sandbox::User=root', // the _apt user may not write into a home folder
    'Debug::NoLocking=true', // no dpkg database is touched; our own lock is held
    'Acquire::Languages=none',
    'Acquire::Retries=3',
    'Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false',
  ];
  return settings.flatMap((setting) => ['-o', setting]);
}

/** A machine may list third-party repositories too: the first one that has the suite is Debian. */
async function update(work: string, options: readonly string[], suite: Suite): Promise<void> {
  const sources = await machineSources();
  const failures: unknown[] = [];
  for (const { uri, signedBy } of sources) {
    const signed = signedBy === undefined ? '' : `[signed-by=${signedBy}] `;
    await writeFile(join(work, 'sources.list'), `deb ${signed}${uri} ${suite} main\n`);
    try {
      await run('apt-get', [...options, '-o', 'APT::Update::Error-Mode=any', 'update']);
      return;
    } catch (error) {
      if (error instanceof MissingToolError) throw error;
      failures.push(error);
    }
  }
  const uris = sources.map(({ uri }) => uri.replace(/\/\/[^/@]*@/, '//')).join(' ') || 'none';
  throw new AggregateError(failures, `no apt source of this machine (${uris}) serves Debian's suite ${suite}:\n${failures.join('\n')}`);
}

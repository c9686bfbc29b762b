/**
 * Artifacts from Maven's repository, with the user's own `mvn` and settings (mirrors, proxies, credentials are theirs).
 * Versions are exact, the dependency plugin's too.
 */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder } from './cache.js';
import { run } from './command.js';
import { withLock } from './lock.js';

export interface Artifact {
  readonly group: string;
  readonly id: string;
  readonly version: string;
  /** Without what it depends on. */
  readonly alone?: true;
}

const plugin = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1';

/** Copies the jars of the artifacts and of what they depend on at run time. */
export async function copyJars(artifacts: readonly Artifact[], folder: string): Promise<void> {
  await maven(artifacts, folder, ['copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${folder}`]);
}

/** Options for `java` that keep its files (unpacked native libraries, counters) in the server's folder instead of in /tmp. */
export function tidy(folder: string): string[] {
  return [`-Djava.io.tmpdir=${folder}`, '-XX:-UsePerfData'];
}

/** Unpacks the files of one artifact that match an Ant pattern. No `unzip` or JDK needed: Maven does it. */
export async function unpackJar(artifact: Artifact, includes: string, folder: string): Promise<void> {
  await maven([artifact], folder, [
    'unpack-dependencies',
    '-DexcludeTransitive=true',
    `-Dmdep.unpack.includes=${includes}`,
    `-DoutputDirectory=${folder}`,
  ]);
}

async function maven(artifacts: readonly Artifact[], folder: string, goal: readonly string[]): Promise<void> {
  const work = join(folder, '.maven');
  await mkdir(work, { recursive: true });
  await writeFile(join(work, 'pom.xml'), pom(artifacts));
  const [name, ...flags] = goal;
  const args = ['-q', '-B', '-f', join(work, 'pom.xml'), `${plugin}:${name}`, ...flags];
  // Maven's local repository is not safe for two writers.
  await withLock(join(cacheFolder(), 'maven.lock'), () => run('mvn', args, { cwd: work }));
  await rm(work, { recursive: true, force: true });
}

const noOthers = '<exclusions><exclusion><groupId>*</groupId><artifactId>*</artifactId></exclusion></exclusions>';

function pom(artifacts: readonly Artifact[]): string {
  const dependencies = artifacts.map(
    ({ group, id, version, alone }) =>
      `<dependency><groupId>${group}</groupId><artifactId>${id}</artifactId><version>${version}</version>${alone ? noOthers : ''}</dependency>`,
  );
  return `<project><modelVersion>4.0.0</modelVersion>
<groupId>lutra</groupId><artifactId>servers</artifactId><version>1</version><packaging>pom</packaging>
<dependencies>${dependencies.join('\n')}</dependencies></project>\n`;
}

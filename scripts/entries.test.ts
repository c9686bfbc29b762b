/** What somebody starts by hand: under an old Node it says which one is needed, and a command of the docs shows what the API answers. */
import { spawnSync } from 'node:child_process';
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';

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

  it('of the tests does, not `Map.groupBy is not a function`', () => {
    expect(/^import .*$/m.exec(read('vitest.config.ts'))?.[0]).toBe("import './scripts/require-node.mjs';");
    expect(started('scripts/require-node.mjs')).toMatch(message);
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

describe('the drill of the containers', () => {
  /** A folder with these programs, and nothing else, for a PATH. */
  function programs(found: readonly string[], made: Readonly<Record<string, string>> = {}): string {
    const folder = mkdtempSync(join(tmpdir(), 'lutra-path-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    for (const name of found) symlinkSync(spawnSync('which', [name], { encoding: 'utf8' }).stdout.trim(), join(folder, name));
    for (const [name, text] of Object.entries(made)) writeFileSync(join(folder, name), `#!/bin/bash\n${text}\n`, { mode: 0o755 });
    return folder;
  }

  it('names all tools that are missing at once', () => {
    const path = programs(['bash', 'dirname', 'id']);
    const { status, stderr } = spawnSync('bash', ['docker/test/up.sh'], { cwd: root, encoding: 'utf8', env: { PATH: path } });
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: expect.stringMatching(
        /^✗ missing: docker; node; npm; mmdebstrap; a Docker engine that answers \(or dockerd, to start one\); /,
      ),
    });
  });

  it("gives its stand-in the project's Node, whatever the machine's own is", () => {
    const cache = programs([]);
    for (const server of ['mysql-9.7', 'kafka-4.3.0', 'zookeeper-3.9.4']) mkdirSync(join(cache, 'lutra', server), { recursive: true });
    // `docker build … FOLDER` says which Node it got.
    const docker = 'case "$*" in *"-node "*) "${*: -1}/node" --version >&2 ;; esac';
    const tools = ['bash', 'dirname', 'mktemp', 'rm', 'cat', 'mkdir', 'cp', 'readlink', 'npm'];
    const path = programs(tools, { docker, mmdebstrap: 'exit 0', node: 'echo v20.20.2' });
    const env = { PATH: path, XDG_CACHE_HOME: cache };
    const { stderr } = spawnSync('bash', ['docker/test/stand-ins/build.sh', 'p', process.execPath], { cwd: root, encoding: 'utf8', env });
    expect(stderr.split('\n')).toContain(process.version);
  });
});

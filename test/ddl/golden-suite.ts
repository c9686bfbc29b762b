/** Golden files as tests: each kind of schema change, one way, between servers of one version. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keptStack, leaveStack } from '../accidents/kept-stack.js';
import type { Side } from '../harness/index.js';
import { mysqlServer, type MysqlServer } from '../servers/index.js';
import { expectedLines, type GoldenFile, type GoldenServer, parseGolden, writeGolden } from './golden-file.js';
import { GoldenStage } from './golden-stage.js';

/** The source is the stack's; the target is of the same version, so that definitions are printed alike. */
const versions = {
  mysql97: { version: '9.7', from: 'a' },
  mysql80: { version: '8.0', from: 'b' },
} as const satisfies Partial<Record<GoldenServer, { readonly version: '9.7' | '8.0'; readonly from: Side }>>;

export interface GoldenSuite {
  readonly server: keyof typeof versions;
  /** By name. */
  readonly plays: (file: string) => boolean;
}

const bless = process.env['LUTRA_BLESS'] === '1';
const folder = new URL('golden/', import.meta.url);
const fileOf = (name: string): URL => new URL(`${name}.sql`, folder);

/** `LUTRA_BLESS=1` plays all, and writes into the files what came of them; read what it wrote. */
export function playGolden(suites: readonly GoldenSuite[]): void {
  const names = readdirSync(folder).map((file) => file.replace(/\.sql$/, ''));
  const all = names.map((name) => parseGolden(name, readFileSync(fileOf(name), 'utf8')));
  const results = new Map(all.map(({ name }) => [name, new Map<GoldenServer, readonly (readonly string[])[]>()]));

  afterAll(leaveStack);
  afterAll(() => {
    if (!bless) return;
    for (const file of all) writeFileSync(fileOf(file.name), writeGolden(file, results.get(file.name)));
  });

  describe.each(suites)('on $server', ({ server, plays }) => {
    const files = all.filter(({ on, name }) => on.includes(server) && (bless || plays(name)));
    playOn(server, files, ({ name }, lines) => void results.get(name)?.set(server, lines));
  });
}

type Came = (file: GoldenFile, lines: readonly (readonly string[])[]) => void;

function playOn(server: keyof typeof versions, files: readonly GoldenFile[], came: Came): void {
  let target: MysqlServer | undefined;
  let stage: GoldenStage | undefined;
  beforeAll(async () => {
    const { version, from } = versions[server];
    const stack = await keptStack();
    target = mysqlServer({ version, serverId: 77, name: `golden-${version}` });
    await target.start();
    stage = await GoldenStage.open(stack, { from, target, files });
  }, 240_000);
  afterAll(async () => {
    await stage?.close();
    await target?.stop();
  });

  it.each(files)('$name', async (file) => {
    const { lines, wrong } = await stage!.play(file);
    came(file, lines);
    expect(wrong).toEqual([]);
    if (!bless) expect(lines).toEqual(file.steps.map((step) => expectedLines(step, server)));
  });

  it('each statement ran once', async () => {
    expect(await stage!.notOnce()).toEqual([]);
  });
}

/**
 * This build as the next one might be: it knows one level more, and at that level writes a record that may be passed by, a field of a
 * document and a column. Made from dist/ by edits, so that the product has no code for it; an edit that no longer fits fails by name.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { knownLevels } from '@lutra/model';
import { copyBuild } from './packed-build.js';

export const nextLevel = knownLevels.max + 1;
export const nextKind = 'test-note';
/** Of `regions`, `none` by default. */
export const nextField = 'testNote';
export const nextColumn = 'test_note';
export const nextColumnStatement = `ALTER TABLE lutra.checkpoint ADD COLUMN ${nextColumn} VARCHAR(20) NULL`;

interface Edit {
  readonly file: string;
  /** Stands there exactly once. */
  readonly find: string;
  readonly put: string;
}

/** As a real build asks its ClusterLevel; the edits have no other way through. */
const atNext = `globalThis.lutraTestLevel >= ${nextLevel}`;
const after = (file: string, find: string, more: string): Edit => ({ file, find, put: find + more });
const before = (file: string, find: string, more: string): Edit => ({ file, find, put: more + find });

const edits: readonly Edit[] = [
  { file: 'libs/model/src/levels.js', find: `max: ${knownLevels.max} }`, put: `max: ${nextLevel} }` },
  after('libs/host/src/level/cluster-level.js', 'this.#seen = level;', ' globalThis.lutraTestLevel = this.current;'),
  // A record that may be passed by, behind each heartbeat.
  { file: 'libs/model/src/record.js', find: 'skippableKinds = [', put: `skippableKinds = ['${nextKind}'` },
  { file: 'libs/model/src/record.js', find: "recordKinds = ['row',", put: `recordKinds = ['row', '${nextKind}',` },
  before('libs/avro/src/control.js', '    watermark: { endpoint,', `    '${nextKind}': { endpoint, ts_ms: tsMs },\n`),
  before(
    'libs/avro/src/control.js',
    '    watermark: () => (',
    `    '${nextKind}': () => ({ kind: '${nextKind}', endpoint: '', tsMs: 0 }),\n`,
  ),
  after(
    'apps/capture/src/stream/read.js',
    "await this.#writer.control({ kind: 'heartbeat', endpoint: this.#endpoint, ...heartbeat, tsMs: Date.now() });",
    ` if (${atNext}) await this.#writer.control({ kind: '${nextKind}', endpoint: this.#endpoint, tsMs: Date.now() });`,
  ),
  // A field of a document, with a default.
  after('libs/model/src/config.js', 'const regionBase = {', `\n    ${nextField}: since(${nextLevel}, z.string().default('none')),`),
  // A column.
  {
    file: 'libs/marker/src/checkpoint.js',
    find: 'new Set(checkpointColumns)',
    put: `new Set([...checkpointColumns, '${nextColumn}'])`,
  },
  after(
    'libs/marker/src/statement.js',
    "(seq < ${integer('seq', seq)} OR next_offset < ${integer('next_offset', nextOffset)}), ${epoch}, NULL)`,",
    ` ...(${atNext} ? ["${nextColumn} = 'used'"] : []),`,
  ),
];

/** A folder that apps can run from. Whoever asks for it removes it. */
export async function makeNextBuild(): Promise<string> {
  const folder = await copyBuild();
  for (const { file, find, put } of edits) {
    const path = join(folder, 'dist', file);
    const parts = (await readFile(path, 'utf8')).split(find);
    if (parts.length !== 2)
      throw new Error(`test/level/next-build.ts: ${JSON.stringify(find)} stands ${parts.length - 1} times in ${file}`);
    await writeFile(path, parts.join(put));
  }
  const watermark = JSON.parse(await readFile(join(folder, 'schemas/watermark.avsc'), 'utf8')) as { fields: { name: string }[] };
  const fields = watermark.fields.filter(({ name }) => name === 'endpoint' || name === 'ts_ms');
  await writeFile(join(folder, `schemas/${nextKind}.avsc`), JSON.stringify({ ...watermark, name: 'TestNote', doc: 'A test.', fields }));
  return folder;
}

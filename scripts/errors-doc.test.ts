/** docs/errors.md is what the table of error codes says, and every code in the table is seen to be raised by some test. */
import { readFileSync } from 'node:fs';
import { glob } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { errorTable } from '@lutra/model';
import type { ErrorCode } from '@lutra/model';
import { errorsDocument, errorsFile } from './errors-doc.js';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Codes that no test expects. Each needs a reason. */
const untested: Partial<Record<ErrorCode, string>> = {};

it('docs/errors.md is up to date: npx tsx scripts/errors-doc.ts', () => {
  expect(readFileSync(errorsFile, 'utf8')).toBe(errorsDocument());
});

it('does not say that an error needs a retry where work goes on by itself', () => {
  const entryOf = (code: ErrorCode): string => errorsDocument().split(`### ${code}\n`)[1]?.split('\n### ')[0] ?? '';
  expect(entryOf('CONFIG_REGRESSED')).toContain('as soon as ZooKeeper has another revision');
  expect(entryOf('LEVEL_TOO_OLD')).toContain('as soon as the level is one that it knows');
  expect(entryOf('CONFIG_REGRESSED') + entryOf('LEVEL_TOO_OLD')).not.toContain('until you retry');
});

it('every code says what happened, what is kept and what to do', () => {
  for (const [code, { cause, kept, help }] of Object.entries(errorTable))
    for (const text of [cause, kept, help]) expect(text, code).toMatch(/^\S.*[.)]$/);
});

/** Without comments. */
async function textsOf(pattern: string): Promise<readonly string[]> {
  const texts: string[] = [];
  for await (const file of glob(pattern, { cwd: root })) {
    const text = readFileSync(`${root}/${file}`, 'utf8');
    if (!file.endsWith('error-table.ts')) texts.push(text.replaceAll(/\/\*[^]*?\*\//g, '').replaceAll(/\/\/ .*$/gm, ''));
  }
  return texts;
}

it('every code is expected by a test: what a test makes itself does not count', async () => {
  const tests = (await textsOf('{apps,libs,test}/**/*.{test,fixture}.ts')).map((text) => text.replaceAll(/new SyncError\(\s*'\w+'/g, ''));
  const unseen = (Object.keys(errorTable) as ErrorCode[]).filter((code) => !tests.some((text) => text.includes(`'${code}'`)));
  expect(unseen).toEqual(Object.keys(untested));
});

it('every code is raised by the product', async () => {
  const product = (await textsOf('{apps,libs}/*/src/**/!(*.test|*.fixture).ts')).join('\n');
  expect((Object.keys(errorTable) as ErrorCode[]).filter((code) => !product.includes(`'${code}'`))).toEqual([]);
});

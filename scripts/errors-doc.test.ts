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

it('every code says what happened, what is kept and what to do', () => {
  for (const [code, { cause, kept, help }] of Object.entries(errorTable))
    for (const text of [cause, kept, help]) expect(text, code).toMatch(/^\S.*[.)]$/);
});

it('every code is expected by a test', async () => {
  const texts: string[] = [];
  for await (const file of glob('{apps,libs,test}/**/*.{test,fixture}.ts', { cwd: root }))
    texts.push(readFileSync(`${root}/${file}`, 'utf8'));
  const unseen = (Object.keys(errorTable) as ErrorCode[]).filter((code) => !texts.some((text) => text.includes(`'${code}'`)));
  expect(unseen).toEqual(Object.keys(untested));
});

import { expect, it } from 'vitest';
import { toRunAgain } from './run-again.mjs';

const at = (...files: readonly string[]) => files.map((file) => ({ file }));

it.each<[string, { file: string }[], number, string[]]>([
  ['nothing failed', [], 0, []],
  ['one did', at('apps/a.integration.test.ts'), 1, ['apps/a.integration.test.ts']],
  ['two of one file', at('apps/a.test.ts', 'apps/a.test.ts'), 2, ['apps/a.test.ts']],
  ['too many', at('a', 'b', 'c', 'd'), 4, []],
  ['an error outside of all files', at('a'), 2, []],
  ['a file that judges data', at('a', 'test/differ/differ.e2e.test.ts'), 2, []],
  ['kills', at('apps/loader/src/ddl/ddl-kills.integration.test.ts'), 1, []],
  ['conflicts', at('apps/loader/src/conflict/x.integration.test.ts'), 1, []],
])('%s', (_, failures, failed, files) => {
  expect(toRunAgain(failures, failed)).toEqual(files);
});

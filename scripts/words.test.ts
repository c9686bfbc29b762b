/**
 * Code speaks the field's language: a word of our own that was given up for one that everybody knows does not come back, neither in a name
 * nor in a comment, a message, a schema or a dashboard. What each file may not say, and what says it.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const self = 'scripts/words.test.ts';

const everywhere: Readonly<Record<string, string>> = {
  remedy: 'resolution',
  remedies: 'resolutions',
  huge: 'large',
  mend: 'fix',
  mends: 'fixes',
  mended: 'fixed',
  unwanted: 'filtered',
  thirds: 'other writers',
  provisional: 'tentative',
  settlement: 'resolution',
  rival: 'concurrent change',
  rivals: 'concurrent changes',
};
/** Words that mean something else elsewhere: Nest's guards, a promise that settles, the members of an ENUM. */
const inLoader: Readonly<Record<string, string>> = {
  ...everywhere,
  guard: 'conflict detector',
  guarded: 'with conflict detection',
  settle: 'resolve',
  settling: 'resolver',
  member: 'buffered transaction',
  passage: 'latency tracker',
};
/** As parts of names, and names of their own. */
const names = /\b(?!(?:is)?[iI]nPlace)(?:[A-Za-z]+Place|place[A-Z]\w*|LogCopy|CopyKeeper|\w*WayOut\w*|rowsUntil|rows_until|lutra_guard)\b/g;

const files = execFileSync('git', ['ls-files', '--', '*.ts', '*.tsx', '*.mjs', '*.avsc', '*.py', 'schemas', 'docker'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => file !== '' && file !== self && !/\.md$|test\/scenarios\/dumps/.test(file));

/** Most files have none of these letters: what is slow is done for the others. */
const hint = /remed|huge|mend|unwanted|thirds|provisional|settl|rival|guard|member|passage/i;

function dialect(file: string, text: string): readonly string[] {
  // Files apps settle placings: libs/files/src/protocol.ts.
  const isLoader = file.startsWith('apps/loader/src/') && !/^apps\/loader\/src\/(?:conflict\/)?files\//.test(file);
  const words = isLoader ? inLoader : everywhere;
  const said = ((hint.test(text) && text.match(/[A-Z]?[a-z]+/g)) || []).map((word) => word.toLowerCase());
  const found = new Set(said.filter((word) => Object.hasOwn(words, word)).map((word) => `${word}: say ${words[word]}`));
  return [...found, ...new Set(text.match(names))].map((what) => `${file}: ${what}`);
}

test('a word that was given up is recognised in a name, and its letters in another word are not', () => {
  expect(dialect('apps/loader/src/a.ts', 'applyRemedies(huge_rows, recommended, #guard)')).toEqual([
    'apps/loader/src/a.ts: remedies: say resolutions',
    'apps/loader/src/a.ts: huge: say large',
    'apps/loader/src/a.ts: guard: say conflict detector',
  ]);
  expect(dialect('apps/control/src/a.ts', 'UseGuards(settle(member))')).toEqual([]);
});

test('no file says one', () => {
  expect(files.length).toBeGreaterThan(500);
  expect(files.flatMap((file) => [...dialect(file, file), ...dialect(file, readFileSync(`${root}/${file}`, 'utf8'))])).toEqual([]);
});

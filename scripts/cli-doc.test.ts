/** docs/cli.md is what the verbs say of themselves, and each says enough. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { loadVerbs } from '../apps/cli/src/commands.js';
import type { Verb } from '../apps/cli/src/verb.js';
import { cliDocument, cliPage } from './cli-doc.js';

it('docs/cli.md is up to date: npx tsx scripts/cli-doc.ts', async () => {
  expect(readFileSync(cliPage, 'utf8')).toBe(await cliDocument());
});

it('each verb does something or has verbs that do, and what one must type as a word of a list is offered', async () => {
  const all = (verb: Verb): readonly Verb[] => [verb, ...(verb.verbs ?? []).flatMap(all)];
  const verbs = (await loadVerbs()).flatMap(all);
  expect(verbs.length).toBeGreaterThan(50);
  expect(verbs.filter(({ run, verbs: own }) => (run === undefined) === (own === undefined)).map(({ name }) => name)).toEqual([]);
  expect(verbs.flatMap(({ options = [] }) => options).filter(({ flags }) => /token|password/i.test(flags) && /[<[]/.test(flags))).toEqual(
    [],
  );
});

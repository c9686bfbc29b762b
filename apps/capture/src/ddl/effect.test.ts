import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { effectOf } from './effect.js';
import { differs, same, unknown, unsaid } from './effect.fixture.js';

function said(sql: string): readonly [effect: string, recipe: string | undefined] {
  const reading = { text: sql, ansiQuotes: false, noBackslashEscapes: false, singleByte: false, flavor: 'mariadb' } as const;
  const [worst] = effectOf([reading]);
  return [worst?.effect ?? 'same', worst?.recipe ?? undefined];
}

describe('what is said of a statement', () => {
  it.each([...same, ...differs, ...unknown, ...unsaid])('$sql: $effect', ({ sql, effect, recipe }) => {
    expect(said(sql)).toEqual([effect, recipe]);
    if (!sql.includes('/*')) expect(said(sql.replaceAll(/(?<=[ (,)])(?=[ (,)])| (?=[A-Z])/g, ' /* x */ '))).toEqual([effect, recipe]);
  });

  it('the worst of its clauses, and of its readings', () => {
    expect(said('ALTER TABLE t ADD a INT, DROP b, ADD c TIMESTAMP NOT NULL DEFAULT NOW()')[0]).toBe('differs');
    expect(said('ALTER IGNORE TABLE t ADD UNIQUE (v)')).toEqual(['differs', 'Remove rows']);
    const readings = [false, true].map((ansiQuotes) => ({
      text: 'ALTER TABLE t ADD a INT DEFAULT "x"',
      ansiQuotes,
      noBackslashEscapes: false,
      singleByte: false,
      flavor: 'mysql' as const,
    }));
    expect(effectOf(readings).map(({ effect }) => effect)).toEqual(['unknown']);
  });

  it('each recipe is a heading of the page that is named', async () => {
    const page = await readFile(new URL('../../../../docs/02-setup.md', import.meta.url), 'utf8');
    for (const { recipe } of [...differs, ...unknown, ...unsaid]) expect(page).toContain(`\n#### ${recipe}\n`);
  });
});

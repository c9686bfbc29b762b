import { describe, expect, it } from 'vitest';
import { column, targetTable } from './changes.fixture.js';
import { compareDefinitions } from './compare-definitions.js';

function found(here: string, there: string, sameVersion: boolean): readonly string[] {
  const table = (expression: string): ReturnType<typeof targetTable> =>
    targetTable([column('id'), column('g', { generated: true, expression })]);
  const of = {
    from: table(here),
    to: table(there),
    sameVersion,
    sameFlavor: true,
    twoWay: false,
    policy: 'stop',
    router: () => null,
  } as const;
  return compareDefinitions(of).map(({ id, severity }) => `${severity} ${id}`);
}

// As the servers print them.
describe('an expression of a generated column', () => {
  it.each([
    ['(`a` + 1)', '`a` + 1'],
    [String.raw`concat(${'`s`'},_utf8mb4\'x\')`, "concat(`s`,'x')"],
    ['cast(`d` as date)', 'cast(`d` as date)'],
  ])('%s is %s on another server', (mysql, mariadb) => {
    expect(found(mysql, mariadb, false)).toEqual([]);
    expect(found(mariadb, mysql, false)).toEqual([]);
  });

  it.each([
    ['(not(`a`))', '(0 = `a`)'],
    ['((`a` + 1) * 2)', '(`a` + 1) * 2'],
    ['(`a` + 1)', '(`a` + 2)'],
  ])('%s and %s: only an operator can tell', (here, there) => {
    expect(found(here, there, false)).toEqual(['warning generated-text']);
    expect(found(here, there, true)).toEqual(['error generated-differs']);
  });
});

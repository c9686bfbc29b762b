import { channelInputSchema, createRouter, pipelineRoutes } from '@lutra/model';
import { array, assert, constantFrom, oneof, property, record, string, tuple } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { exampleTable, findTable, undecided } from './table-set.js';
import type { TablePattern, TableSet } from './table-set.js';
import { flowsOf } from './flow.js';

const at = (text: string): TablePattern => {
  const [schema = '', table = ''] = text.split('.');
  return { schema, table };
};

const find = (inside: readonly string[], outside: readonly string[] = []): string | null => exampleTable(inside.map(at), outside.map(at));

describe('findTable', () => {
  it('names a table that a pattern spells out, and else the patterns: an example need not exist anywhere', () => {
    const told = (...inside: readonly string[]): string | null => findTable(inside.map(at));
    expect(told('shop.orders', '*.*')).toBe('shop.orders');
    expect(told('shop.*', '*.*')).toBe('tables of shop.*');
    expect(told('app_*.t', '*_log.*')).toBe('tables of app_*.t and *_log.*');
    expect(told('*.*', '*.*')).toBe('any table');
    expect(told('shop.*', 'log.*')).toBeNull();
  });

  it('finds a table that two patterns share though their texts do not', () => {
    expect(find(['shop.app_*', 'shop.*_log'])).toBe('shop.app_log');
    expect(find(['shop.a*', 'shop.b*'])).toBeNull();
    expect(find(['s?op.orders', 'sh*.*'])).toBe('shop.orders');
  });

  it('takes away what other patterns match', () => {
    expect(find(['shop.*'], ['shop.*'])).toBeNull();
    expect(find(['shop.*'], ['shop.?*'])).toBeNull();
    expect(find(['shop.*'], ['shop.orders', 'shop.users'])).not.toBeNull();
    expect(find(['shop.orders'], ['*.o*'])).toBeNull();
    expect(find(['*.orders'], ['a*.*', 'b*.*'])).not.toBeNull();
  });

  it('never lets a wildcard reach over the border of schema and table', () => {
    expect(find(['a*.b', 'a.*'])).toBe('a.b');
    expect(find(['*.x'], ['*.?*'])).toBeNull();
  });

  it('knows no table without a name', () => {
    expect(find(['*.*', '*.'])).toBeNull();
  });

  it('says that it does not know instead of working for ever', () => {
    const many = `*a${'?'.repeat(40)}`;
    expect(find([`shop.${many}`], [`shop.*b${'?'.repeat(40)}`, `shop.*c${'?'.repeat(39)}`])).toSatisfy(
      (found) => found === undecided || typeof found === 'string',
    );
  });

  it('agrees with the router on every name of a small world', () => {
    const word = string({ unit: constantFrom('a', 'b', '*', '?'), minLength: 1, maxLength: 4 });
    const pattern = record({ schema: word, table: word });
    const set = record({ schema: word, table: word, unless: array(pattern, { maxLength: 2 }) });
    const names = words(3);
    const world = names.flatMap((database) => names.map((name) => ({ database, name })));
    assert(
      property(array(pattern, { minLength: 1, maxLength: 2 }), array(set, { maxLength: 2 }), (inside, outside) => {
        const replicates = ({ unless = [], ...tables }: TableSet): ((table: (typeof world)[number]) => boolean) => {
          const router = createRouter([{ ...tables, exclude: unless.map((one) => `${one.schema}.${one.table}`) }]);
          return (table) => router(table) !== null;
        };
        const [all, none] = [inside.map(replicates), outside.map(replicates)];
        const exists = world.some((table) => all.every((matches) => matches(table)) && !none.some((matches) => matches(table)));
        const found = exampleTable(inside, outside);
        const [database = '', name = ''] = found?.split('.') ?? [];
        const right = all.every((matches) => matches({ database, name })) && !none.some((matches) => matches({ database, name }));
        // The small world holds no name of four letters, which some patterns need.
        expect(found === null ? !exists : right).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});

it('flows carry what the router takes, by the same route, whatever routes and pipelines exclude', () => {
  const word = string({ unit: constantFrom('a', 'b', '*', '?'), minLength: 1, maxLength: 2 });
  const excluded = oneof(
    word,
    tuple(word, word).map((parts) => parts.join('.')),
  );
  const route = record({ schema: word, table: word, exclude: array(excluded, { maxLength: 2 }) });
  const names = words(2);
  assert(
    property(array(route, { minLength: 1, maxLength: 3 }), array(excluded, { maxLength: 2 }), (routes, exclude) => {
      const pipeline = { name: 'p', source: 'x', target: 'y', routes, exclude, forwards: false };
      const channel = channelInputSchema.parse({ name: 'c', pipelines: [pipeline] });
      const numbered = routes.map((one, index) => ({ ...one, to: { schema: `to${index}` } }));
      const router = createRouter(pipelineRoutes({ routes: numbered, exclude }));
      const [flow] = flowsOf(channel);
      for (const database of names)
        for (const name of names) {
          const one = { schema: database, table: name };
          const by = flow!.replicates.flatMap(({ pattern, except }, index) =>
            findTable([one, pattern], except) === null ? [] : [`to${index}`],
          );
          expect(by).toEqual([router({ database, name })?.database].filter((found) => found !== undefined));
        }
    }),
    { numRuns: 200 },
  );
});

/** Every word of up to `length` letters over a, b, and a letter that no pattern names. */
function words(length: number): readonly string[] {
  let last = [''];
  const all: string[] = [];
  for (let size = 1; size <= length; size++) {
    last = last.flatMap((word) => ['a', 'b', 'c'].map((letter) => word + letter));
    all.push(...last);
  }
  return all;
}

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { conflictPolicies, conflictRuleSchema, needsHome } from '@lutra/model';
import type { ConflictPolicy, ConflictRule, Row, TableSchema, Value } from '@lutra/model';
import { decide, decideUnique } from './policy.js';
import type { Clash } from './policy.js';

const table: TableSchema = {
  database: 'shop',
  name: 'items',
  columns: [
    { name: 'id', type: 'int' },
    { name: 'name', type: 'varchar' },
    { name: 'stock', type: 'bigint' },
    { name: 'best', type: 'int' },
    { name: 'price', type: 'decimal', precision: 10, scale: 2 },
    { name: 'updated_at', type: 'timestamp', scale: 6 },
  ],
  primaryKey: ['id'],
};
const same = (_: string, a: Value, b: Value): boolean => a === b;
const rule = (part: Partial<ConflictRule> & Pick<ConflictRule, 'policy'>): ConflictRule => conflictRuleSchema.parse(part);
const item = (part: Row = {}): Row => ({
  id: 1,
  name: 'otter',
  stock: 10n,
  best: 5,
  price: '1.50',
  updated_at: '2026-01-01 00:00:00.000000',
  ...part,
});
const clash = (part: Partial<Clash>): Clash => ({ before: item(), after: item(), existing: item(), home: 'existing', ...part });

const merging = rule({ policy: 'merge', columns: { stock: 'delta', price: 'delta', best: 'max' } });

describe('home', () => {
  it('keeps the version of the home region, whichever side it is on', () => {
    const [mine, theirs] = [item({ name: 'a' }), item({ name: 'b' })];
    const home = rule({ policy: 'home' });
    expect(decide(home, table, clash({ after: theirs, existing: mine, home: 'existing' }), same)).toEqual({
      row: mine,
      winner: 'existing',
    });
    expect(decide(home, table, clash({ after: theirs, existing: mine, home: 'incoming' }), same)).toEqual({
      row: theirs,
      winner: 'incoming',
    });
    expect(decide(home, table, clash({ after: null, existing: mine, home: 'incoming' }), same).row).toBeNull();
  });
});

describe('latest', () => {
  const latest = rule({ policy: 'latest', version: 'updated_at' });
  const at = (second: string, name: string): Row => item({ updated_at: `2026-01-01 00:00:0${second}`, name });
  it('keeps the greater version, and home’s of two equal ones', () => {
    expect(decide(latest, table, clash({ after: at('2', 'new'), existing: at('1', 'old') }), same).winner).toBe('incoming');
    expect(decide(latest, table, clash({ after: at('1', 'old'), existing: at('2', 'new') }), same).winner).toBe('existing');
    expect(decide(latest, table, clash({ after: at('1', 'x'), existing: at('1', 'y'), home: 'incoming' }), same).winner).toBe('incoming');
  });

  it('lets a change win against a deletion, or the deletion where the rule says so', () => {
    const strict = rule({ policy: 'latest', version: 'updated_at', deletes: 'win' });
    expect(decide(latest, table, clash({ after: null, existing: at('1', 'x') }), same).row).toEqual(at('1', 'x'));
    expect(decide(latest, table, clash({ after: at('1', 'x'), existing: null }), same).row).toEqual(at('1', 'x'));
    expect(decide(strict, table, clash({ after: null, existing: at('9', 'x') }), same).row).toBeNull();
    expect(decide(strict, table, clash({ after: at('9', 'x'), existing: null }), same).row).toBeNull();
  });

  it('inserts a row that was inserted and deleted here meanwhile', () => {
    const strict = rule({ policy: 'latest', version: 'updated_at', deletes: 'win' });
    expect(decide(strict, table, clash({ before: null, after: at('1', 'x'), existing: null }), same).row).toEqual(at('1', 'x'));
  });
});

describe('merge', () => {
  it('takes each column from the side that changed it, and adds up what both counted', () => {
    const after = item({ stock: 12n, price: '2.00', best: 7 });
    const existing = item({ name: 'mink', stock: 7n, price: '1.25', best: 9 });
    const { row, winner } = decide(merging, table, clash({ after, existing }), same);
    expect(row).toEqual(item({ name: 'mink', stock: 9n, price: '1.75', best: 9 }));
    expect(winner).toBe('both');
  });

  it('adds two equal changes of a counter, too', () => {
    expect(decide(merging, table, clash({ after: item({ stock: 11n }), existing: item({ stock: 11n }) }), same).row).toEqual(
      item({ stock: 12n }),
    );
  });

  it('has a second policy for a column that both changed', () => {
    const [after, existing] = [item({ name: 'a', updated_at: '2026-01-02 00:00:00.000000' }), item({ name: 'b' })];
    expect(decide(merging, table, clash({ after, existing, home: 'existing' }), same).row?.['name']).toBe('b');
    const byVersion = rule({ policy: 'merge', sameColumn: 'latest', version: 'updated_at' });
    expect(decide(byVersion, table, clash({ after, existing, home: 'existing' }), same).row?.['name']).toBe('a');
  });
});

/** Two rows of one version, with one unique value: who wins where the target is home, the source, neither; and who keeps the value. */
type Winners = readonly [row: readonly Winner[], unique: readonly Winner[]];
type Winner = 'incoming' | 'existing' | 'both';
const [incoming, existing, both] = ['incoming', 'existing', 'both'] as const;
const byHome = [existing, incoming, existing] as const;
const winners: Readonly<Record<ConflictPolicy, Winners>> = {
  stop: [
    [existing, existing, existing],
    [existing, existing, existing],
  ],
  home: [byHome, byHome],
  latest: [byHome, byHome],
  merge: [[both, both, both], byHome],
  overwrite: [
    [incoming, incoming, incoming],
    [incoming, incoming, incoming],
  ],
  ignore: [
    [existing, existing, existing],
    [existing, existing, existing],
  ],
};

describe.each(conflictPolicies)('%s', (policy) => {
  const of = rule({ policy, version: 'updated_at', ...(policy === 'merge' && { columns: { stock: 'delta' as const } }) });
  const [mine, theirs] = [item({ name: 'a', stock: 11n }), item({ name: 'b', stock: 12n })];
  const homes = [existing, incoming, null] as const;

  it('takes a row, and gives a unique value, as its case says', () => {
    const [row, unique] = winners[policy];
    expect(homes.map((home) => decide(of, table, clash({ after: theirs, existing: mine, home }), same).winner)).toEqual(row);
    expect(homes.map((home) => decideUnique(of, table, { incoming: theirs, existing: mine, home }))).toEqual(unique);
  });
});

const rows = fc.record({
  name: fc.constantFrom('a', 'b', 'c'),
  stock: fc.bigInt({ min: 0n, max: 5n }),
  best: fc.integer({ min: 0, max: 5 }),
  price: fc.constantFrom('1.00', '1.25', '10.50'),
  updated_at: fc.constantFrom('2026-01-01 00:00:01.000000', '2026-01-01 00:00:02.500000', '2026-01-01 00:00:03.000000'),
});
const image = fc.option(
  rows.map((part) => item(part)),
  { nil: null, freq: 4 },
);
const rules = fc.record({
  policy: fc.constantFrom(...conflictPolicies.filter((policy) => needsHome({ policy }))),
  version: fc.constant('updated_at'),
  sameColumn: fc.constantFrom('home', 'latest' as const),
  deletes: fc.constantFrom('win', 'lose' as const),
  columns: fc.constantFrom({}, { stock: 'delta' as const }, { stock: 'delta' as const, best: 'max' as const, price: 'min' as const }),
});

describe('both sides', () => {
  it('decide alike about two changes of one row, whichever comes to the other', () => {
    fc.assert(
      fc.property(rules, image, image, image, (part, before, atHome, away) => {
        if (before === null && (atHome === null || away === null)) return;
        const made = conflictRuleSchema.parse(part);
        const [home, other] = [
          decide(made, table, { before, after: away, existing: atHome, home: 'existing' }, same),
          decide(made, table, { before, after: atHome, existing: away, home: 'incoming' }, same),
        ];
        expect(other.row).toEqual(home.row);
      }),
      { numRuns: 3000 },
    );
  });

  it('decide alike about a unique value that two rows want', () => {
    fc.assert(
      fc.property(rules, rows, rows, (part, one, other) => {
        const made = conflictRuleSchema.parse(part);
        const [atHome, away] = [item(one), item(other)];
        const homeKeeps = decideUnique(made, table, { incoming: away, existing: atHome, home: 'existing' }) === 'existing';
        expect(decideUnique(made, table, { incoming: atHome, existing: away, home: 'incoming' }) === 'incoming').toBe(homeKeeps);
      }),
    );
  });

  it('never lose a difference that either of them added, in any order of arrival', () => {
    const differences = fc.array(fc.bigInt({ min: -5n, max: 5n }), { maxLength: 6 });
    fc.assert(
      fc.property(differences, (steps) => {
        const sum = steps.reduce((total, step) => total + step, 0n);
        let row: Row | null = item({ stock: 100n });
        for (const step of steps) {
          const [before, after] = [item({ stock: 7n }), item({ stock: 7n + step })];
          row = decide(merging, table, { before, after, existing: row, home: 'existing' }, same).row;
        }
        expect(row?.['stock']).toBe(100n + sum);
      }),
    );
  });

  it('have a decision for every policy and pair of versions', () => {
    const all = fc.constantFrom(...conflictPolicies);
    fc.assert(
      fc.property(all, image, image, image, (policy, before, after, existing) => {
        const made = rule({ policy, version: 'updated_at' });
        const { row } = decide(made, table, { before, after, existing, home: null }, same);
        expect(row === null || Object.keys(row).length === table.columns.length).toBe(true);
      }),
    );
  });
});

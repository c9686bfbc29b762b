/** The generators are functions of the seed, and make everything that silent differences were found with. */
import { expect, test } from 'vitest';
import { Random } from '../harness/random.js';
import { changeKinds } from './changes.js';
import { kinds } from './column-kinds.js';
import { definitionKinds } from './definitions.js';
import { hazardNames, hazardOf } from './hazards.js';
import { routinesOf } from './routines.js';
import { features, schemaOf } from './schema.js';
import { type Step, scriptOf } from './script.js';
import { expectedStop, expectedStops } from './stops.js';
import { createTable } from './table.js';
import { createTwoWay, rules, stopTable, twoWaySteps, twoWayTables } from './two-way-tables.js';

const all = new Set(features);

function script(seed: number, took = true): { readonly made: string[]; readonly steps: Step[] } {
  const random = new Random(seed);
  const tables = schemaOf(random, { mysql: '9.7', tables: 8, features: all });
  const made = [...tables.map(createTable), ...routinesOf(random, tables)];
  const steps: Step[] = [];
  const script = scriptOf(random, {
    database: 'one_1',
    elsewhere: 'aside_1',
    tables,
    routed: () => true,
    features: all,
    length: 200,
    definitions: 20,
  });
  for (let next = script.next(); !next.done; next = script.next(took)) steps.push(next.value);
  return { made, steps };
}

const many = Array.from({ length: 60 }, (_, seed) => script(seed));
const statements = many.flatMap(({ steps }) => steps);

test('a seed makes the same tables and statements', () => {
  expect(script(7)).toEqual(script(7));
  expect(script(7)).not.toEqual(script(8));
});

test('what the source refuses changes what is written next, and nothing else does', () => {
  expect(script(7, false)).toEqual(script(7, false));
  expect(script(7, false).made).toEqual(script(7).made);
});

test('every kind of statement and of column comes', () => {
  const sent = new Set(statements.map(({ kind }) => kind));
  for (const kind of [...changeKinds, ...definitionKinds, 'begin', 'commit', 'rollback']) expect(sent).toContain(kind);
  const columns = many.map(({ made }) => made.join()).join();
  for (const kind of Object.values(kinds)) expect(columns).toContain(kind.type(new Random(1)).split(/[ (]/)[0]);
});

const shown = many.map(({ made, steps }) => [...made, ...steps.map(({ sql }) => sql)].join(';\n')).join(';\n');

test.each([
  ['comments between the words of DDL', /truncate\s*(\/\*|--|#)/i],
  ['comments around the dot', /`one_1`\s*\/\*\*\/\.\/\*\*\/`/],
  ['a partition that is exchanged', /EXCHANGE[\s\S]{1,40}WITH/i],
  ['a RENAME that swaps', /gone\d+`?,/],
  ['a date that a server in another time zone computes otherwise', /TIMESTAMP[^,]*,[\s\S]{0,900}DATE AS \(DATE\(/],
  ['an index over an expression', /KEY `\w+` \(\(/],
  ['cascades', /ON DELETE CASCADE/],
  ['statements without foreign key checks', /foreign_key_checks = 0/],
  ['dates that are none', /2021-02-31/],
  ['a language', /lc_time_names = 'de_DE'/],
  ['DAYNAME', /AS \(DAYNAME/],
  ['modes that compute otherwise', /PAD_CHAR_TO_FULL_LENGTH/],
  ['fractions that are cut', /TIME_TRUNCATE_FRACTIONAL/],
  ['backslashes', /NO_BACKSLASH_ESCAPES/],
  ['no strict mode', /sql_mode = ''/],
  ['FLOAT(m,d)', /FLOAT\(10,5\)/],
  ['partitions', /PARTITION BY/],
  ['invisible columns', /INVISIBLE/],
  ['a table without key', /CREATE TABLE `[^`]+` \(`id` INT NULL(?![^;]*PRIMARY KEY)/],
])('%s', (_, found) => expect(shown).toMatch(found));

test('DDL in the character set of another client names tables whose bytes differ there', () => {
  const odd = statements.filter(
    ({ session, definition }) =>
      session !== 'utf8mb4' && definition?.concerns === 'routed' && definition.tables.some((name) => /ü/.test(name)),
  );
  expect(odd.length).toBeGreaterThan(0);
});

test('both ways: rows move to keys that the other side inserts, in tables of every policy', () => {
  const random = new Random(3);
  const tables = twoWayTables(random, { stop: true, mysql: '9.7' });
  expect(createTwoWay(tables)).toHaveLength(tables.length);
  let n = 0;
  const steps = Array.from({ length: 2000 }, () => twoWaySteps({ side: 'a', random, tables, next: () => ++n })).flat();
  for (const { table: pattern } of rules) {
    const own = steps.filter(({ table }) => table?.startsWith(pattern.replace('*', '')));
    for (const kind of ['insert', 'delete', 'move of a key', 'swap']) expect(own.map((step) => step.kind)).toContain(`both: ${kind}`);
  }
  expect(steps.some(({ table }) => table === stopTable)).toBe(true);
});

test('a stop is expected for its own reason only', () => {
  const stop = { app: 'capture', pipeline: 'a-b', endpoint: 'a', message: '', details: {} } as const;
  for (const name of hazardNames) {
    const steps =
      Array.from({ length: 99 }, (_, seed) => hazardOf(new Random(seed))).find(([step]) => step?.kind === `hazard ${name}`) ?? [];
    expect(expectedStops.filter(({ code }) => expectedStop({ ...stop, code }, steps)).length, name).toBeGreaterThan(0);
    expect(expectedStop({ ...stop, code: 'APPLY_REFUSED' }, steps)).toBeUndefined();
  }
  for (const { code } of expectedStops)
    expect(expectedStop({ ...stop, code }, [{ kind: 'insert', session: 'utf8mb4', sql: 'INSERT' }])).toBeUndefined();
});

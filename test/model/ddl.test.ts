/** Each schema-change record runs once at its target and does not go back, however killed; and the rules for which that does not hold. */
import { afterAll, describe, expect, it } from 'vitest';
import { mariadb, mysql, withoutGtid } from './ddl-words.js';
import type { DdlCase, DdlRules, Kills } from './ddl-words.js';
import { ddlModel } from './ddl.js';
import { endsOf } from './paths.js';

const none: Kills = { loader: 0, sleep: 0, server: 0, capture: 0 };
const each: readonly Kills[] = [
  { ...none, loader: 2, server: 1 },
  { ...none, loader: 1, capture: 1 },
  { ...none, sleep: 1, loader: 1 },
  { ...none, sleep: 1, server: 1 },
  { ...none, server: 2, capture: 1 },
];
const alter: DdlCase = { kind: 'visible', tables: 1, atomic: true, executed: [], kills: none };
const drop: DdlCase = { ...alter, kind: 'visible', tables: 3, atomic: false };

const total = { good: 0 };
afterAll(() => console.log(`ddl: ${total.good.toExponential(1)} interleavings`));

function holds(example: DdlCase, rules: DdlRules): void {
  const { good, bad, shortest } = endsOf(ddlModel(example, rules));
  expect(shortest, JSON.stringify(example.kills)).toBeNull();
  expect(bad).toBe(0);
  total.good += good;
}

const targets: Readonly<Record<string, readonly [DdlRules, readonly DdlCase[]]>> = {
  'MySQL with GTID': [
    mysql,
    [
      { ...alter, kind: 'blind' },
      { ...alter, kind: 'blind', tables: 3 },
      { ...alter, executed: ['p:1'] },
    ],
  ],
  MariaDB: [
    mariadb,
    [
      { ...alter, kind: 'blind' },
      { ...drop, tables: 1 },
      { ...drop, tables: 2 },
    ],
  ],
  'MySQL without GTID, one way': [withoutGtid, [alter, { ...alter, kind: 'repeatable' }, { ...alter, kind: 'blind' }]],
};

describe('each record runs once and does not go back', () => {
  it.each(Object.entries(targets))('%s', (_, [rules, examples]) => {
    for (const example of examples) for (const kills of each) holds({ ...example, kills }, rules);
  });
});

it('a GTID is waited for without the lock, and the lock is enough without the fence', () => {
  for (const kills of each) {
    holds({ ...alter, kind: 'blind', kills }, { ...mysql, lock: false, fence: false });
    holds({ ...alter, kind: 'blind', kills }, { ...mariadb, fence: false });
  }
});

describe('it runs twice or never, goes back, or is held', () => {
  const blind: DdlCase = { ...alter, kind: 'blind' };
  it.each<[string, DdlCase, DdlRules, Partial<DdlRules>]>([
    ['without an intent', { ...blind, kills: { ...none, loader: 1 } }, withoutGtid, { intent: false }],
    ['an open intent is run again', { ...blind, kills: { ...none, loader: 1 } }, mariadb, { recovery: 'run again' }],
    ['an open intent is taken for done', { ...blind, kills: { ...none, loader: 1 } }, mysql, { recovery: 'taken for done' }],
    ['MariaDB, nobody waits for the statement of a killed loader', { ...blind, kills: { ...none, loader: 1 } }, mariadb, { lock: false }],
    [
      'definitions, nobody waits for the statement of a killed loader',
      { ...alter, kills: { ...none, loader: 1 } },
      withoutGtid,
      { lock: false },
    ],
    ['a loader that slept, without lock and fence', { ...blind, kills: { ...none, sleep: 1 } }, mariadb, { lock: false, fence: false }],
    ['a loader that slept, the fence alone', { ...blind, kills: { ...none, sleep: 1 } }, mariadb, { lock: false }],
    ['a used GTID with another statement', { ...blind, executed: ['p:1'] }, mysql, { number: 'next in lutra.ddl' }],
    ['a record that is published twice is known by its place', { ...blind, kills: { ...none, capture: 1 } }, mysql, { known: 'by seq' }],
    [
      'MariaDB drops three tables under one intent',
      { ...drop, kills: { ...none, server: 1 } },
      mariadb,
      { drops: 'whole', goneIsRan: false },
    ],
    ['MariaDB, the witness alone says whether a table is gone', { ...drop, kills: { ...none, server: 1 } }, mariadb, { goneIsRan: false }],
    ['MariaDB, what recovery drops is taken for its own', { ...drop, kills: { ...none, server: 1 } }, mariadb, { copies: 'witness' }],
    ['capture remembers the intents it read', { ...blind, kills: { ...none, capture: 1 } }, mysql, { copies: 'intents since it started' }],
    ['without GTID both ways', alter, withoutGtid, { bothWays: true }],
  ])('%s', (name, example, rules, naive) => {
    holds(example, rules);
    const { good, bad, shortest } = endsOf(ddlModel(example, { ...rules, ...naive }));
    console.log(`${name}: ${bad} of ${good + bad}: ${shortest?.join('; ') ?? ''}`);
    expect(bad).toBeGreaterThan(0);
  });
});

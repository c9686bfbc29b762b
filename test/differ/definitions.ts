/** Random DDL: what a statement does to the tables, and whether it concerns one that is routed. Pure. */
import type { Random } from '../harness/random.js';
import { addColumn, addIndex, dropAndAdd, dropColumn, dropIndex, modify, renameColumn } from './column-definitions.js';
import type { Definition, Make, Surroundings } from './definition.js';
import { dressOf } from './dress.js';
import {
  aside,
  create,
  createLike,
  createSelect,
  dropAndCreate,
  exchange,
  partition,
  rebuild,
  rename,
  swapIn,
  truncate,
} from './table-definitions.js';

const makers: Readonly<Record<string, readonly [number, Make]>> = {
  'add column': [5, addColumn],
  'drop column': [2, dropColumn],
  'drop and add column': [2, dropAndAdd],
  'modify column': [3, modify],
  'rename column': [2, renameColumn],
  'add index': [4, addIndex],
  'drop index': [2, dropIndex],
  rebuild: [3, rebuild],
  truncate: [3, truncate],
  'rename table': [3, rename],
  'swap tables': [2, swapIn],
  'create like': [2, createLike],
  'drop table': [1, dropAndCreate],
  'create table': [2, create],
  'create select': [2, createSelect],
  partition: [2, partition],
  'exchange partition': [2, exchange],
  'not routed': [3, aside],
};
const weighted = Object.entries(makers).flatMap(([kind, [weight]]) => Array.from({ length: weight }, () => kind));

export const definitionKinds = Object.keys(makers);

export function definitionOf(random: Random, surroundings: Surroundings, kinds: readonly string[] = weighted): Definition {
  for (;;) {
    const kind = random.pick(kinds);
    const dress = dressOf(random, { ...surroundings, odd: random.chance(0.5) });
    const made = makers[kind]?.[1](random, surroundings, dress);
    if (!made) continue;
    const tables = made.tables ?? [];
    const concerns = made.concerns ?? (tables.some(surroundings.routed) ? 'routed' : 'none');
    return {
      kind,
      sql: made.sql,
      before: made.before ?? [],
      database: dress.database,
      concerns,
      tables,
      after: made.after ?? surroundings.tables,
    };
  }
}

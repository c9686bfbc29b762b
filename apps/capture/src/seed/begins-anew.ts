/**
 * When what was read of a table is no beginning of it any more, so that all of it is to be read again. Pure.
 *
 * Counter-example for going on: the key was ordered a, B, c and was read to a. Its collation becomes a binary one, which has B before a: no
 * row behind a is B, and it never comes. So each bound says how the key was ordered when it was a bound, also behind a kill.
 */
import { createHash } from 'node:crypto';
import type { Row } from '@lutra/model';
import { keyOfChunkRow } from '@lutra/mysql';
import type { ChunkPlan } from '@lutra/mysql';

/** In a bound: the order of the key. No column has this name. */
export const orderName = '';

/** The table is to be read from its beginning; nothing of it is under way. */
export class BeginsAnew extends Error {}

/** @param row the key of a row that was read */
export function boundAt(plan: ChunkPlan, row: Row): Row {
  return { ...keyOfChunkRow(plan, row), [orderName]: keyOrder(plan) };
}

/** @throws BeginsAnew */
export function requireOrder(plan: ChunkPlan, ...bounds: readonly (Row | null)[]): void {
  const order = keyOrder(plan);
  for (const bound of bounds)
    if (bound && bound[orderName] !== order) throw new BeginsAnew('its primary key is not ordered as it was when the rows were read');
}

const known = new WeakMap<ChunkPlan, string>();

function keyOrder(plan: ChunkPlan): string {
  let order = known.get(plan);
  if (order === undefined) known.set(plan, (order = orderOf(plan)));
  return order;
}

function orderOf({ key, table }: ChunkPlan): string {
  const parts = key.map(({ name, descends }) => {
    const column = table.columns.find((candidate) => candidate.name === name);
    return [name, descends, column?.columnType, column?.collation];
  });
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url').slice(0, 12);
}

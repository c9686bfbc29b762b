/** What the end-to-end tests share: the stack with a shop and a running channel, seeds, the comparison, memory. */
import { setTimeout } from 'node:timers/promises';
import { createConnection } from 'mysql2/promise';
import { expect } from 'vitest';
import { compareDatabases, createShop, shopDatabase, sides, startStack } from '../harness/index.js';
import type { AppProcess, Stack, StackOptions } from '../harness/index.js';

export const sleep = setTimeout;

/** LUTRA_SEED repeats a run. */
export function seedOf(): number {
  return Number(process.env['LUTRA_SEED'] ?? Math.floor(Math.random() * 1e6));
}

export async function openShop(options: StackOptions): Promise<Stack> {
  const stack = await startStack(options);
  try {
    await openShopOn(stack);
    return stack;
  } catch (error) {
    await stack.stop();
    throw error;
  }
}

/** The shop on both sides of a stack that was started, and its running channel. */
export async function openShopOn(stack: Stack): Promise<void> {
  for (const side of sides) {
    const connection = await createConnection(stack.connection(side));
    await createShop(connection);
    await connection.end();
  }
  await stack.createChannel({ databases: [shopDatabase] });
  await stack.startChannel();
}

export async function expectEqual(stack: Stack): Promise<void> {
  const { differences, differing, tables, rows } = await compareDatabases({
    a: stack.connection('a'),
    b: stack.connection('b'),
    databases: [shopDatabase],
  });
  expect({ differing, differences: differences.slice(0, 20) }).toEqual({ differing: 0, differences: [] });
  expect(tables).toBeGreaterThan(5);
  expect(rows).toBeGreaterThan(0);
}

/** Looks at the memory of processes until stop(), which resolves to the highest figure of each, in bytes. */
export function watchMemory(apps: readonly AppProcess[]): { stop(): Promise<Record<string, number>> } {
  const peaks: Record<string, number> = {};
  let watching = true;
  const loop = (async () => {
    while (watching) {
      for (const app of apps) peaks[app.name] = Math.max(peaks[app.name] ?? 0, await app.rssBytes());
      await sleep(50);
    }
  })();
  return {
    async stop() {
      watching = false;
      await loop;
      return peaks;
    },
  };
}

/** A small storm: 20 s of schema changes drawn at random, with writers, while loader and capture are killed. See storm.long.test.ts. */
import { afterAll, beforeAll, expect, it, onTestFailed } from 'vitest';
import { keptStack, leaveStack } from '../accidents/kept-stack.js';
import type { Stack } from '../harness/index.js';
import { seedOf } from '../scenarios/shop-stack.js';
import { mysqlServer, type MysqlServer } from '../servers/index.js';
import { DdlWay } from './ddl-way.js';
import { runStorm, stormDatabases } from './run-storm.js';

const seed = seedOf();
let stack: Stack;
let target: MysqlServer | undefined;
beforeAll(async () => {
  stack = await keptStack();
  target = mysqlServer({ version: '9.7', serverId: 78, name: 'walk' });
  await target.start();
}, 240_000);
afterAll(leaveStack);
afterAll(() => target?.stop());

it(`what is drawn is carried out once each, seed ${seed}`, { timeout: 400_000 }, async () => {
  const lines: string[] = [];
  onTestFailed(async () => console.error(lines.join('\n'), await stack.saveLogs()));
  const ddl = await DdlWay.open(stack, {
    target: target!,
    routes: stormDatabases.map((schema) => ({ schema })),
    databases: stormDatabases,
  });
  const { way } = ddl;
  const victims = [stack.loader[way.to], stack.capture[way.from]];
  const run = await runStorm({ stack, ddl, version: '9.7', victims, ms: 20_000, seed, log: (line) => lines.push(line) });
  expect(run.wrong).toEqual([]);
  expect(run.counts.statements).toBeGreaterThan(20);
  expect(run.killed).toBeGreaterThan(1);
  await way.close();
});

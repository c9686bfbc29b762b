/**
 * Five minutes of schema changes of all kinds one way, with writers, while loader, capture and both servers are killed. LUTRA_SEED
 * repeats a run; LUTRA_STORM_MINUTES and LUTRA_STORM_MYSQL (8.0, 9.7) ask for another one.
 */
import { afterAll, beforeAll, expect, it, onTestFailed } from 'vitest';
import { type Stack, startStack } from '../harness/index.js';
import { seedOf } from '../scenarios/shop-stack.js';
import { DdlWay } from './ddl-way.js';
import { runStorm, stormDatabases } from './run-storm.js';
import { changeKinds } from './walk.js';

const seed = seedOf();
const minutes = Number(process.env['LUTRA_STORM_MINUTES'] ?? 5);
const wanted = process.env['LUTRA_STORM_MYSQL'];
const version = wanted === '8.0' || wanted === '9.7' ? wanted : seed % 2 === 0 ? '9.7' : '8.0';
const begin = performance.now();
const log = (line: string): void => console.log(`[${((performance.now() - begin) / 1000).toFixed(1).padStart(6)} s] ${line}`);

let stack: Stack;
beforeAll(async () => {
  stack = await startStack({ mysql: version, log });
}, 240_000);
afterAll(() => stack?.stop(), 60_000);

const restMs = 720_000;
it(`one way all kinds are carried out once, MySQL ${version}, seed ${seed}`, { timeout: minutes * 60_000 + restMs }, async () => {
  onTestFailed(async () => console.error(`the logs are kept in ${await stack.saveLogs()}`));
  const ddl = await DdlWay.open(stack, { routes: stormDatabases.map((schema) => ({ schema })), databases: stormDatabases });
  const { way } = ddl;
  const victims = [stack.loader[way.to], stack.capture[way.from], way.servers[way.to], way.servers[way.from]];
  const { wrong, counts, killed, records } = await runStorm({ stack, ddl, version, victims, ms: minutes * 60_000, seed, log });
  log(`${records} records, ${killed} kills, ${JSON.stringify(counts.ran)}`);
  expect(wrong).toEqual([]);
  expect(killed).toBeGreaterThan(minutes * 4);
  if (minutes >= 5) expect(Object.keys(counts.ran).length).toBeGreaterThanOrEqual(changeKinds.length - 2);
  await way.close();
});

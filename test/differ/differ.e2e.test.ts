/** Two rounds each way with a fixed seed: LUTRA_SEED takes another one, `npm run differ` goes on for longer. */
import { afterEach, expect, it, onTestFailed } from 'vitest';
import { startLog } from '../harness/index.js';
import type { Field } from './field.js';
import { readOptions } from './options.js';
import { fieldOf, soak, verdict } from './soak.js';

const seed = process.env['LUTRA_SEED'] ?? '12';

let field: Field | undefined;
afterEach(() => field?.stop(), 60_000);

it(`is equal wherever MySQL's own replica is, and both ways, seed ${seed}`, { timeout: 300_000 }, async () => {
  const log = startLog();
  const options = readOptions(['--seed', seed, '--minutes', '4', '--statements', '150', '--ddl', '2']);
  const here = fieldOf(options, log);
  field = here;
  onTestFailed(async () => console.error(`the logs are kept in ${await here.stack.saveLogs()}`));
  await here.start();
  const soaked = await soak(here, { ...options, rounds: 4 }, log);
  soaked.counts.print(log);
  expect(soaked.wrong, verdict(soaked)).toEqual([]);
  expect(soaked.counts.of('tables compared')).toBeGreaterThan(20);
});

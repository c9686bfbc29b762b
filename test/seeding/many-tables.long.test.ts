/** A thousand empty tables are created at the target and seeded. Says how long that takes, and who has worked how much for a table. */
import { expect, it } from 'vitest';
import { ProcessMeter } from '../bench/process-meter.js';
import { quiet, SeedBench } from '../bench/seed-bench.js';
import { withAdministrator } from '../harness/index.js';
import { settings } from './settings.js';

const { tables: manyTables } = settings;

it(`${manyTables} empty tables come to an empty side`, { timeout: 1_200_000 }, async () => {
  const bench = new SeedBench({ mysql: '9.7', scale: 1, log: () => undefined });
  const count = async (server: typeof bench.stack.mysql.a): Promise<number> =>
    withAdministrator(server, async (connection) => {
      const [rows] = await connection.query(`SELECT COUNT(*) AS n FROM information_schema.TABLES WHERE TABLE_SCHEMA = '${quiet}'`);
      return Number((rows as { n: unknown }[])[0]?.n);
    });
  try {
    await bench.start();
    await withAdministrator(bench.stack.mysql.a, async (connection) => {
      await connection.query('SET sql_log_bin = 0'); // they were there before
      for (let i = 0; i < manyTables; i++)
        await connection.query(`CREATE TABLE ${quiet}.t${i} (id INT NOT NULL PRIMARY KEY, v VARCHAR(20), KEY (v))`);
    });
    const meter = await ProcessMeter.begin(bench.pids);
    const begin = performance.now();
    await bench.seed(quiet);
    const seconds = (performance.now() - begin) / 1000;
    const used = Object.entries(await meter.read()).map(([name, { cpuMicros }]) => `${name} ${(cpuMicros / 1000 / manyTables).toFixed(1)}`);
    console.log(`${manyTables} tables in ${seconds.toFixed(1)} s; ms of CPU for a table: ${used.join(', ')}`);
    expect(await count(bench.stack.mysql.b)).toBe(manyTables);
  } finally {
    await bench.stop();
  }
});

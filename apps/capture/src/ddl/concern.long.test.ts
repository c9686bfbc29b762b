/** As concern.integration.test.ts, with more statements and with both settings of lower_case_table_names on each server. */
import { describe, expect, it } from 'vitest';
import { mysqlServer } from '../../../../test/servers/index.js';
import { dialectOf, runDrawn } from './random-statement.fixture.js';
import { StatementRunner } from './server-statements.fixture.js';
import { Replays } from './spliced.fixture.js';

const seed = Number(process.env['LUTRA_SEED'] ?? Date.now() % 1_000_000);
const count = Number(process.env['LUTRA_STATEMENTS'] ?? 500);
const versions = ['8.0', '9.7', 'mariadb-11.4'] as const;

describe.each(versions)('%s', (version) => {
  it.each([0, 1] as const)(
    'lower_case_table_names=%s: what changes a routed table concerns it, what cannot change one passes, and what is published does the same',
    async (names) => {
      const fast = ['--innodb-flush-log-at-trx-commit=0', '--sync-binlog=0', '--innodb-flush-method=nosync', '--innodb-doublewrite=OFF'];
      const server = mysqlServer({ version, serverId: 1, lowerCaseTableNames: names, extra: fast });
      const runner = new StatementRunner(server, names === 1);
      try {
        await server.start();
        await runner.open();
        const dialect = await dialectOf(runner, { isMariadb: version === 'mariadb-11.4', foldsNames: names === 1 });
        const { missed, falseAlarms, ...counts } = await runDrawn(runner, dialect, { seed, count });
        console.log(
          `${version}, lower_case_table_names=${names}, seed ${seed}: ${JSON.stringify({ ...counts, missed: missed.length, falseAlarms: falseAlarms.length })}`,
        );
        expect({ seed, missed, falseAlarms }).toEqual({ seed, missed: [], falseAlarms: [] });
        expect(counts.changed).toBeGreaterThan(count / 10);
        const replays = new Replays(server, dialect);
        await replays.open();
        const replayed = await replays.drawn({ seed, count }).finally(() => replays.close());
        expect({ seed, wrong: replayed.filter(({ error, isSame }) => error !== null || !isSame) }).toEqual({ seed, wrong: [] });
        expect(replayed.length).toBeGreaterThan(count / 10);
      } finally {
        runner.close();
        await server.stop();
      }
    },
    900_000,
  );
});

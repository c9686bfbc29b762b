import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TestServer } from '../../../../libs/mysql/src/mysql.fixture.js';
import { makeTable, Side } from './in-flight.fixture.js';
import { converge, policies, steps } from './random-flight.fixture.js';

describe('rows that are on their way while home drops what they have', () => {
  let server: TestServer;
  let home: Side;
  let away: Side;

  beforeAll(async () => void (server = await TestServer.shared('9.7')));
  afterAll(() => server.stop());

  const enter = async (): Promise<void> => {
    home = await Side.open(server, 'target');
    away = await Side.open(server, 'source');
    await home.alter('ALTER TABLE t ADD c INT', true);
    await away.apply(home);
  };
  const leave = async (): Promise<void> => {
    for (const side of [home, away]) await side.close();
  };
  const listed = (): Promise<readonly object[]> =>
    server.query(`SELECT reason, content FROM lutra.skipped WHERE pipeline = '${home.setup.pipeline}' ORDER BY seq`);

  test('a dropped column is left out, also when it is there anew; the row before is found by what both have', async () => {
    await enter();
    await away.write(1);
    await away.write(1);
    await away.write(2);
    await home.apply(away);
    await home.alter('ALTER TABLE t DROP c', true);
    await home.apply(away);
    await home.alter('ALTER TABLE t ADD c INT', true);
    await home.apply(away);
    expect(await home.rows()).toEqual([
      { id: 1, e: 1, c: null },
      { id: 2, e: 2, c: null },
    ]);
    await home.setup.leftOut.close();
    expect(await listed()).toMatchObject([{ reason: expect.stringMatching(/column c, .* \(record u:1, seq 1 .*rows so far: 2$/s) }]);
    expect(home.setup.omitted).toMatchObject([{ kind: 'drop', what: 'dropped columns: c' }]);
    while (away.applied < home.log.length) await away.apply(home);
    expect(await away.rows()).toEqual(await home.rows());
    expect(home.setup.told).toEqual([]);
    await leave();
  });

  test('what is dropped and made anew between the row and its locks comes to light with the watermark', async () => {
    await enter();
    await away.write(1);
    const { runs } = home;
    await home.apply(away, () => home.alter('ALTER TABLE t DROP c, ADD c INT', false));
    expect([await home.rows(), home.runs > runs]).toEqual([[{ id: 1, e: 0, c: null }], true]);
    await leave();
  });

  test('a row of a dropped table is left out, whether one of that name is there or not', async () => {
    await enter();
    await away.write(1);
    await away.write(2);
    await home.alter('DROP TABLE t', true);
    await home.apply(away);
    await home.alter(makeTable, true);
    await home.apply(away);
    expect(await home.rows()).toEqual([]);
    await home.setup.leftOut.close();
    expect(await listed()).toMatchObject([
      { reason: expect.stringMatching(/left out of \S+\.t: the row: the table was dropped here by DROP TABLE t .*so far: 2$/s) },
    ]);
    await leave();
  });

  test('a key that the other side has written into a dropped table is nobody’s in the new one', async () => {
    await enter();
    await away.write(3);
    await home.alter('DROP TABLE t', true);
    await home.alter(makeTable, true);
    await home.write(3, { e: 1 });
    await home.write(3, { isDeleted: true });
    await home.apply(away);
    while (away.applied < home.log.length) await away.apply(home);
    expect([await home.rows(), await away.rows(), away.setup.told]).toEqual([[], [], []]);
    await leave();
  });

  test('what had seen the drop, and names a column that is not there, stops', async () => {
    await enter();
    await home.alter('ALTER TABLE t DROP c', true);
    await away.apply(home);
    await away.setup.server.run(`ALTER TABLE ${away.setup.database}.t ADD c INT`);
    await away.write(1);
    await expect(home.apply(away)).rejects.toMatchObject({ code: 'COLUMN_MISSING' });
    await leave();
  });

  test.each([true, false])(
    'a new row stops that would get another default than at its own side, known when it comes: %s',
    async (isKnown) => {
      await enter();
      await away.write(1);
      await home.apply(away);
      await home.alter('ALTER TABLE t ADD d INT', true);
      await away.write(1);
      await away.write(2);
      const another = (): Promise<void> => home.alter('ALTER TABLE t ALTER d SET DEFAULT 5', isKnown);
      if (isKnown) await another();
      await home.apply(away);
      await expect(home.apply(away, isKnown ? undefined : another)).rejects.toMatchObject({ code: 'COLUMN_MISSING' });
      expect(await home.rows()).toEqual([{ id: 1, e: 1, c: 0, d: null }]);
      await leave();
    },
  );

  test('home’s last word on a row brings what home has, and leaves out nothing of it', async () => {
    await enter();
    await home.write(1, { e: 1 });
    await away.write(1, { e: 9 });
    await home.alter('ALTER TABLE t DROP c, ADD c INT', true);
    await home.write(1, { e: 2 });
    await home.apply(away);
    expect(home.setup.told).toEqual(['insert-exists incoming']);
    while (away.applied < home.log.length) await away.apply(home);
    expect(await away.rows()).toEqual(await home.rows());
    expect(await home.rows()).toEqual([{ id: 1, e: 9, c: 2 }]);
    await leave();
  });

  test('both sides end equal, and no old value is in a new column', async () => {
    await fc.assert(
      fc.asyncProperty(policies, steps, (policy, all) => converge(server, policy, all)),
      { numRuns: 4 },
    );
  });
});

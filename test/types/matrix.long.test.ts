/**
 * All of the matrix, on each server: what is replicated arrives to the byte, and what is not is refused by the check and by capture alike.
 */
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { randomTable } from '../../libs/binlog/src/random-tables.fixture.js';
import { select } from '../../libs/binlog/src/reading.fixture.js';
import { mysqlServer } from '../servers/index.js';
import { Carrier } from './carry.js';
import { casesOn, isReplicated, matrix, textCases } from './matrix.js';
import { arrives, refused } from './verdicts.js';

describe.each(['8.0', '9.7', 'mariadb-11.4'] as const)('%s', (version) => {
  const server = mysqlServer({ version, serverId: 1, extra: ['--max-allowed-packet=64M'] });
  let carrier: Carrier;
  beforeAll(async () => {
    await server.start();
    carrier = await Carrier.open(server);
  });
  afterAll(async () => {
    await carrier?.close();
    await server.stop();
  });

  it.each(matrix.filter(({ on }) => on[version] === 'replicated'))('$type arrives', async (row) => {
    for (const one of casesOn(version, row)) await arrives(carrier, one);
  });

  it.each(matrix.filter(({ on }) => on[version] === 'refused'))('$type is refused', async (row) => {
    for (const one of row.cases) await refused(carrier, one.definition);
  });

  it('text of each character set of the server arrives, or is refused', async () => {
    const sets = (await select(carrier.source, 'SHOW CHARACTER SET'))
      .map((row) => String(row['Charset']))
      .filter((set) => set !== 'binary');
    expect(sets.length).toBeGreaterThan(38);
    for (const charset of sets) {
      for (const one of textCases(charset)) await (isReplicated(charset) ? arrives(carrier, one) : refused(carrier, one.definition));
    }
  });

  // The random tables are written in MySQL's words.
  it.skipIf(version === 'mariadb-11.4')(
    'random rows of random tables arrive',
    async () => {
      let n = 0;
      const property = fc.asyncProperty(randomTable, async ({ definitions, rows }) => {
        const name = `random${n++}`;
        await carrier.create(name, `id INT PRIMARY KEY, ${definitions.map((type, i) => `c${i} ${type}`).join(', ')}`);
        await carrier.replicate(async () => {
          await carrier.source.query(`INSERT INTO ${name} VALUES ${rows.map((row, i) => `(${i}, ${row.join(', ')})`).join(', ')}`);
          await carrier.source.query(`UPDATE ${name} SET id = id + 100 WHERE id % 2 = 0; DELETE FROM ${name} WHERE id % 3 = 0`);
        });
        expect({ definitions, same: new Set(await carrier.checksums(name)).size }).toEqual({ definitions, same: 1 });
        await carrier.source.query(`DROP TABLE here.${name}, there.${name}`);
      });
      await fc.assert(property, { numRuns: 200 });
    },
    600_000,
  );
});

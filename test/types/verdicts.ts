/** The two verdicts of the matrix, each shown on a real server. */
import { checkSource } from '@lutra/mysql';
import { expect } from 'vitest';
import { collectToError, executed, readerOptions } from '../../libs/binlog/src/reading.fixture.js';
import type { TypeCase } from '../../libs/binlog/src/allowlist.fixture.js';
import type { Carrier } from './carry.js';

let tables = 0;

/** Each value inserted, changed into each next one, deleted; found by a key, and by all that a row is. */
export async function arrives(carrier: Carrier, { definition, values }: TypeCase): Promise<void> {
  const all = [...(/NOT NULL/.test(definition) ? [] : ['NULL']), ...values];
  for (const key of ['PRIMARY KEY', 'NOT NULL']) {
    const name = `replicated${++tables}`;
    await carrier.create(name, `id INT ${key}, v ${definition}`);
    await carrier.replicate(async () => {
      await carrier.source.query(`INSERT INTO ${name} VALUES ${all.map((value, i) => `(${i}, ${value})`).join(', ')}`);
      for (const [i, value] of all.entries())
        await carrier.source.query(`UPDATE ${name} SET v = ${value} WHERE id = ${(i + 1) % all.length}`);
      await carrier.source.query(`DELETE FROM ${name} WHERE id % 3 = 2`);
    });
    expect({ definition, key, same: new Set(await carrier.checksums(name)).size }).toEqual({ definition, key, same: 1 });
    await carrier.source.query(`DROP TABLE here.${name}, there.${name}`);
  }
}

/** The check names the column, and so does capture, which would stop there. */
export async function refused(carrier: Carrier, definition: string): Promise<void> {
  const name = `refused${++tables}`;
  const old = /^(?:DATETIME|TIMESTAMP|TIME)\b/.test(definition);
  if (old) await carrier.source.query('SET GLOBAL mysql56_temporal_format = OFF');
  await carrier.source.query(`CREATE TABLE here.${name} (id INT PRIMARY KEY, v ${definition})`);
  if (old) await carrier.source.query('SET GLOBAL mysql56_temporal_format = ON');
  const problems = await checkSource(carrier.options, { serverId: 4711, routes: [{ schema: 'here', table: name }] });
  const found = problems.filter(({ id }) => id === 'table-column-type').map(({ what }) => what);
  expect({ definition, found }).toEqual({ definition, found: [expect.stringMatching(new RegExp(`^here\\.${name}: .*: v \\(.+\\)$`))] });
  const start = await executed(carrier.server);
  await carrier.source.query(`INSERT INTO here.${name} (id) VALUES (1)`);
  const { error } = await collectToError(readerOptions(carrier.server, { start }));
  const details = { database: 'here', table: name, column: 'v' };
  expect({ definition, error }).toEqual({
    definition,
    error: expect.objectContaining({ code: 'COLUMN_UNSUPPORTED', details: expect.objectContaining(details) }),
  });
  await carrier.source.query(`DROP TABLE here.${name}`);
}

/**
 * Values of 64 MiB in each type that can be so large, with the contents that cost most, under a max_allowed_packet of 64 MiB: they arrive
 * to the byte.
 */
import { checkpointStatement } from '@lutra/marker';
import type { Checkpoint } from '@lutra/marker';
import type { Row, Value } from '@lutra/model';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ApplyConnection } from './apply-connection.js';
import { TestServer, versions } from './mysql.fixture.js';
import { countTurns, digestsOf, noise, utf8 } from './large-values.fixture.js';
import { takeOver } from './ownership.js';
import { differing, StatementBuilder } from './statement-builder.js';
import type { Change } from './statement-builder.js';
import type { ExactText } from './expected-rows.js';
import { transactionText } from './transaction-text.js';

const mebibyte = 2 ** 20;
const size = 64 * mebibyte;
const json = (text: string): string => `{"k": "${text}"}`;

const cases: readonly (readonly [what: string, type: string, value: Value])[] = [
  ['noise', 'longblob', noise(64)],
  ['zeros', 'longblob', Buffer.alloc(size)],
  ['quotes', 'longtext', "'".repeat(size)],
  ['backslashes', 'longtext', '\\'.repeat(size)],
  ['NULs', 'longtext', '\0'.repeat(size)],
  ['four bytes each', 'longtext', '😀'.repeat(size / 4)],
  ['latin1', 'longtext character set latin1', 'é'.repeat(size / 2)],
  ['all of mediumtext', 'mediumtext', "'😀".repeat(3 * mebibyte)],
  ['a string of quotes', 'json', json("'".repeat(size - 100))],
  ['a string of emoji', 'json', json('😀'.repeat(size / 4 - 100))],
];

describe.each(versions)('large values on %s', (version) => {
  let server: TestServer;
  let connection: ApplyConnection;
  let checkpoint: Checkpoint;
  let seq = 0;

  beforeAll(async () => {
    server = await TestServer.start(version, ['--max-allowed-packet=64M']);
    connection = await ApplyConnection.open(server.options);
    ({ checkpoint } = await takeOver(connection, { pipeline: 'c.large', part: 0, lease: 5, mayCreate: true }));
  });
  afterAll(async () => {
    await connection?.close();
    await server?.stop();
  });

  async function run(text: ExactText): Promise<void> {
    seq += 1;
    if (connection.broken) connection = await ApplyConnection.open(server.options);
    const at = { ...checkpoint, logId: 'l', logEpoch: 1, seq, nextOffset: seq + 1, origin: 'a', path: ['a'] };
    const results = await connection.run(transactionText(checkpointStatement(at), text));
    expect(await differing(text, results)).toEqual([]);
  }

  test.each(cases)(
    '%s in a %s',
    async (_, type, value) => {
      const database = await server.database();
      const column = type === 'longblob' ? 'b' : 't';
      await server.run(
        `CREATE TABLE ${database}.keyed (id int primary key, ${column} ${type}); CREATE TABLE ${database}.bare (id int, ${column} ${type})`,
      );
      const keyed = await server.load(database, 'keyed');
      const bare = await server.load(database, 'bare');
      const builder = new StatementBuilder({ exact: true });
      const row: Row = { id: 1, [column]: value };
      const steps: readonly Change[] = [
        { op: 'c', before: null, after: row, ...keyed },
        { op: 'u', before: row, after: { ...row, id: 2 }, ...keyed },
        { op: 'u', before: { id: 2, [column]: value }, after: { id: 2, [column]: null }, ...keyed },
        { op: 'u', before: { id: 2, [column]: null }, after: { id: 2, [column]: value }, ...keyed },
        { op: 'c', before: null, after: row, ...bare },
        // Found by all that it is.
        { op: 'u', before: row, after: { ...row, id: 2 }, ...bare },
      ];
      const turns = countTurns();
      for (const step of steps) {
        await builder.prepare(step);
        builder.add(step);
        await run(builder.take());
      }
      expect(turns.end().longest, 'ms').toBeLessThan(5000);
      for (const name of ['keyed', 'bare']) {
        const found = await server.query(`SELECT SHA2(${utf8(column)}, 256) AS ${column} FROM ${database}.${name} WHERE id = 2`);
        expect(found, name).toEqual([digestsOf(row)]);
      }
      await server.run(`DROP DATABASE ${database}`);
    },
    240_000,
  );

  test('three of 60 MiB in one row, under a packet that takes one', async () => {
    const database = await server.database();
    await server.run(`CREATE TABLE ${database}.t (id int primary key, b longblob, b2 longblob, b3 longblob)`);
    const table = await server.load(database, 't');
    const row: Row = { id: 1, b: noise(60), b2: noise(59), b3: noise(58) };
    const builder = new StatementBuilder({ exact: true });
    builder.add({ op: 'c', before: null, after: row, ...table });
    await run(builder.take());
    builder.add({ op: 'u', before: row, after: { ...row, b3: null }, ...table });
    await run(builder.take());
    const [found] = await server.query(`SELECT SHA2(b, 256) AS b, SHA2(b2, 256) AS b2, b3 FROM ${database}.t`);
    expect(found).toEqual({ ...(digestsOf(row) as object), b3: null });
    await server.run(`DROP DATABASE ${database}`);
  }, 240_000);
});

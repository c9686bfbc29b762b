/** Events as servers write them, not as a fixture does: they are read by compiled code, to the bytes that the codec of objects makes. */
import type { Connection } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { typeCases } from '../../../../libs/binlog/src/allowlist.fixture.js';
import { collectToEnd, executed, rowsOf, writer } from '../../../../libs/binlog/src/reading.fixture.js';
import { mysqlServer } from '../../../../test/servers/index.js';
import { byCode, byObjects, eventOf, newEncoder } from './compiled-rows.fixture.js';

/** The bits of an event for columns come in whole bytes: what stands in the rest of the last one is the server's choice. */
const widths = [1, 2, 7, 8, 9, 15, 16, 17, 64, 65];

/** Of MariaDB's binlog their types cannot be told, or they are texts there. */
const notOfMariadb = /^(?:BINARY|VARBINARY|JSON|VECTOR|GEOMETRY|POINT)/;

describe.each(['8.0', '9.7', 'mariadb-11.4'] as const)('%s', (version) => {
  const isMariadb = version.startsWith('mariadb');
  const server = mysqlServer({ version, serverId: 1, extra: ['--max-allowed-packet=64M'] });
  let connection: Connection;

  beforeAll(async () => {
    await server.start();
    connection = await writer(server);
    await connection.query('CREATE DATABASE code CHARACTER SET utf8mb4; USE code');
  });
  afterAll(async () => {
    connection?.destroy();
    await server.stop();
  });

  it('tables of any number of columns', async () => {
    const start = await executed(server);
    for (const width of widths) {
      const columns = Array.from({ length: width }, (_, i) => `c${i}`);
      const ones = columns.map((_, i) => i).join(', ');
      await connection.query(`CREATE TABLE w${width} (${columns.map((name) => `${name} INT`).join(', ')}, PRIMARY KEY (c0))`);
      await connection.query(`INSERT INTO w${width} VALUES (${ones}), (1${', NULL'.repeat(width - 1)})`);
      await connection.query(`UPDATE w${width} SET c0 = c0 + 10; DELETE FROM w${width}`);
    }
    const items = rowsOf(await collectToEnd(server, start));
    expect(items).toHaveLength(3 * widths.length);
    const encoder = newEncoder();
    for (const item of items) {
      const prepared = await encoder.prepare(item.table);
      const event = eventOf({ schema: item.table }, item.op, 1);
      const found = item.images ? byCode(prepared, event, item.images) : null;
      const objects = item.rows.map((image, i) => byObjects(prepared, event, image, i) ?? Buffer.alloc(0));
      expect([item.table.name, item.op, found?.rows, found?.records]).toEqual([item.table.name, item.op, 2, Buffer.concat(objects)]);
    }
  });

  it('values of each type, at their edges', async () => {
    const start = await executed(server);
    const cases = typeCases.filter(({ definition }) => !(isMariadb && notOfMariadb.test(definition)));
    for (const [i, { definition, values }] of cases.entries()) {
      const usable = isMariadb ? values.filter((value) => !/CAST\(.* AS (JSON|UNSIGNED|SIGNED)\)|\[{33}/.test(value)) : values;
      const rows = ['NULL', ...usable].map((value, id) => `(${id}, ${value})`).join(', ');
      await connection.query(`CREATE TABLE t${i} (id INT PRIMARY KEY, v ${definition}); INSERT INTO t${i} VALUES ${rows}`);
      await connection.query(`UPDATE t${i} SET id = id + 1000`);
    }
    const encoder = newEncoder();
    let whole = 0;
    const items = rowsOf(await collectToEnd(server, start)).filter(({ table }) => table.name.startsWith('t'));
    for (const { table, op, images, rows } of items) {
      const prepared = await encoder.prepare(table);
      const event = eventOf({ schema: table }, op, 1);
      if (!images) continue;
      const found = byCode(prepared, event, images);
      const objects = rows.slice(0, found.rows).map((image, i) => byObjects(prepared, event, image, i) ?? Buffer.alloc(0));
      const of = [cases[Number(table.name.slice(1))]?.definition, op];
      expect([...of, found.records.toString('hex')]).toEqual([...of, Buffer.concat(objects).toString('hex')]);
      if (found.rows === rows.length) whole += 1;
    }
    expect(whole / items.length).toBeGreaterThan(0.5);
  });
});

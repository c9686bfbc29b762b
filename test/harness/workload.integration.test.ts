/** The workload counts what it commits and the comparison sees what differs: shown with the server's own replication in between. */
import { createConnection, type Connection, type ConnectionOptions, type RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { mysqlServer, type MysqlServer } from '../servers/index.js';
import { compareDatabases } from './compare.js';
import { createShop, shopDatabase, shopTables } from './shop.js';
import { keySpaceOptions } from './sides.js';
import { TransferReader } from './transfer-reader.js';
import { startWorkload } from './workload.js';

const servers = {
  a: mysqlServer({ version: '9.7', serverId: 1, name: 'a', extra: keySpaceOptions('a') }),
  b: mysqlServer({ version: '9.7', serverId: 2, name: 'b', extra: keySpaceOptions('b') }),
};
const at = ({ host, port, user, password }: MysqlServer): ConnectionOptions => ({ host, port, user, password });
const admin: { a?: Connection; b?: Connection } = {};

async function on(side: 'a' | 'b', sql: string): Promise<RowDataPacket[]> {
  const connection = (admin[side] ??= await createConnection(at(servers[side])));
  return (await connection.query<RowDataPacket[]>(sql))[0];
}

beforeAll(async () => {
  await Promise.all([servers.a.start(), servers.b.start()]);
  const { port, user } = servers.a;
  await on(
    'b',
    `CHANGE REPLICATION SOURCE TO SOURCE_HOST='127.0.0.1', SOURCE_PORT=${port}, SOURCE_USER='${user}', SOURCE_AUTO_POSITION=1, SOURCE_CONNECT_RETRY=1, GET_SOURCE_PUBLIC_KEY=1`,
  );
  await on('b', 'START REPLICA');
  await createShop(await createConnection(at(servers.a)));
});
afterAll(() => Promise.all([admin.a?.end(), admin.b?.end(), servers.a.stop(), servers.b.stop()]));

async function caughtUp(): Promise<void> {
  const [[executed]] = [await on('a', 'SELECT @@GLOBAL.gtid_executed gtid')];
  const [[waited]] = [await on('b', `SELECT WAIT_FOR_EXECUTED_GTID_SET('${executed?.['gtid'] as string}', 60) late`)];
  expect(waited?.['late']).toBe(0);
}

test('what the writers count is what is there, on both servers, over a killed server', async () => {
  await caughtUp();
  const workloads = [1, 2].map((seed) => startWorkload({ side: 'a', connection: at(servers.a), seed, writers: 3 }));
  const reader = new TransferReader(at(servers.b));
  const committed = (): number => workloads.reduce((sum, { totals }) => sum + totals.transactions, 0);
  await expect.poll(committed, { timeout: 60_000 }).toBeGreaterThan(500);
  await admin.a?.end().catch(() => undefined);
  delete admin.a;
  await servers.a.kill();
  await servers.a.restart();
  const atRestart = committed();
  await expect.poll(committed, { timeout: 60_000 }).toBeGreaterThan(atRestart + 1000);
  const totals = await Promise.all(workloads.map((workload) => workload.stop()));
  await caughtUp();
  const report = await reader.stop();
  expect(report.wrong).toEqual([]);
  expect(report.reads).toBeGreaterThan(0);

  const wrong: string[] = [];
  for (const table of shopTables) {
    const [row] = await on('a', `SELECT COUNT(*) n FROM ${shopDatabase}.${table}`);
    const certain = totals.reduce(
      (sum, { tables }) => sum + (tables[table]?.c ?? 0) - (tables[table]?.d ?? 0),
      table === 'accounts' ? 40 : 0,
    );
    const doubt = totals.flatMap(({ unknown }) => unknown).reduce((sum, tally) => sum + (tally[table]?.c ?? 0) + (tally[table]?.d ?? 0), 0);
    const off = Math.abs((row?.['n'] as number) - certain);
    if (off > doubt) wrong.push(`${table} is off by ${off}, in doubt are ${doubt}`);
  }
  expect(wrong).toEqual([]);
  expect(totals.every(({ rolledBack, reconnects }) => rolledBack > 0 && reconnects > 0)).toBe(true);
  expect(await compareDatabases({ a: at(servers.a), b: at(servers.b), databases: [shopDatabase] })).toMatchObject({
    tables: 9,
    differing: 0,
  });
});

test('every kind of difference is named with its table, key and columns', async () => {
  await on('a', `INSERT INTO ${shopDatabase}.counters VALUES ('x', 1), ('y', 1), ('z', 1)`);
  await on('a', `INSERT INTO ${shopDatabase}.customers (id, email, name, joined) VALUES (1000001, 'a@b.c', 'é', '2020-01-01')`);
  await on(
    'a',
    `INSERT INTO ${shopDatabase}.samples (id, small, unsigned_big, bits, fixed, single_float, touched) VALUES (-1, 0, 0, 5, 'a', 0.1, '2020-01-01 00:00:00.000001')`,
  );
  await on('a', `DELETE FROM ${shopDatabase}.events_nokey`);
  for (let n = 0; n < 3; n++) await on('a', `INSERT INTO ${shopDatabase}.events_nokey (side, kind, at) VALUES ('a', 'twin', '2020-01-01')`);
  await caughtUp();
  await on('b', 'SET SESSION sql_log_bin = 0');
  await on('b', `DELETE FROM ${shopDatabase}.counters WHERE name = 'x'`);
  await on('b', `UPDATE ${shopDatabase}.counters SET n = 2 WHERE name = 'y'`);
  await on('b', `INSERT INTO ${shopDatabase}.counters VALUES ('w', 1)`);
  await on('b', `UPDATE ${shopDatabase}.customers SET name = 'e\\u0301', email = 'A@b.c' WHERE id = 1000001`);
  await on('b', `UPDATE ${shopDatabase}.samples SET single_float = 0.10000001, touched = '2020-01-01 00:00:00.000002' WHERE id = -1`);
  await on('b', `DELETE FROM ${shopDatabase}.events_nokey LIMIT 1`);
  await on('b', `CREATE TABLE ${shopDatabase}.stranger (id INT)`);
  await on('b', `ALTER TABLE ${shopDatabase}.bulk ADD COLUMN more INT`);

  const { differences, differing } = await compareDatabases({ a: at(servers.a), b: at(servers.b), databases: [shopDatabase] });
  const told = differences.map(({ table, kind, key, columns }) =>
    [table.replace('shop.', ''), kind, table.endsWith('nokey') ? '' : key, columns.join()].join('|'),
  );
  expect(told.sort()).toEqual([
    'bulk|columns differ||',
    'counters|different|name=y|n',
    'counters|missing on a|name=w|',
    'counters|missing on b|name=x|',
    'customers|different|id=1000001|email,name',
    'events_nokey|missing on b||',
    'samples|different|id=-1|single_float,touched',
    'stranger|table missing on a||',
  ]);
  expect(differing).toBe(8);
});

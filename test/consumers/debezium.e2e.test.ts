/**
 * Debezium's own consumers take Lutra's envelope for Debezium's: its JDBC sink, with and without ExtractNewRecordState, writes a topic into
 * a third database. docs/05-consumers.md has from here what is equal there and what is not.
 */
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { keptStack, leaveStack } from '../accidents/kept-stack.js';
import { type OneWay, openOneWay, until } from '../accidents/one-way.js';
import { compareDatabases, type Stack, withAdministrator } from '../harness/index.js';
import { asAdministrator } from '../harness/endpoint-setup.js';
import { mysqlServer, prepare } from '../servers/index.js';
import { connectClassPath } from './connect-packages.js';
import { rowsOf, sinkHolds, startSink, typesOf } from './debezium-sink.js';
import { createTable, manyRows, orchard, statements, typesOfSink } from './known-table.js';

let stack: Stack;
const third = mysqlServer({ version: '9.7', serverId: 3, name: 'mysql-third' });
beforeAll(async () => {
  await Promise.all([prepare(['mysql-9.7']), connectClassPath()]);
  [stack] = await Promise.all([keptStack(), third.start()]);
}, 600_000);
afterAll(() => third.stop());
afterAll(leaveStack);

/** A topic of its own with changes of these tables; in the third server only the first of them is there. */
async function topicOf(first: string, ...others: readonly string[]): Promise<OneWay> {
  const way = await openOneWay(stack, { start: false });
  const create = (table: string): string => createTable.replace(`${orchard}.trees`, `${way.database}.${table}`);
  for (const end of ['atSource', 'atTarget'] as const) {
    await way[end]('DROP TABLE t');
    for (const table of [first, ...others]) await way[end](create(table));
  }
  await withAdministrator(third, (connection) => connection.query(`CREATE DATABASE ${way.database}; ${create(first)}`));
  await way.start();
  await way.runs();
  await withAdministrator(stack.mysql.a, async (connection) => {
    for (const sql of statements) await connection.query(sql.replace(`${orchard}.trees`, `${way.database}.${first}`));
    for (const table of [first, ...others]) for (const sql of manyRows(`${way.database}.${table}`)) await connection.query(sql);
  });
  return way;
}

async function differences({ database }: OneWay, table: string): Promise<readonly object[]> {
  const servers = { a: asAdministrator(stack.mysql.a), b: asAdministrator(third) };
  const { differences: all } = await compareDatabases({ ...servers, databases: [database] });
  return all.filter((difference) => difference.table === `${database}.${table}`);
}

describe("Debezium's JDBC sink in Kafka Connect", () => {
  it('takes the envelope as it is: a table that is there becomes equal in every type, one that is not is made', async () => {
    const way = await topicOf('trees', 'made');
    const { topic, database } = way;
    const sink = await startSink(stack, { configuration: 'envelope', topic, target: third, database });
    onTestFinished(() => sink.stop());
    const at = { source: stack.mysql.a, target: third };
    await sinkHolds(sink, `${database}.trees`, at);
    expect(await differences(way, 'trees')).toEqual([]);
    await sinkHolds(sink, `${database}.made`, at);
    expect(await typesOf(third, database, 'made')).toEqual(typesOfSink);

    // Debezium's own connector would delete the old row first; the docs say so.
    await way.atSource('UPDATE made SET id = 1 WHERE id = -1');
    const ids = async (): Promise<readonly number[]> =>
      (await rowsOf(third, `${database}.made`)).map((row) => Number((row as { id: string }).id));
    expect(await until(async () => ((await ids()).includes(1) ? ids() : undefined))).toContain(-1);
  }, 400_000);

  it("takes rows that Debezium's ExtractNewRecordState made of the envelopes", async () => {
    const way = await topicOf('trees');
    const { topic, database } = way;
    const sink = await startSink(stack, { configuration: 'unwrapped', topic, target: third, database, table: 'trees' });
    onTestFinished(() => sink.stop());
    await sinkHolds(sink, `${database}.trees`, { source: stack.mysql.a, target: third });
    expect(await differences(way, 'trees')).toEqual([]);
  }, 400_000);
});

/**
 * Disks that are full, at the target and at Kafka, and a source that leaves our own table out of its binlog: who is hit says so and waits,
 * nothing is lost or doubled or sent back, and the work goes on when the cause is fixed.
 */
import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, onTestFailed } from 'vitest';
import { prepareEndpoint, type Stack } from '../harness/index.js';
import { mysqlServer } from '../servers/index.js';
import { keptStack, leaveStack } from './kept-stack.js';
import { openOneWay, until } from './one-way.js';
import type { OneWay, OneWayOptions } from './one-way.js';

/** All tables in one file that may not grow. */
const small = mysqlServer({
  version: '9.7',
  serverId: 4,
  name: 'mysql-small',
  extra: ['--innodb-file-per-table=OFF', '--innodb-data-file-path=ibdata1:12M:autoextend:max:24M'],
});
const filters = ['--binlog-do-db=shop'];
const filtered = mysqlServer({ version: '9.7', serverId: 3, name: 'mysql-filtered', extra: filters });
let stack: Stack;
beforeAll(async () => {
  const starting = [small, filtered].map((server) => server.start());
  stack = await keptStack();
  await Promise.all(starting);
  await Promise.all([small, filtered].map(prepareEndpoint));
}, 240_000);
afterAll(() => Promise.all([small.stop(), filtered.stop()]));
afterAll(leaveStack); // it runs first, while their channels have both ends

async function openWay(options: OneWayOptions = {}): Promise<OneWay> {
  const way = await openOneWay(stack, options);
  onTestFailed(async () => console.error(way.name, JSON.stringify(await way.status(), null, 1), await stack.saveLogs()));
  if (options.start === false) return way;
  await way.write(1);
  await way.arrives();
  const pictures = 'CREATE TABLE pictures (id INT PRIMARY KEY, picture LONGTEXT)';
  await way.atSource(pictures);
  await way.atTarget(pictures);
  return way;
}

/** Transactions of one picture of 60 kB each, which nothing compresses well. */
async function writePictures(way: OneWay, count: number): Promise<void> {
  const noise = (): string => crypto.getRandomValues(Buffer.alloc(30_000)).toString('hex');
  await way.atSource(Array.from({ length: count }, (_, id) => `INSERT INTO pictures VALUES (${id}, '${noise()}')`).join('; '));
}

describe('the target', () => {
  it('without room makes the loader wait; when there is some it goes on by itself', async () => {
    const way = await openWay({ servers: { target: small } });
    await way.atTarget('CREATE TABLE filler (id INT AUTO_INCREMENT PRIMARY KEY, v LONGTEXT)');
    for (const bytes of [500_000, 60_000, 15_000, 2_000]) {
      const insert = `INSERT INTO filler (v) VALUES (REPEAT('x', ${bytes}))`;
      const isFull = await until(() =>
        way.atTarget(insert).then(
          () => undefined,
          (error: unknown) => (error as { errno?: number }).errno,
        ),
      );
      expect(isFull).toBe(1114);
    }
    await writePictures(way, 40);
    await way.fails('loader', 'TARGET_FULL');
    expect(await way.targetIds()).toEqual([1]);
    await way.atTarget('DROP TABLE filler');
    await way.arrives('pictures');
    await way.close();
  });
});

describe("Kafka's disk", () => {
  it('full: capture waits; when there is room everything arrives once', async () => {
    const way = await openWay();
    const { pid, logFile = '' } = stack.kafka;
    const { size } = await stat(join(dirname(logFile), 'data', `${way.topic}-0`, `${'0'.repeat(20)}.log`));
    // As a full disk does, it makes the broker's writes fail, in the middle of one perhaps.
    await promisify(execFile)('prlimit', ['--pid', String(pid), `--fsize=${size + 200_000}`]);
    try {
      await writePictures(way, 20);
      await way.fails('capture', 'KAFKA_UNAVAILABLE');
      expect((await way.atTarget('SELECT id FROM pictures')).length).toBeLessThan(20);
    } finally {
      await stack.kafka.restart(); // the limit was of that process
    }
    await way.arrives('pictures');
    await way.write(2);
    await way.arrives();
    await way.close();
  });
});

describe('a source that is a target too, whose binlog leaves out lutra', () => {
  it('publishes nothing, although the start was forced; without the filter it works both ways', async () => {
    const way = await openWay({ servers: { source: filtered }, start: false });
    const [forth, back] = [
      { name: 'rows', ...way.endpoints, routes: [{ schema: way.database }] },
      { name: 'back', source: way.endpoints.target, target: way.endpoints.source, routes: [{ schema: way.database }] },
    ];
    await way.change(`channels/${way.name}`, { pipelines: [forth, back] });
    await way.start({ force: true });
    await way.fails('capture', 'SOURCE_SETTINGS');
    // What comes from the other side waits, too: nobody could tell which rows were changed here meanwhile.
    await way.atTarget("INSERT INTO t VALUES (1, 'from the other side')");
    await way.write(2);
    expect(await way.targetIds()).toEqual([1]);
    filters.pop();
    await filtered.restart();
    await way.act('retry');
    await way.runs();
    expect(await until(async () => (await way.atSource('SELECT id FROM t WHERE id = 1'))[0])).toBeDefined();
    await way.write(3);
    expect(await until(async () => ((await way.targetIds()).includes(3) ? true : undefined))).toBe(true);
    await way.atTarget("UPDATE t SET v = 'changed' WHERE id = 3");
    expect(await until(async () => (await way.atSource("SELECT id FROM t WHERE id = 3 AND v = 'changed'"))[0])).toBeDefined();
    await way.close();
  });
});

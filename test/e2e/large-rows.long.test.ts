/**
 * Rows of 60 MiB through the whole product, one way: they arrive to the byte, in the memory that docs/02-setup.md says, whatever is in them
 * and however many a transaction has.
 */
import { afterAll, beforeAll, describe, expect, it, onTestFailed } from 'vitest';
import { openOneWay, until } from '../accidents/one-way.js';
import type { OneWay } from '../accidents/one-way.js';
import { startStack } from '../scenarios/index.js';
import type { Stack } from '../scenarios/index.js';
import { watchMemory } from './shop-stack.js';

const mebibyte = 2 ** 20;
const packet = 64 * mebibyte;
const maxMessageBytes = 134_742_016;
const columns = 'id, n, SHA2(b, 256) AS b, SHA2(t, 256) AS t';

/** Bytes that no compression makes smaller. */
function noise(mebibytes: number): string {
  const rows = `WITH RECURSIVE s (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s WHERE i < ${mebibytes * 1024}) SELECT i FROM s`;
  return `(SELECT GROUP_CONCAT(RANDOM_BYTES(1024) SEPARATOR '') FROM (${rows}) AS k)`;
}

const session = `SET SESSION group_concat_max_len = ${packet}, cte_max_recursion_depth = 1000000`;

describe('rows of 60 MiB', () => {
  let stack: Stack;
  let way: OneWay;
  beforeAll(async () => {
    stack = await startStack({
      mysql: '9.7',
      mysqlExtra: [`--max-allowed-packet=${packet}`, '--innodb-redo-log-capacity=1G'],
      kafkaExtra: { 'socket.request.max.bytes': '146800640' },
    });
    way = await openOneWay(stack, { source: { topic: { maxMessageBytes } } });
    for (const side of ['atSource', 'atTarget'] as const)
      await way[side]('CREATE TABLE l (id INT PRIMARY KEY, b LONGBLOB, t LONGTEXT, n INT)');
  }, 240_000);
  afterAll(() => stack?.stop());

  async function arrives(where: string): Promise<void> {
    const rows = `SELECT ${columns} FROM l WHERE ${where} ORDER BY id`;
    const wanted = JSON.stringify(await way.atSource(rows));
    const there = await until(async () => (JSON.stringify(await way.atTarget(rows)) === wanted ? true : undefined), 600_000);
    if (!there) expect({ status: await way.status(), target: await way.atTarget(rows) }).toEqual(wanted);
  }

  it.each([
    ['noise', 1, `INSERT INTO l VALUES (1, ${noise(60)}, NULL, 1)`],
    ['quotes', 2, `INSERT INTO l VALUES (2, NULL, REPEAT('''', ${60 * mebibyte}), 1)`],
    ['four bytes each', 3, `INSERT INTO l VALUES (3, NULL, REPEAT('😀', ${15 * mebibyte}), 1)`],
    ['both images of an update', 1, 'UPDATE l SET n = 2 WHERE id = 1'],
    [
      'twenty of 30 MiB in one transaction',
      100,
      `BEGIN; ${Array.from({ length: 20 }, (_, i) => `INSERT INTO l VALUES (${100 + i}, ${noise(30)}, NULL, 1)`).join('; ')}; COMMIT`,
    ],
    [
      'texts that are small when compressed',
      200,
      `BEGIN; ${Array.from({ length: 20 }, (_, i) => `INSERT INTO l VALUES (${200 + i}, NULL, REPEAT('\\\\', ${30 * mebibyte}), 1)`).join('; ')}; COMMIT`,
    ],
  ])('%s', { timeout: 900_000 }, async (_, from, sql) => {
    onTestFailed(async () => console.error(await stack.report()));
    const memory = watchMemory([stack.capture.a, stack.loader.b]);
    await way.atSource(`${session}; ${sql}`);
    await arrives(`id BETWEEN ${from} AND ${from + 19}`);
    const peaks = await memory.stop();
    expect(peaks[stack.capture.a.name]).toBeLessThan(8 * 2 * 60 * mebibyte + 200e6);
    expect(peaks[stack.loader.b.name]).toBeLessThan(5 * 2 * 60 * mebibyte + 200e6);
  });
});

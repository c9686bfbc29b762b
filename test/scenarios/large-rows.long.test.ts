/**
 * Rows of 60 MiB through the whole product, one way: they arrive to the byte, in the memory that docs/02-setup.md says, and no turn of an
 * event loop takes longer than it says there, whatever is in them and however many a transaction has.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFailed } from 'vitest';
import { openOneWay, until } from '../accidents/one-way.js';
import type { OneWay } from '../accidents/one-way.js';
import { startStack } from '../harness/index.js';
import type { Stack } from '../harness/index.js';
import { watchMemory } from './shop-stack.js';

const mebibyte = 2 ** 20;
const packet = 64 * mebibyte;
const maxMessageBytes = 134_742_016;
const columns = 'id, n, SHA2(b, 256) AS b, SHA2(t, 256) AS t, SHA2(CAST(j AS CHAR), 256) AS j';

/** Bytes that no compression makes smaller. */
function noise(mebibytes: number): string {
  const rows = `WITH RECURSIVE s (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s WHERE i < ${mebibytes * 1024}) SELECT i FROM s`;
  return `(SELECT GROUP_CONCAT(RANDOM_BYTES(1024) SEPARATOR '') FROM (${rows}) AS k)`;
}

const session = `SET SESSION group_concat_max_len = ${packet}, cte_max_recursion_depth = 2000000`;

/**
 * In ms of CPU, as docs/02-setup.md has it: of a row up to 64 MiB. The Kafka client puts each request and answer of a larger record
 * together.
 */
const longestTurnMs = 100;
const longestOfRecordMs = 200;
const preload = new URL('turn-watch.mjs', import.meta.url).href;

/** A document of so many elements. */
function documentOf(element: string, count: number): string {
  const rows = `WITH RECURSIVE s (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s WHERE i < ${count}) SELECT i FROM s`;
  return `(SELECT JSON_ARRAYAGG(${element}) FROM (${rows}) AS k)`;
}

describe('rows of 60 MiB', () => {
  let turns: string;
  let stack: Stack;
  let way: OneWay;
  beforeAll(async () => {
    turns = await mkdtemp(join(tmpdir(), 'lutra-turns-'));
    stack = await startStack({
      environment: { NODE_OPTIONS: `--import=${preload}`, TURNS_FOLDER: turns },
      mysql: '9.7',
      mysqlExtra: [`--max-allowed-packet=${packet}`, '--innodb-redo-log-capacity=1G'],
      kafkaExtra: { 'socket.request.max.bytes': '146800640' },
    });
    way = await openOneWay(stack, { source: { topic: { maxMessageBytes } } });
    for (const side of ['atSource', 'atTarget'] as const)
      await way[side]('CREATE TABLE l (id INT PRIMARY KEY, b LONGBLOB, t LONGTEXT, n INT, j JSON)');
  }, 240_000);
  afterAll(async () => {
    await stack?.stop();
    await rm(turns, { recursive: true, force: true });
  });

  /** Of the app, in ms of CPU, each that was long. */
  async function turnsOf(app: { readonly pid: number | undefined }): Promise<readonly number[]> {
    const text = await readFile(join(turns, String(app.pid)), 'utf8').catch(() => '');
    return text.split('\n').map(Number);
  }

  async function arrives(where: string): Promise<void> {
    const rows = `SELECT ${columns} FROM l WHERE ${where} ORDER BY id`;
    const wanted = JSON.stringify(await way.atSource(rows));
    const there = await until(async () => (JSON.stringify(await way.atTarget(rows)) === wanted ? true : undefined), 600_000);
    if (!there) expect({ status: await way.status(), target: await way.atTarget(rows) }).toEqual(wanted);
  }

  it.each([
    ['noise', 1, `INSERT INTO l VALUES (1, ${noise(60)}, NULL, 1, NULL)`],
    ['quotes', 2, `INSERT INTO l VALUES (2, NULL, REPEAT('''', ${60 * mebibyte}), 1, NULL)`],
    ['four bytes each', 3, `INSERT INTO l VALUES (3, NULL, REPEAT('😀', ${15 * mebibyte}), 1, NULL)`],
    ['a document of doubles', 4, `INSERT INTO l VALUES (4, NULL, NULL, 1, ${documentOf('i / 2e0', 2_000_000)})`],
    ['a document of decimals', 5, `INSERT INTO l VALUES (5, NULL, NULL, 1, ${documentOf('i / 10', 100_000)})`],
    ['a document of one string', 6, `INSERT INTO l VALUES (6, NULL, NULL, 1, JSON_ARRAY(REPEAT('''😀', ${10 * mebibyte})))`],
    ['both images of an update', 1, 'UPDATE l SET n = 2 WHERE id = 1'],
    [
      'twenty of 30 MiB in one transaction',
      100,
      `BEGIN; ${Array.from({ length: 20 }, (_, i) => `INSERT INTO l VALUES (${100 + i}, ${noise(30)}, NULL, 1, NULL)`).join('; ')}; COMMIT`,
    ],
    [
      'texts that are small when compressed',
      200,
      `BEGIN; ${Array.from({ length: 20 }, (_, i) => `INSERT INTO l VALUES (${200 + i}, NULL, REPEAT('\\\\', ${30 * mebibyte}), 1, NULL)`).join('; ')}; COMMIT`,
    ],
  ])('%s', { timeout: 900_000 }, async (_, from, sql) => {
    onTestFailed(async () => console.error(await stack.report()));
    const memory = watchMemory([stack.capture.a, stack.loader.b]);
    const before = await Promise.all([turnsOf(stack.capture.a), turnsOf(stack.loader.b)]);
    await way.atSource(`${session}; ${sql}`);
    await arrives(`id BETWEEN ${from} AND ${from + 19}`);
    const peaks = await memory.stop();
    expect(peaks[stack.capture.a.name]).toBeLessThan(8 * 2 * 60 * mebibyte + 200e6);
    expect(peaks[stack.loader.b.name]).toBeLessThan(5 * 2 * 60 * mebibyte + 200e6);
    const after = await Promise.all([turnsOf(stack.capture.a), turnsOf(stack.loader.b)]);
    const [capture = 0, loader = 0] = after.map((turns, i) => Math.max(0, ...turns.slice((before[i]?.length ?? 1) - 1)));
    const longest = from === 1 && sql.startsWith('UPDATE') ? longestOfRecordMs : longestTurnMs;
    expect({ turn: Math.max(capture, loader), capture, loader }).toMatchObject({ turn: expect.toSatisfy((ms) => ms <= longest) });
  });
});

/**
 * What is slower than the source: a target that stands still, a Kafka that answers late or is not heard, a burst. Nobody gathers in memory
 * what the next one does not take; nothing is restarted that need not be; everything arrives once.
 *
 * LUTRA_STANDSTILL_S: seconds for which the target stands still under load (5), with a line every 10 s about who holds how much memory.
 * LUTRA_BURST: how many times 40 MB of large rows and 40,000 small ones come at once (1).
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, onTestFailed } from 'vitest';
import { Network } from '../network/index.js';
import { type AppProcess, type Stack, startStack } from '../harness/index.js';
import { openOneWay, until } from './one-way.js';
import type { OneWay } from './one-way.js';

/** How long a request to Kafka waits for its answer, as in libs/bus. */
const kafkaRequestMs = 20_000;
const standstillMs = Number(process.env['LUTRA_STANDSTILL_S'] ?? 5) * 1000;
const burst = Number(process.env['LUTRA_BURST'] ?? 1);
const mostBytes = 300 * 1024 * 1024;
const lateMs = 120_000 * burst + standstillMs;

let stack: Stack;
let network: Network;
beforeAll(async () => {
  network = await Network.open();
  stack = await startStack({ mysql: '9.7', network });
}, 240_000);
afterAll(async () => {
  await stack?.stop();
  await network?.close();
});

async function openWay(): Promise<OneWay> {
  const way = await openOneWay(stack);
  onTestFailed(async () => console.error(way.name, JSON.stringify(await way.status(), null, 1), await stack.saveLogs()));
  const table = 'CREATE TABLE pictures (id BIGINT AUTO_INCREMENT PRIMARY KEY, picture LONGTEXT)';
  await way.atSource(table);
  await way.atTarget(table);
  await way.write(1);
  await way.arrives();
  return way;
}

/** Transactions of many small rows, from this id on. */
async function writeSmall(way: OneWay, first: number, { transactions, rows }: { transactions: number; rows: number }): Promise<void> {
  for (let at = first; at < first + transactions * rows; at += rows) await way.write(...Array.from({ length: rows }, (_, row) => at + row));
}

/** Transactions of one row of a megabyte each. */
async function writeLarge(way: OneWay, count: number): Promise<void> {
  for (let n = 0; n < count; n += 1) {
    const noise = randomBytes(500_000 - (n % 10)).toString('hex');
    await way.atSource(`INSERT INTO pictures (picture) VALUES ('${noise}')`);
  }
}

/** Same number, same sum over all rows: comparing them one by one would take the test longer than the product. */
async function allArrive(way: OneWay): Promise<void> {
  const sums = `SELECT (SELECT CONCAT(COUNT(*), ' ', COALESCE(SUM(CRC32(CONCAT(id, ' ', v))), 0)) FROM t) AS t,
    (SELECT CONCAT(COUNT(*), ' ', COALESCE(SUM(CRC32(picture)), 0)) FROM pictures) AS pictures`;
  const wanted = JSON.stringify(await way.atSource(sums));
  await until(async () => (JSON.stringify(await way.atTarget(sums)) === wanted ? true : undefined), lateMs);
  expect(JSON.stringify(await way.atTarget(sums))).toBe(wanted);
}

/** The most that each app held while something went on. */
async function watched(work: () => Promise<unknown>): Promise<Readonly<Record<string, number>>> {
  const apps: readonly AppProcess[] = [stack.capture.a, stack.loader.b];
  const most: Record<string, number> = {};
  const ended = new AbortController();
  const watching = (async () => {
    for (let saidAt = Date.now(); !ended.signal.aborted; await sleep(200)) {
      const held = await Promise.all(apps.map((app) => app.rssBytes()));
      for (const [index, { name }] of apps.entries()) most[name] = Math.max(most[name] ?? 0, held[index] ?? 0);
      if (Date.now() - saidAt < 10_000) continue;
      saidAt = Date.now();
      console.log(`memory: ${apps.map(({ name }, index) => `${name} ${megabytes(held[index] ?? 0)} MB`).join(', ')}`);
    }
  })();
  try {
    await work();
  } finally {
    ended.abort();
    await watching;
  }
  for (const [name, bytes] of Object.entries(most)) expect(megabytes(bytes), `MB of ${name}`).toBeLessThan(megabytes(mostBytes));
  return most;
}

function megabytes(bytes: number): number {
  return Math.round(bytes / 1024 / 1024);
}

/** Who works, and under which leadership. */
async function identity(way: OneWay): Promise<unknown> {
  const { source } = await way.status();
  return { epoch: source.worker?.epoch, processes: stack.apps.map(({ pid }) => pid) };
}

describe('a target that stands still', () => {
  it(
    'keeps the loader waiting and nobody else; memory stays flat, and all arrives when it goes on',
    async () => {
      const way = await openWay();
      const before = await identity(way);
      const start = await stack.loader.b.rssBytes();
      const most = await watched(async () => {
        stack.mysql.b.freeze();
        try {
          const begun = Date.now();
          await writeLarge(way, 20);
          for (let id = 1000; Date.now() - begun < standstillMs; id += 500) {
            await writeSmall(way, id, { transactions: 5, rows: 100 });
            await sleep(300);
          }
          // Capture has published all of it meanwhile.
          const [counted] = await way.atSource('SELECT (SELECT COUNT(*) FROM t) + (SELECT COUNT(*) FROM pictures) AS n');
          const published = async (): Promise<number> => (await way.end('capture')).worker?.rows ?? 0;
          await until(async () => ((await published()) >= Number(counted?.['n']) ? true : undefined));
          expect(await published()).toBe(Number(counted?.['n']));
        } finally {
          stack.mysql.b.resume();
        }
      });
      expect(megabytes((most[stack.loader.b.name] ?? 0) - start), 'MB that the loader gathered').toBeLessThan(80);
      await allArrive(way);
      expect(await identity(way)).toEqual(before);
      await way.close();
    },
    240_000 + 2 * standstillMs,
  );
});

describe('Kafka', () => {
  it('silent for longer than the source waits for a reader: capture keeps its connection and loses nothing', async () => {
    const way = await openWay();
    await way.atSource('SET GLOBAL net_write_timeout = 2');
    try {
      await way.cutConnections('a'); // sessions begin with the global value
      await way.write(2);
      await way.arrives();
      const before = await identity(way);
      const heldAt = performance.now();
      const heal = network.disturb('kafka', { kind: 'hold', who: (name) => name === stack.capture.a.name });
      try {
        await writeLarge(way, 40); // more than all buffers on the way hold
        await sleep(5_000);
      } finally {
        heal();
      }
      const heldMs = performance.now() - heldAt;
      await allArrive(way);
      // A silence longer than a request to Kafka waits ends the leadership, and should: a busy machine can take that long to write.
      if (heldMs < kafkaRequestMs / 2) expect(await identity(way)).toEqual(before);
    } finally {
      await way.atSource('SET GLOBAL net_write_timeout = 60');
    }
    await way.close();
  });

  it('that hears and is not heard: capture and loader wait, and nothing is there twice', async () => {
    const way = await openWay();
    const heal = network.disturb('kafka', { kind: 'deaf', who: (name) => name === stack.capture.a.name || name === stack.loader.b.name });
    try {
      await writeSmall(way, 100, { transactions: 20, rows: 10 });
      await way.fails('capture', 'KAFKA_UNAVAILABLE');
      await way.fails('loader', 'KAFKA_UNAVAILABLE');
    } finally {
      heal();
    }
    await allArrive(way);
    await way.close();
  });

  it(
    'slow, and a burst: memory stays within its bound, and all arrives',
    async () => {
      const way = await openWay();
      const before = await identity(way);
      await watched(async () => {
        const heal = network.disturb('kafka', { kind: 'slow', delayMs: 60, who: (name) => name !== undefined });
        try {
          await writeLarge(way, 40 * burst);
          await writeSmall(way, 1000, { transactions: 40 * burst, rows: 1000 });
        } finally {
          heal();
        }
        await allArrive(way);
      });
      expect(await identity(way)).toEqual(before);
      await way.close();
    },
    120_000 * (burst + 1),
  );
});

/**
 * Both databases are written to, each row by one side only, by a random mix of everything that breaks naive replication; then both must be
 * equal, nothing may have gone round, and nobody may have seen half a transaction. Side a is MySQL 9.7, side b is 8.0; Kafka wants SCRAM
 * over TLS, and knows a user with no more rights than docs/02-setup.md grants.
 */
import type { RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it, onTestFailed } from 'vitest';
import {
  differencesFromWritten,
  largeTransaction,
  lutraUser,
  readTopic,
  Secured,
  sides,
  startWorkload,
  TransferReader,
  withAdministrator,
} from '../harness/index.js';
import type { Side, Stack, Totals } from '../harness/index.js';
import { expectEqual, openShop, seedOf, sleep, watchMemory } from './shop-stack.js';

const seconds = 8;
const largeRows = 200_000;

/** @param largeFrom whose large transactions are carried, one after the other */
export function twoWay({ largeFrom }: { readonly largeFrom: readonly Side[] }): void {
  describe('two databases, both written to', () => {
    let stack: Stack;
    const written: Record<Side, Totals[]> = { a: [], b: [] };
    const seed = seedOf();
    const secured = new Secured();

    beforeAll(async () => {
      // As docker/compose.yaml has it: ZooKeeper is closed to everybody else.
      stack = await openShop({ mysql: '9.7', mysqlB: '8.0', environment: { ZOOKEEPER_DIGEST: 'lutra:otters hold hands' }, secured });
    }, 240_000);
    afterAll(() => stack?.stop());

    it(`are equal after a mixed workload, seed ${seed}`, { timeout: 300_000 }, async () => {
      onTestFailed(async () => console.error(await stack.report()));
      const readers = sides.map((side) => new TransferReader(stack.connection(side)));
      const workloads = sides.map((side) => startWorkload({ side, connection: stack.connection(side), seed, writers: 3 }));
      await sleep(seconds * 1000);
      for (const { totals } of workloads) await expect.poll(() => totals.transactions, { timeout: 60_000 }).toBeGreaterThan(50);
      for (const workload of workloads) written[workload.side].push(await workload.stop());
      await stack.drain(180_000);
      const reports = await Promise.all(readers.map((reader) => reader.stop()));
      await expectEqual(stack);
      for (const { reads, wrong } of reports) {
        expect(reads).toBeGreaterThan(10);
        expect(wrong, 'sums of all balances that were not the total: somebody saw half a transaction').toEqual([]);
      }
    });

    it('do not stop while the secret key is rotated, and connect again without the old one', { timeout: 300_000 }, async () => {
      onTestFailed(async () => console.error(await stack.report()));
      const epochs = async (): Promise<unknown> =>
        (await stack.api.channelStatus(stack.channel)).pipelines.map(({ source, target }) => [source.worker?.epoch, target.worker?.epoch]);
      const before = await epochs();
      const workloads = sides.map((side) => startWorkload({ side, connection: stack.connection(side), seed: seed + 1, writers: 2 }));
      secured.addKey();
      // Refused until each process has seen the file.
      const rotate = (): Promise<boolean> =>
        stack.api.request('POST', '/api/v1/secrets/rotate').then(
          () => true,
          () => false,
        );
      await expect.poll(rotate, { timeout: 60_000, interval: 500 }).toBe(true);
      const { keys } = await stack.api.request<{ keys: readonly { secrets: number }[] }>('GET', '/api/v1/secrets');
      expect(keys.map(({ secrets }) => secrets)).toEqual([4, 0]); // two endpoints, two regions
      secured.dropOldKeys();
      await sleep(2_000); // for those that would begin anew
      expect(await epochs()).toEqual(before);
      for (const side of sides) await cutConnections(stack, side);
      for (const workload of workloads) written[workload.side].push(await workload.stop());
      await stack.drain(180_000);
      await expectEqual(stack);
    });

    it('wait for a password that a file had, and go on when it has it again', { timeout: 300_000 }, async () => {
      onTestFailed(async () => console.error(await stack.report()));
      const errors = async (): Promise<readonly (string | undefined)[]> =>
        (await stack.api.channelStatus(stack.channel)).pipelines.flatMap(({ source, target }) =>
          [source, target].filter(({ endpoint }) => endpoint === stack.endpoints.b).map(({ worker }) => worker?.lastError?.code),
        );
      secured.takeDatabasePassword();
      try {
        await cutConnections(stack, 'b');
        // A loader that has nothing to write does not miss its connection yet.
        await expect.poll(errors, { timeout: 60_000, interval: 200 }).toContain('SECRET_MISSING');
      } finally {
        secured.giveDatabasePassword();
      }
      await stack.waitUntilRunning();
      await stack.drain();
    });

    it('keep a password of Kafka that works: a wrong one is refused by name before a worker gets it', async () => {
      const kafka = secured.regionOf(stack.kafka, { byReference: false });
      if (!kafka.sasl) return; // an external Kafka
      const wrong = { name: stack.regions.a, kafka: { ...kafka, sasl: { ...kafka.sasl, password: 'otters hold pikes' } } };
      const answer = await fetch(`${stack.control.url}/api/v1/regions/${stack.regions.a}`, {
        method: 'PUT',
        headers: { authorization: `Bearer ${stack.token}`, 'content-type': 'application/json', 'if-match': '*' },
        body: JSON.stringify(wrong),
      });
      const problem = { id: 'kafka-denied', what: expect.stringContaining('SASL_AUTHENTICATION_FAILED') };
      expect({ status: answer.status, body: await answer.json() }).toMatchObject({
        status: 409,
        body: { details: { problems: [problem] } },
      });
    });

    it(`carry one transaction of ${largeRows} rows whole, in less than 300 MB of memory`, { timeout: 300_000 }, async () => {
      onTestFailed(async () => console.error(await stack.report()));
      const memory = watchMemory([stack.capture.a, stack.capture.b, stack.loader.a, stack.loader.b]);
      for (const side of largeFrom) {
        const rows = await largeTransaction({ side, connection: stack.connection(side), rows: largeRows });
        written[side].push({
          transactions: 1,
          rows,
          tables: { bulk: { c: rows, u: 0, d: 0 } },
          rolledBack: 0,
          refused: 0,
          reconnects: 0,
          unknown: [],
        });
      }
      await stack.drain(180_000);
      const peaks = await memory.stop();
      await expectEqual(stack);
      for (const [name, bytes] of Object.entries(peaks)) expect(bytes / 1024 / 1024, `peak MB of ${name}`).toBeLessThan(300);
    });

    it('have in each topic exactly the rows that the side’s own writers changed: nothing goes round', { timeout: 120_000 }, async () => {
      for (const side of sides) {
        const report = await readTopic(stack, side);
        expect(report.holes).toEqual([]);
        expect(Object.keys(report.origins)).toEqual([stack.regions[side]]);
        expect(differencesFromWritten(report, written[side])).toEqual([]);
      }
    });
  });
}

/** Of Lutra's user: it must log in again. */
async function cutConnections(stack: Stack, side: Side): Promise<void> {
  await withAdministrator(stack.mysql[side], async (connection) => {
    // MySQL 8.0's information_schema.processlist refuses to be read while a statement of a writer holds a character outside utf8mb3.
    const [rows] = await connection.query<RowDataPacket[]>('SHOW PROCESSLIST');
    for (const { User: user, Id: id } of rows) if (user === lutraUser) await connection.query('KILL ?', [id]).catch(() => undefined);
  });
}
